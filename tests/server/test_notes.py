"""What a gateway says it did counts for its own villages only; the rest is kept as evidence and shows nowhere else."""

import pytest

from tests.server.county import County, Operator, Village
from tests.server.test_bad_input import evidence


@pytest.fixture
def other(county: County) -> Village:
    return county.village()


def test_a_gateway_writes_nothing_into_another_villages_incident(
    village: Village, other: Village, operator: Operator
) -> None:
    press = village.keys[0].press()
    village.send(press)
    said = [
        ("lit", village.lamps[0].id),
        ("lit", other.lamps[0].id),
        ("answer", f"arrived {village.lamps[1].id}"),
        ("answer", f"coming {other.lamps[0].id}"),
        ("answer", "unanswered"),
    ]
    notes = [other.note(n, press.id, what, subject) for n, (what, subject) in enumerate(said)]
    verdicts = other.send_items([], notes)
    assert [v.verdict for v in verdicts] == ["rejected"] * 5
    assert all("another village" in v.reason for v in verdicts)
    assert operator.kinds(press.id) == ["opened"]
    assert operator.card(press.id)["lit"] == 0
    assert {(e["verdict"], e["user"]) for e in evidence(operator, other)} == {("rejected", other.gateway)}
    assert len(evidence(operator, other)) == 5
    assert evidence(operator, village) == []


