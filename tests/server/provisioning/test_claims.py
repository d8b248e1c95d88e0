"""A technician's day at a real county: claims in the morning, devices that prove themselves, results in the evening."""

import secrets
from base64 import b64decode
from typing import Any

import pytest
from heartlamp_protocol.device.event import write_alarm
from heartlamp_protocol.device.frame import sign
from heartlamp_protocol.device.mac import device_key, mqtt_password
from heartlamp_protocol.device.names import event_id, user
from heartlamp_protocol.passwords import mosquitto_hash
from heartlamp_server.provisioning import store
from heartlamp_server.provisioning.model import proof
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Gateway, Village
from tests.server.devices import Message
from tests.server.responder.people import Somebody, in_store


@pytest.fixture(scope="module")
def village(county: County) -> Village:
    return county.village(houses=13)


@pytest.fixture(scope="module")
def technician(county: County, village: Village) -> Somebody:
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    return Somebody(county, Grant("technician", area))


def claims(technician: Somebody, *sites: str, kind: str = "lamp", offline: bool = False, **more: Any) -> Any:
    asked = [{"site": site, "kind": kind, "board": "esp32s3-lamp"} for site in sites]
    reply = technician.post("claims", sites=asked, offline=offline, **more)
    assert reply.status_code == 201, reply.text
    assert reply.headers["cache-control"] == "no-store"
    return reply.json()


def claim(technician: Somebody, site: str, **more: Any) -> Any:
    got = claims(technician, site, **more)
    assert got["refused"] == []
    return got["claims"][0]


def use(technician: Somebody, one: Any, root: str = "") -> Any:
    said = proof(bytes.fromhex(root or one["settings"]["root"]), one["settings"]["kv"], one["id"])
    return technician.post(f"claims/{one['id']}/use", secret=one["secret"], proof=said, board="b", version="10000")


def result(technician: Somebody, one: Any, outcome: str, **more: Any) -> Any:
    fields = {"id": secrets.token_hex(16), "secret": one["secret"], "outcome": outcome, "at": "2026-01-01T00:00:00Z"}
    return technician.post(f"claims/{one['id']}/result", **(fields | more))


def press(one: Any) -> Message:
    id, root = event_id(one["device"], secrets.token_bytes(8)), bytes.fromhex(one["settings"]["root"])
    body = write_alarm(id, one["device"], 1, "0123abcd", 1, 1000, "panic")
    return Message(id, user(one["device"], 1), body, sign(device_key(root, 1), body))


def users(village: Village) -> dict[str, str]:
    """Who may log in at the village's broker, as its gateway is told."""
    listed = village.http.get("/gateway/v1/registry").json()["devices"]
    return {user: hashed for device in listed for user, hashed in device["users"].items()}


def state(technician: Somebody, site: str) -> Any:
    [found] = [s for s in technician.get("installing").json()["sites"] if s["site"] == site]
    return found


