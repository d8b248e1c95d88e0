"""Commands down: resumed by cursor, replaced when overtaken, ended when trust is taken back."""

import time

from heartlamp_protocol.uplink import Batch

from tests.server.county import County, Operator, Village
from tests.server.test_bad_input import evidence


def test_a_gateway_resumes_where_it_stopped(village: Village, operator: Operator) -> None:
    first, second = village.keys[0].press(), village.keys[1].press()
    village.send(first)
    at = village.down().next(lambda e: e.data.get("incident") == first.id).id
    village.send(second)
    resumed = village.down(at)
    assert resumed.next(lambda e: e.kind == "command").data["incident"] == second.id


def test_a_later_command_replaces_the_earlier_one_of_the_incident(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    operator.say(press.id, "accepted")
    command = village.down().next(lambda e: e.data.get("incident") == press.id)
    assert command.data["answer"] == "accepted"


def test_a_command_says_how_long_ago_its_incident_was_opened_whenever_it_is_read(
    village: Village, operator: Operator
) -> None:
    press = village.keys[0].press()
    before = time.monotonic()
    village.send(press)
    first = village.down().next(lambda e: e.data.get("incident") == press.id).data["age"]
    operator.say(press.id, "accepted")  # a later command of it is no younger
    again = village.down().next(lambda e: e.data.get("incident") == press.id)
    assert again.data["answer"] == "accepted"
    assert 0 <= first <= again.data["age"] <= (time.monotonic() - before) * 1000
    last = village.down().next(lambda e: e.data.get("incident") == press.id and e.data["age"] > again.data["age"])
    assert last.id == again.id


def test_another_epoch_or_nonsense_starts_from_the_beginning(village: Village) -> None:
    press = village.keys[0].press()
    village.send(press)
    for cursor in ("0" * 16 + ":99999", "nonsense", ":", "x:1"):
        assert village.down(cursor).next(lambda e: e.data.get("incident") == press.id)


def test_numbers_rise_without_a_gap_in_what_is_read(village: Village) -> None:
    down = village.down()
    for _ in range(20):
        village.send(village.keys[0].press())
    seen = [down.next(lambda e: e.data.get("kind") == "incident").data["seq"]]
    while len(seen) < 5 and seen[-1] < 21:
        seen.append(down.next(lambda e: e.data.get("kind") == "incident").data["seq"])
    assert seen == sorted(set(seen))


def test_a_revoked_gateway_is_refused_at_once_its_stream_ends_and_somebody_sees_that_it_knocks(
    village: Village, county: County, operator: Operator
) -> None:
    down = village.down()
    down.next(lambda e: e.kind == "hello")
    county.cli("gateway", "revoke", village.gateway, "--config", county.config)
    assert village.http.get("/gateway/v1/registry").status_code == 401
    assert village.post(b"{}").status_code == 401
    assert down.ended(5)
    assert village.down().status == 401
    kept = [(e["verdict"], e["reason"], e["count"]) for e in evidence(operator, village)]
    assert kept == [("rejected", "a request with a token that is valid no more; its alarms wait there", 1)]


def test_the_screen_knows_which_gateway_is_there(village: Village, operator: Operator, county: County) -> None:
    silent = county.village()
    down = village.down()
    down.next(lambda e: e.kind == "hello")
    views = {g["id"]: g for g in operator.get("gateways")["gateways"]}
    assert views[village.gateway]["online"]
    assert not views[silent.gateway]["online"]
    assert views[silent.gateway]["last_seen"] is None


def test_a_stream_that_is_only_open_is_no_sign_of_life(village: Village, operator: Operator) -> None:
    """A frozen gateway's kernel goes on acknowledging what the county says."""

    def seen() -> object:
        return next(g["last_seen"] for g in operator.get("gateways")["gateways"] if g["id"] == village.gateway)

    with village.http.stream("GET", "/gateway/v1/down") as down:
        lines = down.iter_lines()
        next(line for line in lines if line.startswith("event: hello"))
        before = seen()
        assert next(line for line in lines if line.startswith(":"))  # a ping
        assert next(line for line in lines if line.startswith(":"))
        assert seen() == before
    assert village.post(Batch(village.gateway, "0" * 16, "", (), ()).to_json()).status_code == 200
    assert seen() != before  # an empty batch is one
