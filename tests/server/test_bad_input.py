"""Every line of "Bad input": a clear reason, kept where somebody sees it, nothing good lost."""

import json
import os
import random
from typing import Any

import pytest
from heartlamp_protocol.device.names import event_id
from heartlamp_protocol.packing import pack
from heartlamp_protocol.uplink import Batch, Item

from tests.server.county import County, Operator, Village
from tests.server.devices import Message


def evidence(operator: Operator, village: Village) -> list[dict[str, Any]]:
    found = operator.get("quarantine", limit=1000)["evidence"]
    return [e for e in found if e["gateway"] == village.gateway]


@pytest.mark.parametrize(
    ("bytes_", "reason"),
    [
        (b"", "not a frame"),
        (b"\x00\xff\xfe", "not a frame"),
        (b'{"age":1,"mac":"' + b"0" * 64 + b'","body":{}}', "protocol version"),
        (b'{"age":1,"mac":"' + b"0" * 64 + b'","body":{"v":1,"kind":"alarm"}}', "dev is missing"),
        (b"x" * 1025, "1025 bytes"),
        (b'{"age":1,"mac":"' + b"0" * 64 + b'","body":' + b'{"a":' * 150 + b"1" + b"}" * 151, "protocol version"),
    ],
)
def test_what_is_no_frame_is_kept_as_evidence_with_its_reason(
    village: Village, operator: Operator, bytes_: bytes, reason: str
) -> None:
    good = village.keys[0].press()
    bad, fine = village.send_items([Item(1, 0, "somebody.1", bytes_), Item(2, 0, good.user, good.frame())])
    assert bad.verdict == "rejected"
    assert reason in bad.reason
    assert (fine.verdict, bad.receipt) == ("received", "")
    seen = evidence(operator, village)
    assert [(e["verdict"], e["user"]) for e in seen] == [("rejected", "somebody.1")]
    assert operator.card(good.id)["presses"] == 1


def test_the_same_bad_frame_again_only_counts(village: Village, operator: Operator) -> None:
    for _ in range(3):
        village.send_items([Item(1, 0, "x", b"noise")])
    assert [e["count"] for e in evidence(operator, village)] == [3]


def test_an_unknown_device_is_quarantined_and_opens_nothing(village: Village, operator: Operator) -> None:
    key = village.keys[0]
    key.id = "stranger1"
    stranger = key.press()
    verdict = village.send(stranger)[0]
    assert (verdict.verdict, verdict.receipt) == ("quarantined", "")
    assert "unknown device stranger1" in verdict.reason
    assert operator.http.get(f"/api/incidents/{stranger.id}").status_code == 404
    assert evidence(operator, village)[0]["reason"] == verdict.reason


def test_a_revoked_device_is_quarantined_and_loses_its_password(
    village: Village, county: County, operator: Operator
) -> None:
    before = village.keys[0].press()
    village.send(before)
    down = village.down()
    county.cli("device", "revoke", village.keys[0].id, "--config", county.config)
    command = down.next(lambda e: e.kind == "command" and e.data["kind"] == "registry" and e.data["version"] > 2)
    registry = village.http.get("/gateway/v1/registry").json()
    assert registry["version"] == command.data["version"]
    assert {d["id"]: d["users"] for d in registry["devices"]}[village.keys[0].id] == {}
    after = village.send(village.keys[0].press())[0]
    assert (after.verdict, after.receipt) == ("quarantined", "")
    assert "revoked" in after.reason
    assert operator.card(before.id)["presses"] == 1


def test_a_wrong_mac_through_the_own_village_is_an_incident_marked_unverified(
    village: Village, operator: Operator
) -> None:
    forged = village.keys[0].press().forged()
    verdict = village.send(forged)[0]
    assert (verdict.verdict, verdict.receipt) == ("unverified", "")
    assert operator.card(forged.id)["unverified"]
    assert operator.kinds(forged.id) == ["opened", "unverified"]


def test_a_wrong_mac_in_anothers_name_is_evidence_and_lights_nothing(village: Village, operator: Operator) -> None:
    genuine, forged, liar = village.keys[1].press(), village.keys[1].press().forged(), village.keys[0].press().user
    items = [Item(1, 0, liar, forged.frame()), Item(2, 0, liar, genuine.frame()), Item(3, 0, "", forged.frame())]
    spoke, relayed, unsaid = village.send_items(items)
    assert (spoke.verdict, relayed.verdict, unsaid.verdict) == ("quarantined", "received", "unverified")
    assert spoke.reason == f"{liar} spoke in the name of {village.keys[1].id}"
    assert [(e["user"], e["reason"]) for e in evidence(operator, village)] == [(liar, spoke.reason)]
    assert operator.card(genuine.id)["presses"] == 2
    alone = village.keys[0].press().forged()
    village.send_items([Item(1, 0, genuine.user, alone.frame())])
    assert operator.http.get(f"/api/incidents/{alone.id}").status_code == 404


