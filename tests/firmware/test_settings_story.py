"""A technician at the serial line of a real board, and what the power, the flash and small fingers do to settings."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from heartlamp_protocol.device.mac import county_key, hmac_sha256
from heartlamp_protocol.inbound import Reading
from heartlamp_tech.serial_lines import BoardLines, SerialError, SerialLines, StreamLines
from heartlamp_tech.virtual_board import Line, VirtualBoard

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON, REPO
from tests.firmware.parts import ROOT, Certificates, Said, Village, call, config

PASSWORD, TOKEN, PAIR = "correct horse", "c0" * 32, "7e" * 32
CA = "-----BEGIN CERTIFICATE-----\nMIIABAAAAAA=\n-----END CERTIFICATE-----\n"  # a sequence of four bytes
OFF: dict[str, object] = {  # settings of a device whose village is not there
    "dev": "lamp0a1b", "kind": "lamp", "kv": 1, "root": ROOT, "host": "127.0.0.1", "port": 1,
    "server_name": "gateway.village.test", "ca": CA,
}  # fmt: skip
Blank = Callable[[str], tuple[VirtualBoard, SerialLines]]


@pytest.fixture
def blank(tmp_path: Path) -> Iterator[Blank]:
    """blank(name): (a board that nobody has provisioned, not started; its serial line)."""
    boards = []

    def make(name: str) -> tuple[VirtualBoard, SerialLines]:
        board = VirtualBoard(MICROPYTHON, REPO, tmp_path / f"{name}.flash")
        board.blank()
        boards.append(board)
        return board, BoardLines(board)

    yield make
    for board in boards:
        board.kill()
        assert "Traceback" not in board.complaints(), board.complaints()


def provisioned(blank: Blank, name: str = "lamp", **more: object) -> tuple[VirtualBoard, SerialLines]:
    """Started, and past its boot with these settings."""
    board, serial = blank(name)
    board.start()
    board.wait_trace("unprovisioned")
    serial.provision(OFF | more)
    board.wait_trace("boot")
    return board, serial


def again(board: VirtualBoard) -> None:
    """A power cut, and the power back."""
    board.kill()
    mark = board.mark()
    board.start()
    board.wait_for(lambda line: line.get("trace") in ("boot", "unprovisioned"), after=mark)


# --- a new device -----------------------------------------------------------------------------------------------------


def test_a_new_board_says_what_it_is_waits_and_serves_the_village_once_it_is_provisioned(
    blank: Blank, village: Village, certificates: Certificates
) -> None:
    board, serial = blank("lamp0a1b")
    board.start()
    board.wait_show("unprovisioned", sound="")
    hello = serial.hello()
    assert (hello["provisioned"], hello["why"], hello["board"]) == (0, "new", "virtual")
    assert hello["micropython"].startswith("1.")
    assert "nvs" in hello["capabilities"]

    board.press("red")
    board.wait_show("shout")  # it can tell nobody, and says so at once

    answer = serial.provision(config(village.broker, certificates.ca, "lamp0a1b", "lamp"))
    assert (answer["dev"], answer["kind"]) == ("lamp0a1b", "lamp")
    board.wait_show("working")
    board.press("red")
    assert village.wait("event").alarm.what == "panic"
    assert serial.hello()["provisioned"] == 1
    assert serial.ask("status")["values"]["held"] == 1
    assert {"part": "settings", "ok": 1, "found": "copies that agree"} in serial.ask("test")["parts"]
    assert [line for line in serial.ask("logs")["logs"] if " pressed " in line]


def test_a_device_proves_that_it_holds_its_root_and_says_nothing_of_it(blank: Blank) -> None:
    board, serial = blank("lamp")
    board.start()
    with pytest.raises(SerialError, match="not provisioned"):
        serial.ask("prove", claim="c1")
    serial.provision(OFF | {"kv": 3})
    proof = serial.ask("prove", claim="c1")
    key = county_key(bytes.fromhex(ROOT), 3)
    assert (proof["dev"], proof["kv"]) == ("lamp0a1b", 3)
    assert proof["proof"] == hmac_sha256(key, b"claim:c1").hex() != serial.ask("prove", claim="c2")["proof"]
    for wrong in (None, "", 7, "c" * 65):
        with pytest.raises(SerialError, match="prove needs the claim's id"):
            serial.ask("prove", claim=wrong)


def test_a_wrong_field_is_named_and_nothing_is_changed(blank: Blank) -> None:
    board, serial = blank("lamp")
    board.start()
    with pytest.raises(SerialError, match="field root is missing or wrong: it must be 64 hex characters") as refused:
        serial.provision(OFF | {"root": "5a"})
    assert refused.value.answer["field"] == "root"
    assert serial.hello()["provisioned"] == 0
    serial.provision(OFF)
    with pytest.raises(SerialError, match="field kind"):
        serial.provision(OFF | {"kind": "siren"})
    assert serial.ask("get")["settings"] == OFF | {"root": "(set)"}


def test_garbage_on_the_line_is_answered_changes_nothing_and_keeps_no_press_back(blank: Blank) -> None:
    board, serial = provisioned(blank)
    for text in ("", "nonsense", "{}", "[" * 7000, "x" * 9000, '{"id":1,"cmd":"reset"}#00000000', "\u0000\u0003心"):
        mark = board.mark()
        board.write({"serial": text})
        said = board.wait_for(lambda line: "serial" in line, after=mark)["serial"]
        assert (said["ok"], bool(said["error"]), bool(said["do"])) == (0, True, True)
    board.write({"serial": None})
    board.press("red")
    board.wait_trace("stored", flash=1)
    assert serial.ask("get")["settings"] == OFF | {"root": "(set)"}


def test_over_streams_the_esp32s_own_reader_takes_what_the_tool_sends(tmp_path: Path) -> None:
    """The same code that reads a board's USB or UART, here on pipes."""
    script = Path(__file__).parent / "on_device/serial_pipe.py"
    device = subprocess.Popen(
        [str(MICROPYTHON), str(script)], env=ENVIRONMENT, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert device.stdin is not None
    assert device.stdout is not None
    try:
        serial = StreamLines(device.stdout, device.stdin)
        serial.open()
        assert serial.hello()["board"] == "pipe"
        device.stdin.write(b"\xff\x00 half a line\r\n")
        with pytest.raises(SerialError, match="not JSON"):
            serial.ask("status")
        long = OFF | {"ca": CA * 50}
        assert serial.provision(long)["dev"] == "lamp0a1b"
        assert serial.ask("get")["settings"]["ca"] == long["ca"]
        with pytest.raises(SerialError, match="longer than 8192 bytes"):
            serial.provision(OFF | {"site": "x" * 9000})
    finally:
        device.kill()
        device.wait()
        device.stdin.close()


# --- consent, language, links -----------------------------------------------------------------------------------------


def test_a_withdrawn_consent_counts_at_once_and_after_a_power_cut(blank: Blank) -> None:
    board, serial = provisioned(blank, consent=1)
    assert serial.ask("get")["settings"]["consent"] == 1
    mark = board.mark()
    assert serial.set(consent=0, lang="zh-sichuan")["changed"] == ["consent", "lang"]
    again(board)
    settings = serial.ask("get")["settings"]
    assert (settings["consent"], settings["lang"]) == (0, "zh-sichuan")
    assert not [line for line in board.lines(mark) if line.get("trace") == "restart"]


def test_other_links_count_from_the_restart_that_follows(blank: Blank) -> None:
    board, serial = provisioned(blank)
    mark = board.mark()
    assert serial.set(host="127.0.0.2")["restart"] == 1
    board.wait_trace("boot", after=mark)
    assert serial.ask("get")["settings"]["host"] == "127.0.0.2"


def test_a_battery_button_stays_awake_while_somebody_speaks_to_it(
    blank: Blank, village: Village, certificates: Certificates
) -> None:
    """Left alone it sleeps 3 s after its heartbeat."""
    board, serial = blank("button01")
    board.start()
    serial.provision(config(village.broker, certificates.ca, "button01", "button"))
    board.wait_trace("boot")
    mark = board.mark()
    for _ in range(8):
        assert serial.hello()["kind"] == "button"
        sleep(0.8)
    assert not [line for line in board.lines(mark) if line.get("trace") == "sleep"]


# --- events, other devices, reset -------------------------------------------------------------------------------------


def test_no_reset_and_no_other_name_loses_an_event_by_accident(
    blank: Blank, village: Village, certificates: Certificates
) -> None:
    board, serial = provisioned(blank)
    board.press("red")
    event = board.wait_trace("stored", flash=1)["event"]
    with pytest.raises(SerialError, match="still holds 1 of its events"):
        serial.provision(OFF | {"dev": "lamp0c2d"})
    mark = board.mark()
    assert serial.ask("reset")["held"] == 1
    board.wait_trace("unprovisioned", after=mark, why="reset")
    with pytest.raises(SerialError, match="belongs to device lamp0a1b"):
        serial.provision(OFF | {"dev": "lamp0c2d"})
    again(board)
    assert serial.hello()["why"] == "reset"

    serial.provision(config(village.broker, certificates.ca, "lamp0a1b", "lamp"))
    assert village.wait_event(event).id == event

    mark = board.mark()
    assert serial.ask("reset", events=1)["held"] == 0
    board.wait_trace("unprovisioned", after=mark)
    assert serial.provision(OFF | {"dev": "lamp0c2d"})["dev"] == "lamp0c2d"
    assert board.wait_trace("boot", after=mark)["held"] == 0


def test_only_the_recessed_key_held_from_power_up_resets(blank: Blank) -> None:
    """Four boards side by side, because five seconds are long: one is held, one is let go too early, one pressed too
    late, and at one a child leans on all the household's keys."""
    boards = {name: provisioned(blank, name) for name in ("held", "early", "late", "keys")}
    boards["held"][0].press("red")
    boards["held"][0].wait_trace("stored")
    marks = {}
    for name, (board, _) in boards.items():
        board.kill()
        marks[name] = board.mark()
        board.start()
        for pin in {"keys": ("red", "green", "cancel"), "late": ()}.get(name, ("recessed",)):
            board.press(pin)
        board.wait_trace("boot", after=marks[name])
    started = monotonic()
    sleep(1.2)
    boards["late"][0].press("recessed")
    sleep(max(0, started + 3.5 - monotonic()))
    boards["early"][0].release("recessed")
    boards["held"][0].wait_trace("reset", after=marks["held"], why="recessed key")
    boards["held"][0].wait_trace("unprovisioned", after=marks["held"])
    assert boards["held"][1].hello()["held"] == 1  # the event stays
    sleep(max(0, started + 6.5 - monotonic()))
    for name in ("early", "late", "keys"):
        assert boards[name][1].hello()["provisioned"] == 1, name


# --- what the flash does ----------------------------------------------------------------------------------------------

SPOIL = """
from heartlamp.hal.unix import flash
{where}
"""
NVS_GONE = "f = open({image!r}, 'r+b'); f.seek(-8 * 4096, 2); f.write(b'\\x00' * 8 * 4096); f.close()"
FILE_GONE = (
    "flash.mount({image!r}, '/flash', False)\n"
    "f = open('/flash/settings', 'r+b'); f.seek(40); f.write(b'\\xff\\x00'); f.close()"
)


def spoil(board: VirtualBoard, *places: str) -> None:
    board.kill()
    for place in places:
        script = SPOIL.format(where=place.format(image=str(board.flash)))
        subprocess.run([str(MICROPYTHON), "-c", script], env=ENVIRONMENT, check=True)


@pytest.mark.parametrize(("place", "name"), [(NVS_GONE, "nvs"), (FILE_GONE, "file")], ids=["nvs", "file"])
def test_a_damaged_copy_is_made_again_from_the_other(blank: Blank, place: str, name: str) -> None:
    board, serial = provisioned(blank)
    spoil(board, place)
    mark = board.mark()
    board.start()
    board.wait_trace("settings", after=mark, repaired=[name])
    board.wait_trace("boot", after=mark, dev="lamp0a1b")
    assert {"part": "settings", "ok": 1, "found": "copies that agree"} in serial.ask("test")["parts"]


def test_with_both_copies_damaged_it_says_so_stays_up_and_keeps_its_event(
    blank: Blank, village: Village, certificates: Certificates
) -> None:
    board, serial = provisioned(blank)
    board.press("red")
    event = board.wait_trace("stored", flash=1)["event"]
    spoil(board, NVS_GONE, FILE_GONE)
    mark = board.mark()
    board.start()
    board.wait_trace("unprovisioned", after=mark, why="damaged")
    board.wait_show("unprovisioned", after=mark)
    assert (serial.hello()["why"], serial.hello()["held"]) == ("damaged", 1)
    serial.provision(config(village.broker, certificates.ca, "lamp0a1b", "lamp"))
    assert village.wait_event(event).id == event


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_nothing_that_the_board_says_holds_a_secret(blank: Blank) -> None:
    secrets = (ROOT, PASSWORD, TOKEN, PAIR)
    settings: dict[str, Any] = OFF | {
        "wifi": {"ssid": "village", "password": PASSWORD},
        "wan": {"host": "county", "port": 443, "server_name": "county", "gateway": "lamp0a1b", "token": TOKEN},
        "radio": {"channel": 6, "up": ["lamp0c2d"], "down": {"button01": PAIR}},
    }
    said: list[Line] = []
    board, serial = blank("lamp")
    board.tell(said.append)
    board.start()
    serial.provision(settings)
    board.wait_trace("boot")
    for wrong in (
        {"root": ROOT + "0"},
        {"wifi": {"ssid": "", "password": PASSWORD}},
        {"dev": ROOT},
        {ROOT: 1, "kv": 0},
    ):
        with pytest.raises(SerialError):
            serial.provision(settings | wrong)
    with pytest.raises(SerialError):
        serial.set(root=ROOT)
    for command in ("hello", "get", "test", "logs", "status"):
        serial.ask(command)
    line = json.dumps({"serial": {"id": 1, "cmd": "provision", "settings": settings}})
    stdin = board._running().stdin
    assert stdin is not None
    for half in (line[: len(line) // 2], line[30:]):
        mark = board.mark()
        stdin.write(half + "\n")
        stdin.flush()
        board.wait_trace("not understood", after=mark)
    board.press("red")
    board.wait_trace("stored")
    serial.ask("reset", events=1)
    board.wait_trace("unprovisioned", why="reset")
    board.stop()
    text = json.dumps(said) + board.complaints()
    assert "provision" in text
    assert not [secret for secret in secrets if secret in text]


# --- another key ------------------------------------------------------------------------------------------------------


def test_a_rotated_device_comes_and_signs_with_its_next_key_once_nothing_waits_under_the_old_one(
    blank: Blank, village: Village, certificates: Certificates
) -> None:
    board, serial = blank("lamp0a1b")
    board.start()
    board.wait_trace("unprovisioned")
    serial.provision(config(village.broker, certificates.ca, "lamp0a1b", "lamp"))
    board.wait_show("working")
    board.press("red")
    first = village.wait("event")
    with pytest.raises(SerialError, match="still holds 1 events"):
        serial.set(kv=2)
    mark = board.mark()
    village.receive(first)
    board.wait_trace("received", after=mark, event=first.id)
    assert serial.set(kv=2)["restart"] == 1
    board.wait_trace("boot", after=mark)
    seen = len(village.said)
    board.press("red")
    second = village.wait("event", after=seen)
    assert (first.alarm.head.key_version, second.alarm.head.key_version) == (1, 2)


# --- what the county wants set ---------------------------------------------------------------------------------------


def reported(village: Village, kv: int, ver: int, after: int) -> None:
    """Returns once a heartbeat under this key version says this of its settings."""

    def says(said: Said) -> bool:
        reading = said.frame.content
        assert isinstance(reading, Reading)
        return reading.head.key_version == kv and reading.values.get("settings_ver") == ver

    village.wait("reading", says, after=after, timeout=60.0)


def test_the_county_sets_by_network_what_the_cable_sets_and_a_recording_undoes_nothing(
    blank: Blank, village: Village, certificates: Certificates
) -> None:
    board, serial = blank("lamp0a1b")
    board.start()
    board.wait_trace("unprovisioned")
    serial.provision(config(village.broker, certificates.ca, "lamp0a1b", "lamp"))
    board.wait_show("working")
    reported(village, 1, 0, 0)
    village.wish("lamp0a1b", 5, '{"lang":"en"}')
    board.wait_trace("wished", ver=5)
    assert serial.ask("get")["settings"]["lang"] == "en"
    # Of another maker, for another device, of an older version, of what no network sets: nothing of it happens.
    mark = board.mark()
    village.wish("lamp0a1b", 6, '{"lang":"xx"}', key=b"k" * 32)
    board.wait_trace("forged", after=mark)
    village.wish("lamp0a1b", 4, '{"lang":"zh"}')
    village.wish("lamp0a1b", 6, '{"lang":"fr","host":"10.9.9.9"}')
    board.wait_trace("wished", after=mark, ver=-6)
    settings = serial.ask("get")["settings"]
    assert (settings["lang"], settings["host"], settings["settings_ver"]) == ("en", "127.0.0.1", -6)
    # The next key: not while a press waits for its receipt, nor while a call is shown.
    board.press("red")
    pressed = village.wait("event")
    mark, place = board.mark(), len(village.said)
    village.wish("lamp0a1b", 7, '{"kv":2}')
    village.light("lamp0a1b", [call(pressed.id)])
    board.wait_trace("lamp", after=mark, calls=1)
    village.receive(pressed)
    board.wait_trace("received", after=mark, event=pressed.id)
    village.wish("lamp0a1b", 7, '{"kv":2}')
    village.light("lamp0a1b", [])
    board.wait_trace("lamp", after=mark, calls=0)
    assert serial.ask("get")["settings"]["kv"] == 1
    village.wish("lamp0a1b", 7, '{"kv":2}')
    board.wait_trace("boot", after=mark)
    reported(village, 2, 7, place)
    village.wish("lamp0a1b", 8, '{"lang":"fr"}')  # under the key that was
    board.wait_trace("forged", after=mark)
    assert serial.ask("get")["settings"]["lang"] == "en"
