"""The serial line's rules, what settings may be, and the recessed key."""

import json
from typing import Any

import pytest
from heartlamp.rules import recessed
from heartlamp.settings import copy, fields, lines, serial, wished
from heartlamp_tech.serial_lines import framed

CA = "-----BEGIN CERTIFICATE-----\nMIIABAAAAAA=\n-----END CERTIFICATE-----\n"  # a sequence of four bytes
SECRETS = ("5a" * 32, "correct horse", "7e" * 32, "c0" * 32)
FIELDS: dict[str, Any] = {
    "dev": "lamp0a1b", "kind": "lamp", "kv": 1, "root": SECRETS[0], "host": "10.0.0.2", "port": 8883,
    "server_name": "gwliu1.heartlamp", "ca": CA,
    "wifi": {"ssid": "village", "password": SECRETS[1]},
    "radio": {"channel": 6, "up": ["lamp0c2d"], "down": {"button01": SECRETS[2], "lamp0e3f": {"key": SECRETS[2]}}},
    "wan": {"host": "county", "port": 443, "server_name": "county", "gateway": "lamp0a1b", "token": SECRETS[3]},
    "links": ["lan", "relay", "wan"], "board": "s3-lamp", "site": "三组 7号", "lang": "zh", "consent": 1,
    "sensors": {"heat": {"fire_mc": 62000}}, "update_key": "ab" * 384,
}  # fmt: skip


def view(**more: Any) -> serial.View:
    facts: dict[str, Any] = {
        "fields": FIELDS, "why": "", "left_out": [], "about": {"board": "virtual", "mac": "02:00:00:00:00:01"},
        "held": {}, "logs": ["12 boot"], "values": [("heap_b", 90000), ("update_refused", 1)],
        "board": "", "boards": {"s3-lamp": ("lamp",), "c3-button": ("button", "silent")}, "links": {"lan": 1, "wan": 0},
    }  # fmt: skip
    return serial.View(**(facts | more))


def ask(cmd: str, seen: serial.View | None = None, **more: object) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    return serial.answer({"id": 7, "cmd": cmd, **more}, seen or view())


def refused(cmd: str, seen: serial.View | None = None, **more: object) -> serial.Refused:
    with pytest.raises(serial.Refused) as said:
        ask(cmd, seen, **more)
    assert said.value.error
    assert said.value.do
    return said.value


# --- what settings may be --------------------------------------------------------------------------------------------