def test_from_a_claim_to_a_device_that_is_believed(technician: Somebody, village: Village) -> None:
    site = village.sites[0]
    one = claim(technician, site)
    assert (one["kind"], one["site"], one["village_name"]) == ("lamp", site, village.name)
    assert {"dev", "kind", "kv", "root", "host", "port", "server_name", "ca", "links"} <= set(one["settings"])
    assert one["settings"]["links"] == ["lan"]
    assert one["settings"]["root"] not in str(one["label"])
    assert "/h/" in one["label"]["url"]
    assert state(technician, site)["state"] == "claimed"
    # Not live before it proved itself: no password, and its word is nobody's.
    assert f"{one['device']}.1" not in users(village)
    assert village.send(press(one))[0].verdict == "quarantined"
    assert use(technician, one, root="00" * 32).json()["code"] == "wrong_device"
    for _ in range(2):  # said again, the same
        assert use(technician, one).json() == {"device": one["device"], "kv": 1}
    password = mqtt_password(bytes.fromhex(one["settings"]["root"]), 1)
    hashed = users(village)[f"{one['device']}.1"]
    salt = b64decode(hashed.split("$")[3])
    assert mosquitto_hash(password, salt) == hashed
    # The self-test: a drill is opened, a press comes through, and nothing of it is a secret.
    assert technician.post(f"claims/{one['id']}/drill", secret=one["secret"]).status_code == 200
    pressed = press(one)
    assert village.send(pressed)[0].verdict == "received"
    [event] = technician.get(f"claims/{one['id']}/events").json()["events"]
    assert (event["event"], event["kind"], event["what"]) == (pressed.id, "alarm", "panic")
    assert (event["drill"], event["at_console"]) == (True, True)
    assert event["heard_at"] <= event["received_at"]
    village.county.sql("UPDATE incident SET drill = false WHERE id = %s", pressed.id)
    assert technician.post(f"claims/{one['id']}/drill", secret=one["secret"]).json()["code"] == "in_call"
    village.county.sql("UPDATE incident SET drill = true WHERE id = %s", pressed.id)
    tests = [{"part": "red key", "ok": True, "found": ""}]
    consent = {"given": True, "language": "zh", "witness": "三组户长"}
    done = result(technician, one, "done", tests=tests, mains_off={"ok": True, "found": ""}, consent=consent)
    assert done.json() | {"id": ""} == {"id": "", "state": "done", "live": True}
    assert state(technician, site)["last_visit"]["outcome"] == "done"


def test_consent_is_kept_for_the_household_and_its_witness_is_sealed(
    county: County, technician: Somebody, village: Village
) -> None:
    one = claim(technician, village.sites[1])
    assert use(technician, one).status_code == 200
    said = {"given": True, "language": "zh", "witness": "看得见的证人"}
    assert result(technician, one, "done", consent=said).status_code == 200
    site = village.sites[1]
    assert county.sql("SELECT kind, how FROM consent WHERE site = %s", site) == [("data", "witness")]
    kept = county.sql("SELECT v::text FROM visit v WHERE site = %s", site)[0][0]
    assert "证人" not in kept


def test_each_bad_row_says_why_and_the_good_ones_are_done(
    county: County, technician: Somebody, village: Village
) -> None:
    other = county.village()
    asked = [
        {"site": village.sites[2], "kind": "smoke"},
        {"site": "nowhere", "kind": "lamp"},
        {"site": village.sites[2], "kind": "smoke"},  # twice in one list
        {"site": village.sites[3], "kind": "toaster"},
        {"site": other.sites[0], "kind": "lamp"},
    ]
    got = technician.post("claims", sites=asked).json()
    assert [c["site"] for c in got["claims"]] == [village.sites[2]]
    refused = {r["row"]: r["code"] for r in got["refused"]}
    assert refused == {1: "unknown_site", 2: "already_claimed", 3: "bad_kind", 4: "unknown_site"}
    assert all(r[part][lang] for r in got["refused"] for part in ("error", "do") for lang in ("zh", "en"))
    assert f"claims end {got['claims'][0]['id']}`" in got["refused"][1]["do"]["en"]
    county.sql("UPDATE gateway SET broker_host = '' WHERE id = %s", other.gateway)
    everywhere = Somebody(county, Grant("technician"))
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    wrong = claims(everywhere, other.sites[0], village=area)
    assert [r["code"] for r in wrong["refused"]] == ["wrong_village"]
    assert [r["code"] for r in claims(everywhere, other.sites[0], offline=True)["refused"]] == ["no_gateway"]
    assert [r["code"] for r in claims(everywhere, other.sites[0], kind="button")["refused"]] == ["no_gateway"]
    assert technician.post("claims", sites=[{"site": other.sites[0]}]).status_code == 404