def test_what_no_note_can_say_is_rejected_with_its_reason(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    said = [
        ("lit", "ghost99", "unknown device 'ghost99'"),
        ("lit", village.keys[0].id, "is a button"),
        ("answer", "coming <script>alert(1)</script>", "unknown device"),
        ("answer", f"running {village.lamps[1].id}", "unknown answer"),
        ("answer", f"unanswered {village.lamps[1].id}", "unknown answer"),
        ("answer", "coming", "unknown device"),
        ("bogus<b>", village.lamps[0].id, "unknown note 'bogus<b>'"),
        ("lit", "\x01" * 200, "unknown device"),  # written out it is longer than a gateway reads
    ]
    notes = [village.note(n + 1, press.id, what, subject) for n, (what, subject, _) in enumerate(said)]
    opened, *verdicts = village.send(press, notes=notes)
    assert opened.verdict == "received"
    for verdict, (_, _, reason) in zip(verdicts, said, strict=True):
        assert verdict.verdict == "rejected"
        assert reason in verdict.reason
    assert operator.kinds(press.id) == ["opened"]
    assert operator.card(press.id)["lit"] == 0
    assert len(evidence(operator, village)) == len(said)
    assert village.send_items([], [village.note(1, "", "lit", village.lamps[0].id)])[0].verdict == "rejected"


def test_a_gateway_says_nothing_of_another_villages_devices(
    village: Village, other: Village, operator: Operator
) -> None:
    def online(of: Village) -> object:
        sites = operator.get("devices")["sites"]
        return next(d["online"] for s in sites for d in s["devices"] if d["id"] == of.lamps[0].id)

    mine = village.note(1, "", "online", village.lamps[0].id)
    assert village.send_items([], [mine], to="readings")[0].verdict == "received"
    theirs = [other.note(1, "", "offline", village.lamps[0].id), other.note(2, "", "online", other.lamps[0].id)]
    verdicts = other.send_items([], theirs, to="readings")
    assert [v.verdict for v in verdicts] == ["rejected", "received"]
    assert (online(village), online(other)) == (True, True)


def test_a_device_does_not_look_online_when_its_gateway_is_silent(
    village: Village, other: Village, county: County, operator: Operator
) -> None:
    def online() -> list[object]:
        sites = [s for s in operator.get("devices")["sites"] if s["id"] in village.sites]
        return [{d["id"]: d["online"] for d in s["devices"]}[village.lamps[n].id] for n, s in enumerate(sites)]

    said = [village.note(1, "", "online", village.lamps[0].id), village.note(2, "", "offline", village.lamps[1].id)]
    village.send_items([], said, to="readings")
    assert online() == [True, False]
    county.sql("UPDATE gateway SET last_seen = now() - interval '61 s' WHERE id = %s", village.gateway)
    other.send_items([], [other.note(1, "", "online", other.lamps[0].id)], to="readings")
    assert online() == [None, False]
    village.send_items([], [village.note(3, "", "online", village.lamps[1].id)], to="readings")
    assert online() == [True, True]


def test_a_note_before_its_incident_is_judged_when_that_comes(
    village: Village, other: Village, operator: Operator
) -> None:
    press = village.keys[0].press()
    early = [village.note(1, press.id, "lit", village.lamps[1].id)]
    early.append(village.note(2, press.id, "answer", f"coming {village.lamps[1].id}"))
    foreign = other.note(1, press.id, "answer", f"coming {other.lamps[1].id}")
    assert [v.verdict for v in village.send_items([], early)] == ["received", "received"]
    assert other.send_items([], [foreign])[0].verdict == "received"
    village.send(press)
    first, *rest = operator.kinds(press.id)
    assert (first, sorted(rest)) == ("opened", ["lit", "village_answer"])  # also where they happened before it came
    assert len(evidence(operator, other)) == 1
    assert evidence(operator, village) == []
    village.send(village.keys[0].press())  # the incident is spoken of again: nothing waits any more
    assert [e["count"] for e in evidence(operator, other)] == [1]


def test_a_refused_frame_needs_no_incident(village: Village, operator: Operator) -> None:
    assert village.send_items([], [village.note(1, "", "refused", "lamp9: too long")])[0].verdict == "received"
    assert [e["reason"] for e in evidence(operator, village)] == ["lamp9: too long"]


def test_a_heartbeat_counts_whatever_notes_come_with_it(village: Village, operator: Operator) -> None:
    lamp = village.lamps[0]
    word = [village.note(5, "", "online", lamp.id), village.note(6, "", "offline", lamp.id)]
    village.send(lamp.reading([("held", 0)]), notes=word, to="readings")
    seen = next(d for s in operator.get("devices")["sites"] for d in s["devices"] if d["id"] == lamp.id)
    assert (seen["overdue"], seen["online"]) == (False, False)
    assert seen["last_seen"]


def test_a_village_is_one_village_also_when_its_gateway_is_revoked(
    county: County, village: Village, other: Village, operator: Operator
) -> None:
    press, neighbour = village.keys[0].press(), village.lamps[1]
    village.send_items([], [village.note(1, press.id, "lit", village.lamps[0].id)])
    county.cli("gateway", "revoke", village.gateway, "--config", county.config)
    other.send(press, neighbour.answer(press.id, "coming"))  # as if brought by hand: the frames are signed
    card = operator.card(press.id)
    assert (card["lit"], card["answer"], card["who"]) == (1, "coming", "三组 1号")


def test_what_does_not_work_in_a_village_is_kept_and_of_another_village_refused(
    village: Village, other: Village, county: County, operator: Operator
) -> None:
    lamp = village.lamps[0].id
    began = village.note(1, "", "trouble", f"missed - {lamp}")
    over = village.note(2, "", "restored", f"{began.id} missed - {lamp}")
    outage = village.note(3, "", "trouble", "outage 37/300:power village")
    group = village.note(4, "", "trouble", "outage 5/8:network group 三组 东")
    verdicts = village.send_items([], [began, over, outage, group], to="readings")
    assert [v.verdict for v in verdicts] == ["received"] * 4
    assert village.send_items([], [began], to="readings")[0].verdict == "duplicate"
    kept = county.sql("SELECT what, subject FROM note WHERE gateway = %s", village.gateway)
    assert sorted(tuple(row) for row in kept) == sorted((n.what, n.subject) for n in (began, over, outage, group))
    theirs = [other.note(1, "", "trouble", f"missed - {lamp}"), other.note(2, "", "trouble", "bored - village")]
    assert [v.verdict for v in other.send_items([], theirs, to="readings")] == ["rejected", "rejected"]
    assert evidence(operator, village) == []
