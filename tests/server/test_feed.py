"""The screens' feed: at once, resumable, and never a number skipped."""

import threading

import pytest

from tests.server.county import County, Operator, Village


def test_an_alarm_is_on_the_feed_at_once_with_its_card(village: Village, operator: Operator) -> None:
    cursor = operator.get("incidents")["cursor"]
    feed = operator.feed(cursor)
    press = village.keys[0].press()
    village.send(press)
    seen = feed.next(lambda e: e.kind == "incident" and e.data["id"] == press.id)
    assert seen.data == {**operator.card(press.id), **{k: seen.data[k] for k in seen.data if k.endswith("_at")}}
    assert seen.id.split(":")[0] == cursor.split(":")[0]


def test_what_happened_meanwhile_comes_after_the_cursor(village: Village, operator: Operator) -> None:
    cursor = operator.get("incidents")["cursor"]
    press = village.keys[0].press()
    village.send(press)
    operator.say(press.id, "accepted")
    feed = operator.feed(cursor)
    answers = [feed.next(lambda e: e.data.get("id") == press.id).data["answer"] for _ in range(2)]
    assert answers == ["none", "accepted"]


def test_an_old_or_foreign_cursor_is_told_to_reload(operator: Operator) -> None:
    epoch = operator.get("incidents")["cursor"].split(":")[0]
    for cursor in ("", "0" * 16 + ":1", f"{epoch}:999999999", "nonsense"):
        feed = operator.feed(cursor)
        assert feed.next(lambda e: True).kind == "reset"


def test_a_ping_says_the_time_within_five_seconds(operator: Operator) -> None:
    feed = operator.feed(operator.get("incidents")["cursor"])
    assert "now" in feed.next(lambda e: e.kind == "ping").data
    assert "now" in feed.next(lambda e: e.kind == "ping", seconds=7).data


def test_evidence_is_a_notice(village: Village, operator: Operator) -> None:
    feed = operator.feed(operator.get("incidents")["cursor"])
    village.send(village.keys[0].press().forged(), village.county.village().keys[0].press().forged())
    notice = feed.next(lambda e: e.kind == "notice" and e.data["gateway"] == village.gateway)
    assert notice.data["verdict"] == "quarantined"


def test_many_writers_and_no_number_is_skipped_or_out_of_order(county: County, operator: Operator) -> None:
    cursor = operator.get("incidents")["cursor"]
    feed = operator.feed(cursor)
    villages = [county.village() for _ in range(4)]

    def press_often(village: Village) -> None:
        for _ in range(25):
            village.send(village.keys[0].press())

    threads = [threading.Thread(target=press_often, args=(v,)) for v in villages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end = int(operator.get("incidents")["cursor"].split(":")[1])
    seen = [int(cursor.split(":")[1])]
    while seen[-1] < end:
        seen.append(int(feed.next(lambda e: bool(e.id)).id.split(":")[1]))
    assert seen == list(range(seen[0], end + 1))
    resumed = operator.feed(cursor)
    again = [int(resumed.next(lambda e: bool(e.id)).id.split(":")[1]) for _ in seen[1:]]
    assert again == seen[1:]


def test_two_gateways_and_one_site_open_one_incident(county: County, operator: Operator) -> None:
    village, others = county.village(), [county.village() for _ in range(3)]
    presses = [[village.keys[0].press() for _ in range(15)] for _ in range(4)]
    start = threading.Barrier(4)

    def send(through: Village, mine: list[object]) -> None:
        start.wait()
        for press in mine:
            through.send(press)  # type: ignore[arg-type]

    threads = [threading.Thread(target=send, args=(v, m)) for v, m in zip([village, *others], presses, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    here = [c for c in operator.get("incidents", limit=1000)["incidents"] if c["site"]["id"] == village.sites[0]]
    assert [c["presses"] for c in here] == [60]
    events = operator.get(f"incidents/{here[0]['id']}")["events"]
    assert sorted(events) == sorted(p.id for mine in presses for p in mine)
    assert events[0] == here[0]["id"]


@pytest.mark.prove
@pytest.mark.timeout(200)
def test_a_gateway_that_falls_silent_is_a_notice_and_so_is_its_return(county: County, operator: Operator) -> None:
    village = county.village()
    feed = operator.feed(operator.get("incidents")["cursor"])
    village.send(village.keys[0].press())
    gone = feed.next(lambda e: e.kind == "notice" and e.data["gateway"] == village.gateway, seconds=110)
    assert gone.data["verdict"] == "offline"
    village.send(village.keys[0].press())
    back = feed.next(lambda e: e.kind == "notice" and e.data["gateway"] == village.gateway)
    assert back.data["verdict"] == "online"