def test_a_lamp_without_a_village_comes_to_the_county_by_itself(county: County) -> None:
    alone = county.village()
    county.sql("UPDATE gateway SET broker_host = '' WHERE id = %s", alone.gateway)
    technician = Somebody(county, Grant("technician"))
    one = claim(technician, alone.sites[0])
    wan = one["settings"]["wan"]
    assert (one["settings"]["links"], wan["gateway"]) == (["wan"], f"{one['device']}-wan")
    itself = Gateway(county, wan["gateway"], wan["token"])
    assert itself.post(b"{}").status_code == 401  # not live yet
    assert use(technician, one).status_code == 200
    assert itself.post(b"{}").status_code == 400


def test_lamp_and_button_of_one_list_know_each_other(technician: Somebody, village: Village) -> None:
    site = village.sites[4]
    asked = [{"site": site, "kind": "button"}, {"site": site, "kind": "lamp"}]
    made = {c["kind"]: c for c in technician.post("claims", sites=asked).json()["claims"]}
    button, lamp = made["button"], made["lamp"]
    assert button["settings"]["links"] == ["relay", "lan"]
    assert lamp["device"] in button["settings"]["radio"]["up"]
    assert lamp["settings"]["radio"]["down"][button["device"]]["own"] == 1


def test_an_outcome_other_than_done_leaves_nothing_live(county: County, technician: Somebody, village: Village) -> None:
    site = village.sites[5]
    county.sql("UPDATE device SET revoked_at = now() WHERE site = %s", site)
    ways = {"nobody_home": "revisit", "refused": "refused", "no_link": "not_covered", "moved": "moved"}
    for outcome, stands in ways.items():
        one = claim(technician, site)
        if outcome == "no_link":  # it was live already
            assert use(technician, one).status_code == 200
        fields = {"id": secrets.token_hex(16)}
        for _ in range(2):
            assert result(technician, one, outcome, **fields).json()["state"] == stands
        assert state(technician, site)["state"] == stands
        assert use(technician, one).json()["code"] == "revoked"
        assert f"{one['device']}.1" not in users(village)
    assert county.sql("SELECT count(*) FROM visit WHERE site = %s", site) == [(4,)]


def test_sites_that_no_link_reaches_are_listed_since_when_and_by_whom(
    county: County, technician: Somebody, village: Village
) -> None:
    sites = village.sites[10:13]
    for site, outcomes in zip(
        sites, (("no_link",) * 2, ("refused", "no_link"), ("no_link", "nobody_home")), strict=True
    ):
        county.sql("UPDATE device SET revoked_at = now() WHERE site = %s", site)
        for day, outcome in enumerate(outcomes, 1):
            at = f"2026-01-0{day}T00:00:00Z"
            result(technician, claim(technician, site), outcome, at=at, note="=山背面").raise_for_status()

    def listed(**asked: Any) -> Any:
        return technician.get("uncovered", **asked).json()

    told = listed()
    assert told["many"] == 2
    by_site = {one["site"]: one for one in told["sites"]}
    assert list(by_site) == [sites[0], sites[1]], "longest without first; whoever is only to be visited again is not"
    first, second = by_site.values()
    assert (first["since"][:10], first["visits"], first["visited_at"][:10]) == ("2026-01-01", 2, "2026-01-02")
    assert (second["since"][:10], second["visits"]) == ("2026-01-02", 1)
    assert {one["visited_by"] for one in by_site.values()} == {technician.display}
    page = listed(limit=1)
    assert [one["site"] for one in page["sites"]] == [sites[0]]
    page = listed(limit=1, after=page["more"])
    assert [one["site"] for one in page["sites"]] == [sites[1]]
    assert page["more"] == "", "nothing comes after a last page that is full"
    assert technician.get("uncovered", after="x").status_code == 422
    assert listed(village=first["village"])["many"] == 2
    assert listed(village=first["village"] + 999_999)["many"] == 0
    table = technician.get("uncovered.csv")
    assert table.headers["content-type"].startswith("text/csv")
    lines = table.text.splitlines()
    assert lines[0].startswith("\ufeff点位编号,村,")
    assert [line.split(",")[0] for line in lines[1:]] == [sites[0], sites[1]]
    assert lines[1].endswith(f"2026-01-01,2,2026-01-02,{technician.display},'=山背面")
    claim(technician, sites[0])  # somebody goes there
    assert [one["site"] for one in listed()["sites"]] == [sites[1]]