def test_all_fields_that_enrolment_writes_are_good() -> None:
    fields.check(FIELDS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dev", "9lamp"), ("kind", "siren"), ("kv", 0), ("kv", True), ("root", "5a" * 31), ("host", ""), ("port", 0),
        ("server_name", None), ("ca", "MIIB"),
        ("ca", CA.replace("BAAAAAA=", "BAAA")), ("ca", CA.replace("-----END CERTIFICATE-----", "")), ("ca", "BEGIN"),
        ("kind", []), ("kind", {}), ("host", "gw\n"), ("server_name", "gw\0"), ("modem", {"apn": "net\r\nATD"}),
        ("update_key", "00" * 384), ("radio", {"channel": 14}), ("radio", {"channel": 6, "up": ["x"]}),
        ("radio", {"channel": 6, "down": {"button01": "7e"}}), ("wan", {"host": "county"}), ("wan", "county"),
        ("wifi", {"ssid": "", "password": ""}), ("wifi", {"ssid": "v", "password": "short"}), ("wifi", {"ssid": "v"}),
        ("wifi", {"ssid": "村" * 11, "password": ""}), ("links", []), ("links", ["lan", "lan"]), ("links", ["serial"]),
        ("board", "S3"), ("site", ""), ("site", "x" * 61), ("lang", "../zh"), ("consent", 2), ("consent", True),
        ("update_key", "ab"), ("sensors", {"heat": {"fire_mc": 5}}), ("sensors", 1),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused_by_its_name_and_not_by_what_was_in_it(field: str, value: object) -> None:
    with pytest.raises(fields.WrongField, match=f"field {field} is missing or wrong: it must be ") as wrong:
        fields.check(FIELDS | {field: value})
    assert wrong.value.field == field
    assert not [secret for secret in SECRETS if secret in str(wrong.value)]


def test_a_link_needs_what_it_reaches_by() -> None:
    for link in ("relay", "wan"):
        bare = {name: value for name, value in FIELDS.items() if name not in ("radio", "wan")}
        with pytest.raises(fields.WrongField, match="field links"):
            fields.check(bare | {"links": ["lan", link]})


def test_a_field_that_another_firmware_took_does_not_silence_the_device() -> None:
    kept, left_out = fields.usable(FIELDS | {"lang": "ZH!", "wifi": {"ssid": "v", "password": "x"}})
    assert left_out == ["wifi", "lang"]
    assert kept == {name: value for name, value in FIELDS.items() if name not in ("wifi", "lang")}


# --- the line --------------------------------------------------------------------------------------------------------


def test_a_line_of_the_tool_is_read_by_the_device() -> None:
    request = {"id": 1, "cmd": "provision", "settings": FIELDS}
    assert serial.read_line(framed(request)) == request
    assert serial.read_line(serial.write_line(request)) == request


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (framed({"id": 1, "cmd": "get"}).replace("get", "got"), "damaged"),
        ("x" * 8193, "longer than 8192 bytes"),
        ("村" * 3000, "longer than 8192 bytes"),
        ("nonsense", "not JSON"),
        ("", "not JSON"),
        ("[" * 4000, "not JSON"),
        ("[1]", "a whole number as id and a cmd"),
        ('{"cmd":"get"}', "a whole number as id and a cmd"),
        ('{"id":true,"cmd":"get"}', "a whole number as id and a cmd"),
        ('{"id":1,"cmd":"reset"}', "needs its CRC"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_with_a_reason(line: str, error: str) -> None:
    with pytest.raises(serial.Refused, match=error) as said:
        serial.read_line(line)
    answer = serial.refusal({}, said.value)
    assert (answer["id"], answer["ok"], bool(answer["do"])) == (0, 0, True)


def test_bytes_become_lines_and_a_line_without_end_costs_no_more_than_the_longest() -> None:
    port = lines.Lines()
    assert port.feed(b'\r\n\n{"id":1') == []
    assert port.feed(b',"cmd":"get"}\r\n\xff\xfe\nx') == ['{"id":1,"cmd":"get"}', "?"]
    assert [len(line) for line in port.feed(b"y" * 20_000 + b"\n")] == [lines.MOST]
    with pytest.raises(serial.Refused, match="longer than"):
        serial.read_line("y" * lines.MOST)


# --- the commands ----------------------------------------------------------------------------------------------------


def test_no_answer_to_any_command_holds_a_secret() -> None:
    for cmd in serial.COMMANDS:
        try:
            answer = ask(cmd, settings=FIELDS | {"kv": 2})[0]
        except serial.Refused as said:
            answer = serial.refusal({"id": 7}, said)
        text = json.dumps(answer)
        assert not [secret for secret in SECRETS if secret in text], cmd


def test_hello_says_what_it_is_and_whether_it_is_provisioned() -> None:
    said = ask("hello", view(held={"lamp0a1b": 2}))[0]
    assert (said["id"], said["ok"], said["provisioned"], said["dev"], said["kind"]) == (7, 1, 1, "lamp0a1b", "lamp")
    assert (said["board"], said["mac"], said["held"]) == ("s3-lamp", "02:00:00:00:00:01", 2)
    new = ask("hello", view(fields=None, why="damaged"))[0]
    assert (new["provisioned"], new["why"], new["board"]) == (0, "damaged", "virtual")
    assert "dev" not in new


def test_a_new_device_is_provisioned_and_unknown_fields_are_named() -> None:
    answer, effects = ask("provision", view(fields=None, why="new"), settings=FIELDS | {"colour": "red"})
    assert answer["ignored"] == ["colour"]
    assert effects == [("save", FIELDS), ("restart",)]


def test_the_same_settings_again_are_no_change() -> None:
    assert ask("provision", settings=dict(FIELDS))[1] == []


def test_provision_names_the_wrong_field() -> None:
    assert refused("provision", settings=FIELDS | {"root": SECRETS[0][:-1]}).more == {"field": "root"}
    assert refused("provision", settings=[SECRETS[0]]).more == {"field": "settings"}
    assert refused("provision").more == {"field": "settings"}


def test_a_name_that_is_no_text_is_refused_like_any_other() -> None:
    assert refused("set", settings={1: 2, "a": 3}).more == {"field": "1"}  # MicroPython reads such JSON


def test_a_board_whose_pins_are_not_known_or_are_another_kinds_is_refused() -> None:
    unknown = refused("provision", settings=FIELDS | {"board": "s4-lamp"})
    assert (unknown.error, unknown.more) == ("this firmware knows no board s4-lamp", {"field": "board"})
    assert unknown.do == "the boards are c3-button, s3-lamp"
    other = refused("provision", settings=FIELDS | {"board": "c3-button"})
    assert (other.error, other.more) == ("the board c3-button cannot be a lamp", {"field": "kind"})
    assert other.do == "it can be button, silent"
    without = {name: value for name, value in FIELDS.items() if name != "board"}
    assert refused("provision", settings=without).more == {"field": "board"}
    assert ask("provision", view(board="s3-lamp"), settings=without)[1][0][0] == "save"
    assert ask("provision", view(boards=None), settings=FIELDS | {"board": "s4-lamp"})[1][0][0] == "save"


def test_a_device_that_holds_events_becomes_no_other_device() -> None:
    holding = view(held={"lamp0a1b": 3})
    said = refused("provision", holding, settings=FIELDS | {"dev": "lamp0c2d"})
    assert said.error == "this device belongs to device lamp0a1b and still holds 3 of its events"
    assert '"reset","events":1' in said.do
    assert ask("provision", holding, settings=FIELDS | {"kv": 2})[1][0][0] == "save"
    assert ask("provision", view(), settings=FIELDS | {"dev": "lamp0c2d"})[1][0][0] == "save"


def test_nor_does_it_after_a_reset_that_left_the_events() -> None:
    after_reset = view(fields=None, why="reset", held={"lamp0a1b": 1})
    assert refused("provision", after_reset, settings=FIELDS | {"dev": "lamp0c2d"}).more["field"] == "dev"


def test_reset_keeps_the_events_unless_it_is_told_to_throw_them_away() -> None:
    answer, effects = ask("reset", view(held={"lamp0a1b": 3}))
    assert (answer["held"], effects) == (3, [("save", None), ("restart",)])
    assert "provision the same device again" in answer["do"]
    answer, effects = ask("reset", view(held={"lamp0a1b": 3}), events=1)
    assert (answer["held"], effects) == (0, [("save", None), ("wipe",), ("restart",)])


def test_consent_and_language_count_at_once_and_a_way_to_the_village_from_the_next_start() -> None:
    assert ask("set", settings={"consent": 0, "lang": "zh-sichuan"})[1] == [
        ("save", FIELDS | {"consent": 0, "lang": "zh-sichuan"})
    ]
    assert ask("set", settings={"links": ["wan", "lan"]})[1][1:] == [("restart",)]
    answer, effects = ask("set", settings={"consent": 1})
    assert (answer["changed"], effects) == ([], [])


def test_null_takes_a_setting_away() -> None:
    effects = ask("set", settings={"wifi": None})[1]
    assert "wifi" not in effects[0][1]


def test_who_it_is_cannot_be_set() -> None:
    for name in ("dev", "kind", "root", "ca", "update_key", "board", "nonsense"):
        assert refused("set", settings={name: FIELDS.get(name, 1)}).more["field"] == name
    assert refused("set", settings={"consent": 5}).more["field"] == "consent"
    assert refused("set", settings={"wan": None}).more["field"] == "links"  # wan stands in the order
    refused("set", settings={})


def test_a_newer_key_is_taken_once_nothing_waits_under_the_old_one_and_never_an_older() -> None:
    newer = FIELDS["kv"] + 1
    assert ask("set", settings={"kv": newer})[1] == [("save", FIELDS | {"kv": newer}), ("restart",)]
    assert ask("set", view(held={"lamp0a1b": 2}), settings={"kv": FIELDS["kv"]})[1] == []
    assert refused("set", view(held={"lamp0a1b": 2}), settings={"kv": newer}).more == {"field": "kv", "held": 2}
    for wrong in (FIELDS["kv"] - 1, "2", None, 2.5):
        assert refused("set", settings={"kv": wrong}).more["field"] == "kv"


# --- what the county wants set ---------------------------------------------------------------------------------------


def wish(ver: object, wanted: object, seen: serial.View | None = None) -> list[tuple[Any, ...]]:
    answer, effects = wished.answer({"id": 0, "ver": ver, "set": wanted}, seen or view())
    assert answer["ok"] == 1
    saved: Any = effects[0][1] if effects else {}
    assert answer.get("ver") == saved.get("settings_ver")
    return effects


def test_what_the_county_wants_is_set_with_the_version_that_said_it_in_one_write() -> None:
    assert wish(5, {"lang": "en"}) == [("save", FIELDS | {"lang": "en", "settings_ver": 5})]
    assert wish(5, {"kv": 2, "lang": "en"}) == [
        ("save", FIELDS | {"kv": 2, "lang": "en", "settings_ver": 5}),
        ("restart",),
    ]
    assert wish(5, {"lang": FIELDS["lang"]}) == [("save", FIELDS | {"settings_ver": 5})]
    assert wish(5, {}) == [("save", FIELDS | {"settings_ver": 5})]


@pytest.mark.parametrize("has", [5, -5])
def test_a_recording_of_an_earlier_statement_undoes_nothing(has: int) -> None:
    later = view(fields=FIELDS | {"settings_ver": has})
    for ver in (5, 4, 1, 0, -6, True, "6", None, 6.0):
        assert wish(ver, {"lang": "en"}, later) == []
    assert wish(6, {"lang": "en"}, later) == [("save", FIELDS | {"lang": "en", "settings_ver": 6})]


@pytest.mark.parametrize(
    "wanted",
    [
        {"wifi": None}, {"host": "10.0.0.3"}, {"links": ["wan"]}, {"consent": 1}, {"root": "5a" * 32}, {"nonsense": 1},
        {"lang": "../x"}, {"lang": 7}, {"sensors": {"heat": {"fire_mc": 1}}}, {"sensors": []}, {"kv": 0}, {"kv": "2"},
        {"lang": "en", "kv": None}, None, [], "lang",
    ],
)  # fmt: skip
def test_what_a_device_is_not_told_by_its_county_is_refused_whole_and_said_to_be(wanted: object) -> None:
    assert wish(5, wanted) == [("save", FIELDS | {"settings_ver": -5})]


def test_a_key_waits_for_what_is_held_under_the_one_in_force() -> None:
    assert wish(5, {"kv": 2}, view(held={"lamp0a1b": 1})) == []
    assert wish(5, {"lang": "en"}, view(held={"lamp0a1b": 1})) != []


def test_without_settings_there_is_nothing_to_get_or_set() -> None:
    for cmd in ("get", "set"):
        assert refused(cmd, view(fields=None, why="new"), settings={"lang": "zh"}).do == "provision it first"
    assert refused("explode").error == "there is no command of this name"


def test_status_logs_and_test() -> None:
    status = ask("status", view(held={"lamp0a1b": 2}))[0]
    assert (status["values"], status["held"]) == ({"heap_b": 90000, "update_refused": 1}, 2)
    assert ask("logs")[0]["logs"] == ["12 boot"]
    assert ask("test")[1] == [("test",)]


# --- one copy --------------------------------------------------------------------------------------------------------


def test_a_copy_is_read_as_it_was_written_or_not_at_all() -> None:
    data = copy.write(7, FIELDS)
    assert copy.read(data) == (7, FIELDS, True)
    assert copy.length(data[: copy.HEAD]) == len(data)
    assert copy.read(copy.write(8, None)) == (8, None, True)
    for at in range(0, len(data), 11):
        with pytest.raises(ValueError, match="damaged"):
            copy.read(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    with pytest.raises(ValueError, match="at most 6144"):
        copy.write(1, {"ca": "x" * 6144})


# --- the recessed key ------------------------------------------------------------------------------------------------

BOOT = 90_000


def fires_at(*edges: tuple[int, int]) -> int | None:
    """When it resets, after these edges: (level, when)."""
    found: int | None = None
    for level, at in edges:
        found = recessed.fires_at(found, level, at, BOOT)
    return found


def test_held_from_power_up_for_five_seconds() -> None:
    assert fires_at((1, BOOT + 200)) == BOOT + 5_000


def test_let_go_before_it_does_nothing() -> None:
    assert fires_at((1, BOOT), (0, BOOT + 4_900)) is None
    assert fires_at((1, BOOT), (0, BOOT + 4_900), (1, BOOT + 4_950)) is None  # a bounce is not a new power-up


def test_pressed_while_the_device_runs_it_does_nothing() -> None:
    assert fires_at((1, BOOT + 1_001)) is None