def test_a_wrong_mac_through_another_villages_gateway_is_quarantined(
    village: Village, county: County, operator: Operator
) -> None:
    forged = village.keys[0].press().forged()
    verdict = county.village().send(forged)[0]
    assert verdict.verdict == "quarantined"
    assert "another village" in verdict.reason
    assert operator.http.get(f"/api/incidents/{forged.id}").status_code == 404


def test_a_true_alarm_through_another_villages_gateway_is_an_alarm(village: Village, county: County) -> None:
    press = village.keys[0].press()
    down = village.down()
    verdict = county.village().send(press)[0]
    assert verdict.verdict == "received"
    assert down.next(lambda e: e.kind == "command" and e.data.get("incident") == press.id)


def test_another_body_under_a_known_id_is_kept_beside_it(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    other = village.keys[0].press("fire", id=press.id)
    village.send(press)
    clash = village.send(other)[0]
    assert clash.verdict == "unverified"
    assert "same id" in clash.reason
    card = operator.card(press.id)
    assert (card["unverified"], card["what"], card["presses"]) == (True, "panic", 1)
    assert operator.kinds(press.id) == ["opened", "clash"]
    assert [e["verdict"] for e in evidence(operator, village)] == ["unverified"]
    assert village.send(press)[0].verdict == "duplicate"


def test_the_devices_own_bytes_take_the_place_of_forged_ones(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press.forged())
    verdict = village.send(press)[0]
    assert verdict.verdict == "received"
    assert village.keys[0].believes(verdict.receipt, press)
    assert not operator.card(press.id)["unverified"]
    assert operator.kinds(press.id) == ["opened", "unverified", "verified"]


def test_a_forged_matter_is_corrected_by_the_true_one(village: Village, operator: Operator) -> None:
    true = village.keys[0].press("fire")
    forged = village.keys[0].press("flood", id=true.id).forged()
    village.send(forged)
    assert operator.card(true.id)["what"] == "flood"
    assert village.send(true)[0].verdict == "received"
    card = operator.card(true.id)
    assert (card["what"], card["unverified"]) == ("fire", False)
    assert operator.get(f"incidents/{true.id}")["events"] == [true.id]


def test_a_forged_answer_first_does_not_keep_the_true_alarm_out(village: Village, operator: Operator) -> None:
    true = village.keys[0].press()
    fake = village.keys[0].answer(true.id, "coming")
    renamed = Message(true.id, fake.user, fake.body.replace(fake.id.encode(), true.id.encode()), "1" * 64)
    assert village.send(renamed)[0].verdict == "unverified"
    assert village.send(true)[0].verdict == "received"
    assert operator.card(true.id)["what"] == "panic"


def test_a_forged_answer_moves_nothing(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    forged = village.lamps[1].answer(press.id, "coming").forged()
    assert [v.verdict for v in village.send(press, forged)] == ["received", "unverified"]
    assert operator.card(press.id)["answer"] == "none"
    assert "answer_unverified" in operator.kinds(press.id)


def test_one_bad_event_among_good_ones_spoils_none(village: Village, operator: Operator) -> None:
    good = [village.keys[0].press(), village.lamps[1].press("fire")]
    seed = random.randrange(2**32)
    print("seed", seed)
    bad = Item(9, 0, "\0\ud800".encode("utf-8", "replace").decode(), random.Random(seed).randbytes(200))
    verdicts = village.send_items([Item(1, 0, "a", good[0].frame()), bad, Item(2, 0, "b", good[1].frame())])
    assert [v.verdict for v in verdicts] == ["received", "rejected", "received"]
    assert all(operator.card(m.id)["presses"] == 1 for m in good)


def test_texts_that_a_database_cannot_hold_spoil_nothing(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    nul = village.note(2, press.id, "odd\0", "with \0 and \ud800")
    body = json.loads(Batch(village.gateway, "0" * 16, "", (Item(1, 0, "u\0", press.frame()),), ()).to_json())
    body["notes"] = [{"n": 2, "age": 1, "id": nul.id, "incident": press.id, "what": nul.what, "subject": nul.subject}]
    body["items"].append({"n": 3, "age": 0, "user": "\ud800\0", "frame": "AAAA"})
    reply = village.post(json.dumps(body).encode())
    assert reply.status_code == 200
    verdicts = {v["n"]: v["verdict"] for v in reply.json()["verdicts"]}
    assert verdicts == {1: "received", 2: "rejected", 3: "rejected"}
    assert operator.card(press.id)["presses"] == 1


@pytest.mark.parametrize(
    "envelope",
    [b"", b"[]", b"{", b'{"v":2}', b'{"v":1,"gateway":"x"}', b"\xff", b"[" * 100_000],
)
def test_a_malformed_envelope_is_refused_with_a_reason(village: Village, envelope: bytes) -> None:
    reply = village.post(envelope)
    assert reply.status_code == 400
    assert set(reply.json()) == {"error", "do"}


def test_too_much_at_once_is_refused(village: Village) -> None:
    assert village.post(b" " * 1_000_001).status_code == 413
    items = tuple(Item(n, 0, "x", b"x") for n in range(201))
    assert village.post(Batch(village.gateway, "0" * 16, "", items, ()).to_json()).status_code == 400


def test_a_gateway_speaks_for_itself_only(village: Village, county: County) -> None:
    other = county.village()
    press = village.keys[0].press()
    body = Batch(other.gateway, "0" * 16, "", (Item(1, 0, "x", press.frame()),), ()).to_json()
    assert village.post(body).status_code == 403
    note = other.note(1, press.id, "lit", village.lamps[0].id)
    assert village.send(press, notes=[note])[1].verdict == "rejected"


def test_an_unknown_token_is_refused_everywhere(village: Village) -> None:
    for token in ("", "Bearer", "Bearer " + "0" * 64, "Basic x"):
        for path in ("batch", "readings"):
            reply = village.http.post(f"/gateway/v1/{path}", content=b"{}", headers={"Authorization": token})
            assert reply.status_code == 401
        for path in ("registry", "down"):
            assert village.http.get(f"/gateway/v1/{path}", headers={"Authorization": token}).status_code == 401


def test_a_replay_of_everything_changes_nothing(village: Village, operator: Operator) -> None:
    press, cancel = village.keys[0].press(), village.lamps[0].cancel()
    coming = village.lamps[1].answer(press.id, "coming")
    note = village.note(7, press.id, "lit", village.lamps[1].id)
    village.send(press, coming, cancel, notes=[note])
    before = operator.get(f"incidents/{press.id}")
    assert {v.verdict for v in village.send(press, coming, cancel, notes=[note])} == {"duplicate"}
    after = operator.get(f"incidents/{press.id}")
    assert (before["incident"], before["timeline"]) == (after["incident"], after["timeline"])


def test_an_answer_before_its_incident_waits_for_it(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    coming = village.lamps[1].answer(press.id, "coming")
    verdict = village.send(coming)[0]
    assert verdict.verdict == "received"
    assert [e["verdict"] for e in evidence(operator, village)] == ["waiting"]
    village.send(press)
    assert operator.card(press.id)["answer"] == "coming"
    assert evidence(operator, village) == []


def test_random_bytes_never_break_it(village: Village, operator: Operator) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    items = []
    for n in range(150):
        frame = bytearray(village.keys[0].press().frame())
        for _ in range(dice.randrange(1, 4)):
            frame[dice.randrange(len(frame))] = dice.randrange(256)
        items.append(Item(n, dice.choice([-1, 0, 2**53 - 1]), "x", bytes(frame)))
    verdicts = village.send_items(items)
    assert len(verdicts) == 150
    good = village.keys[0].press(id=event_id(village.keys[0].id, os.urandom(8)))
    assert village.send(good)[0].verdict == "received"


def test_a_request_that_cannot_be_read_is_kept_as_evidence_and_only_counted_when_it_comes_again(
    village: Village, operator: Operator
) -> None:
    for n in range(3):
        assert village.post(b'{"v":1,"gateway":' + str(n).encode()).status_code == 400
    assert village.post(Batch("gwother", "0" * 16, "", (), ()).to_json()).status_code == 403
    kept = {(e["verdict"], e["reason"], e["count"]) for e in evidence(operator, village)}
    assert kept == {
        ("rejected", "a request that cannot be read: not JSON", 3),
        ("rejected", "a request in the name of gwother", 1),
    }


def test_the_same_rubbish_of_two_devices_is_two_pieces_of_evidence(village: Village, operator: Operator) -> None:
    village.send_items([Item(1, 0, f"{village.lamps[0].id}.1", b"x"), Item(2, 0, f"{village.lamps[1].id}.1", b"x")])
    assert {e["user"] for e in evidence(operator, village)} == {f"{d.id}.1" for d in village.lamps[:2]}


def test_many_contents_under_one_id_are_one_line(village: Village, operator: Operator) -> None:
    key = village.keys[0]
    first = key.press()
    village.send(first, *(key.press(what, id=first.id) for what in ("fire", "gas", "flood")))
    assert [e["count"] for e in evidence(operator, village) if e["verdict"] == "unverified"] == [3]
    assert operator.kinds(first.id).count("clash") == 1


def test_a_packed_batch_is_a_batch_and_one_that_is_too_long_or_broken_is_none(
    village: Village, operator: Operator
) -> None:
    press = village.keys[0].press()
    body = Batch(village.gateway, "0" * 16, "", (Item(1, 0, press.user, press.frame()),), ()).to_json()
    headers = {"Content-Encoding": "gzip"}
    answers = [
        village.http.post("/gateway/v1/batch", content=packed, headers=headers).status_code
        for packed in (pack(body), pack(body)[:-4], body, pack(b" " * 1_000_001))
    ]
    assert answers == [200, 400, 400, 413]
    assert operator.card(press.id)["presses"] == 1
    assert len(evidence(operator, village)) == 3