def test_only_who_has_the_secret_uses_a_claim(technician: Somebody, village: Village) -> None:
    one = claim(technician, village.sites[6])
    assert use(technician, one | {"secret": "0" * 32}).status_code == 403
    assert result(technician, one, "done").json()["code"] == "not_used"
    assert technician.post(f"claims/{one['id']}/drill", secret=one["secret"]).json()["code"] == "not_used"
    assert technician.post(f"claims/{one['id']}/end").status_code == 204
    assert use(technician, one).json()["code"] == "revoked"
    assert claim(technician, village.sites[6])["device"] != one["device"]


def test_a_claim_lapses(county: County, technician: Somebody, village: Village) -> None:
    late = claim(technician, village.sites[7])
    county.sql("UPDATE claim SET not_after = now() WHERE id = %s", late["id"])
    assert use(technician, late).json()["code"] == "expired"
    assert claim(technician, village.sites[7])["id"] != late["id"]  # and holds nobody up
    [(sealed,)] = county.sql("SELECT sealed FROM claim WHERE id = %s", late["id"])
    assert sealed is None


def test_an_offline_claim_is_live_at_once_and_stays_only_if_its_device_was_heard_or_done(
    county: County, technician: Somebody, village: Village
) -> None:
    sites = village.sites[7:10]
    heard, done, silent = claims(technician, *sites, kind="camera", offline=True)["claims"]
    assert {f"{c['device']}.1" for c in (heard, done, silent)} <= set(users(village))
    assert village.send(press(heard))[0].verdict == "received"
    assert result(technician, done, "done").json()["live"]
    village.send()  # presence is written with the next of its rounds
    technician.get("devices")
    county.sql("UPDATE claim SET not_after = now() WHERE id = ANY(%s)", [c["id"] for c in (heard, done, silent)])

    async def look(conn: store.Connection) -> None:
        async with conn.transaction():
            await store.heard(conn)
            await store.end_expired(conn)

    in_store(county, look)
    left = set(users(village))
    assert {f"{heard['device']}.1", f"{done['device']}.1"} <= left
    assert f"{silent['device']}.1" not in left
    assert village.send(press(silent))[0].verdict == "quarantined"


def test_the_old_device_ends_when_the_new_one_is_used(county: County, village: Village) -> None:
    technician = Somebody(county, Grant("technician"))
    old = village.lamps[8]
    reply = technician.post(f"devices/{old.id}/replace", board="esp32s3-lamp")
    assert reply.status_code == 201, reply.text
    one = reply.json()
    assert (one["replaces"], one["kind"], one["site"]) == (old.id, "lamp", village.sites[8])
    assert village.send(old.press())[0].verdict == "received"  # the old one still calls for help
    assert use(technician, one).status_code == 200
    assert village.send(old.press())[0].verdict == "quarantined"
    assert village.send(press(one))[0].verdict == "received"
    assert technician.post(f"devices/{old.id}/replace").status_code == 409
    assert technician.post(f"devices/{one['device']}/revoke", reason="stolen").status_code == 200
    assert village.send(press(one))[0].verdict == "quarantined"


def test_no_secret_is_in_the_log_of_the_county_or_in_the_audit(county: County, technician: Somebody) -> None:
    one = claim(technician, technician.get("installing").json()["sites"][0]["site"], kind="flood")
    assert use(technician, one).status_code == 200
    written = "".join(county.said) + str(county.sql("SELECT * FROM audit"))
    for secret in (one["secret"], one["settings"]["root"]):
        assert secret not in written
