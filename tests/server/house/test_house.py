"""A household's page at a real county: what a stranger with the code can, how a phone is paired, what it then sees."""

import secrets
import time
from typing import Any

import httpx
import pytest
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.responder.people import Somebody


class Phone:
    """A browser of its own before a house's page."""

    def __init__(self, county: County, code: str) -> None:
        self.http = httpx.Client(base_url=county.console, headers={"X-Heartlamp": "1"})
        self.house = f"/api/house/{code}"

    def get(self, path: str = "") -> httpx.Response:
        return self.http.get(self.house + path)

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(self.house + path, json=body)

    def standing(self) -> str:
        said: str = self.get().json()["standing"]
        return said

    def until(self, standing: str, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while (now := self.standing()) != standing:
            assert time.monotonic() < end, now
            time.sleep(0.1)  # as the page asks


@pytest.fixture
def technician(county: County, village: Village) -> Somebody:
    return Somebody(county, Grant("technician"))


@pytest.fixture
def code(village: Village, technician: Somebody) -> str:
    said: str = technician.get(f"sites/{village.sites[0]}/code").json()["code"]
    return said


@pytest.fixture
def paired(county: County, village: Village, code: str) -> Phone:
    phone = Phone(county, code)
    assert phone.post("/pair").status_code == 200
    green(village)
    phone.until("paired")
    return phone


def green(village: Village, house: int = 0, number: int = 0) -> Any:
    """A press of the green key of a lamp that shows no call."""
    press = village.lamps[house].reading([("green", number or secrets.randbits(48))], "reading")
    village.send(press, to="readings")
    return press


def test_a_stranger_may_report_a_fault_and_learns_nothing(
    county: County, village: Village, code: str, technician: Somebody
) -> None:
    stranger = Phone(county, code)
    door = stranger.get()
    assert set(door.json()) == {"now", "standing", "until"}
    assert stranger.get("/home").status_code == 403
    assert stranger.post("/faults", what="dark", words="张三家").status_code == 200
    assert stranger.post("/faults", what="dark").status_code == 200
    [fault] = [f for f in technician.get("site-faults").json()["faults"] if f["site"] == village.sites[0]]
    assert (fault["what"], fault["times"], fault["source"], fault["words"]) == ("dark", 2, "code", "")
    assert fault["site_name"].startswith("三组"), "a technician reads where to go"
    assert technician.post(f"site-faults/{fault['id']}/end").status_code == 204
    assert village.sites[0] not in {f["site"] for f in technician.get("site-faults").json()["faults"]}


def test_a_stranger_may_not_do_it_for_ever(county: County, code: str) -> None:
    stranger = Phone(county, code)
    said = [stranger.post("/faults", what="sound").status_code for _ in range(10)]
    assert said == [200] * 8 + [429] * 2


def test_a_code_that_is_none_opens_nothing(county: County, technician: Somebody, village: Village, code: str) -> None:
    for wrong in ("a" * 14, "nonsense", code[:-1] + ("a" if code[-1] != "a" else "b")):
        assert Phone(county, wrong).get().status_code == 404
    assert technician.post(f"sites/{village.sites[0]}/code").status_code == 200
    assert Phone(county, code).get().status_code == 404


def test_a_press_on_the_lamp_lets_the_phone_in_and_no_other_phone(county: County, village: Village, code: str) -> None:
    phone, other = Phone(county, code), Phone(county, code)
    assert phone.post("/pair").json()["standing"] == "waiting"
    refused = other.post("/pair")
    assert refused.status_code == 409  # one press shall not let in two
    assert phone.standing() == "waiting"
    green(village, house=1)  # another house's lamp
    assert phone.standing() == "waiting"
    green(village)
    phone.until("paired")
    assert other.standing() == "stranger"
    home = phone.get("/home").json()
    assert home["name"] == "三组 0号"
    assert [p["mine"] for p in home["phones"]] == [True]
    assert sum(step["after_s"] == 0 for step in home["steps"]) <= 1


def test_a_call_is_the_last_press_that_arrived_before_its_button_says_so_itself(
    village: Village, paired: Phone
) -> None:
    assert paired.get("/home").json()["drill_at"] is None
    village.send(village.keys[0].press())
    home = paired.get("/home").json()
    assert home["drill_at"] == home["calls"][0]["opened_at"]


def test_red_is_help_and_pairs_nothing(county: County, village: Village, code: str) -> None:
    phone = Phone(county, code)
    phone.post("/pair")
    village.send(village.keys[0].press())
    village.send(village.lamps[0].press())
    assert phone.standing() == "waiting"


def test_an_old_press_that_somebody_kept_and_brings_again_pairs_nothing(
    county: County, village: Village, code: str
) -> None:
    before = green(village)
    county.sql("UPDATE reading SET at = at - interval '20 minutes' WHERE device = %s", village.lamps[0].id)
    phone = Phone(county, code)
    phone.post("/pair")
    village.send(before, to="readings")  # the same signed bytes, said to be of this moment
    assert phone.standing() == "waiting"
    green(village)
    phone.until("paired")


def test_a_press_after_the_two_minutes_is_too_late(county: County, village: Village, code: str) -> None:
    phone = Phone(county, code)
    phone.post("/pair")
    county.sql(
        "UPDATE pairing SET began_at = began_at - interval '121 s', until = until - interval '121 s' WHERE site = %s",
        village.sites[0],
    )
    green(village)
    assert phone.standing() == "waiting"  # what was pressed in time may still be on its way
    county.sql("UPDATE pairing SET until = until - interval '60 s' WHERE site = %s", village.sites[0])
    assert phone.standing() == "stranger"


def test_a_phone_is_put_out_from_the_page_by_an_operator_and_by_a_new_code(
    county: County, village: Village, code: str, technician: Somebody
) -> None:
    site, operator = village.sites[0], county.account()

    def pair() -> Phone:
        phone = Phone(county, code)
        assert phone.post("/pair").status_code == 200
        green(village)
        phone.until("paired")
        return phone

    mine, lost = pair(), pair()
    shown = mine.get("/home").json()["phones"]
    other = next(p["id"] for p in shown if not p["mine"])
    assert mine.post(f"/phones/{other}/end").status_code == 200
    assert lost.get("/home").status_code == 403
    [left] = operator.get(f"sites/{site}/phones")["phones"]
    assert operator.http.post(f"/api/sites/{site}/phones/{left['id']}/end").status_code == 204
    assert mine.get("/home").status_code == 403
    third = pair()
    technician.post(f"sites/{site}/code")
    assert third.get("/home").status_code == 404
    assert county.sql("SELECT count(*) FROM pairing WHERE site = %s AND ended_at IS NULL", site) == [(0,)]


def test_consent_is_taken_back_by_a_tap(county: County, village: Village, paired: Phone) -> None:
    site, operator = village.sites[0], county.more_than("grid_worker")
    given = {"kind": "camera", "given_on": "2026-02-01", "how": "witness", "evidence": "户长"}
    assert operator.http.post(f"/api/sites/{site}/consents", json=given).status_code == 200
    [shown] = paired.get("/home").json()["consents"]
    assert (shown["kind"], shown["withdrawn_on"]) == ("camera", None)
    [after] = paired.post("/consents/withdraw", kind="camera").json()["consents"]
    assert after["withdrawn_on"]
    assert paired.post("/consents/withdraw", kind="camera").status_code == 409


def test_the_household_says_how_it_was(county: County, village: Village, paired: Phone) -> None:
    press = village.keys[0].press()
    village.send(press)
    operator = county.account()
    assert [c["asked"] for c in paired.get("/home").json()["calls"]] == [False]
    assert paired.post("/evaluate", incident=press.id, marks=5).status_code == 409
    operator.say(press.id, "arrived")
    operator.http.post(f"/api/incidents/{press.id}/do", json={"act": "handle", "words": "已扶起"})
    assert [c["asked"] for c in paired.get("/home").json()["calls"]] == [True]
    [after] = paired.post("/evaluate", incident=press.id, marks=5, words="来得快").json()["calls"]
    assert (after["stage"], after["asked"]) == ("evaluated", False)
    assert operator.card(press.id)["after"]["evaluated"]["marks"] == 5


def test_a_relative_far_away_reads_the_page_and_changes_nothing(county: County, village: Village, code: str) -> None:
    relative = Somebody(county, Grant("family", site=village.sites[0]))
    [house] = relative.get("houses").json()["houses"]
    assert house["code"] == code
    home = relative.get(f"house/{code}/home")
    assert (home.status_code, home.json()["changes"]) == (200, False)
    assert relative.post(f"house/{code}/consents/withdraw", kind="camera").status_code == 403
    assert relative.post(f"house/{code}/faults", what="other", words="灯总响").status_code == 200
    neighbour = Somebody(county, Grant("family", site=village.sites[1]))
    assert neighbour.get(f"house/{code}/home").status_code == 403


def test_nothing_of_a_silent_alarm_is_on_the_page(county: County) -> None:
    """With a silent alarm that was pressed, answered, photographed and looked at, the page is the page without it."""
    village = county.village(more=["silent", "camera"])
    site, technician = village.sites[0], Somebody(county, Grant("technician"))
    code = technician.get(f"sites/{site}/code").json()["code"]
    phone = Phone(county, code)
    phone.post("/pair")
    green(village)
    phone.until("paired")
    kept = "SELECT count(*) FROM device WHERE site = %s AND kind = 'silent'"
    assert county.sql(kept, site) == [(1,)]

    def page() -> Any:
        return {name: value for name, value in phone.get("/home").json().items() if name != "now"}

    village.send(village.more["camera"].reading([("temp_mc", 1)]), to="readings")
    before = page()
    assert "silent" not in {d["kind"] for d in before["devices"]}
    silent = village.more["silent"].press("silent")
    village.send(silent)
    still = village.more["camera"].still(silent.id, "00" * 32, 3)
    village.send(still)
    operator = county.account()
    operator.say(silent.id, "accepted")
    county.sql(
        "INSERT INTO audit (who, what, about, site, detail) VALUES (%s, 'look.picture', %s, %s, '{}')",
        operator.name, still.id, site,
    )  # fmt: skip
    operator.say(silent.id, "arrived")
    operator.http.post(f"/api/incidents/{silent.id}/do", json={"act": "handle", "words": "x"})
    after = page()
    for one in (before, after):
        for device in one["devices"]:
            device.pop("last_seen"), device.pop("well")
    assert after == before
    assert phone.post("/evaluate", incident=silent.id, marks=5).status_code == 404
    nowhere = phone.post("/evaluate", incident="key-0", marks=5)
    assert phone.post("/evaluate", incident=silent.id, marks=5).json() == nowhere.json()


def test_who_looked_at_a_picture_stands_there(county: County) -> None:
    village = county.village(more=["camera"])
    site = village.sites[0]
    press = village.keys[0].press()
    still = village.more["camera"].still(press.id, "00" * 32, 3)
    village.send(press, still)
    operator = county.account(display="值班员乙")
    county.sql(
        "INSERT INTO audit (who, what, about, site, detail) VALUES (%s, 'look.picture', %s, %s, '{}')",
        operator.name, still.id, site,
    )  # fmt: skip
    relative = Somebody(county, Grant("family", site=site))
    [house] = relative.get("houses").json()["houses"]
    assert [look["who"] for look in relative.get(f"house/{house['code']}/home").json()["looks"]] == ["值班员乙"]


def test_a_patrol_checks_in_by_the_code_once(county: County, village: Village, code: str) -> None:
    [(area,)] = county.sql("SELECT id FROM area WHERE name = %s AND level = 'village'", village.name)
    worker = Somebody(county, Grant("grid_worker", area))
    id = secrets.token_hex(16)
    for _ in range(3):
        reply = worker.http.put(f"/api/patrols/{id}", json={"code": code, "said": "fault", "fault": "dark"})
        assert (reply.status_code, reply.json()["by_code"]) == (200, True)
    mine = worker.get("patrols", site=village.sites[0]).json()["visits"]
    assert [v["id"] for v in mine] == [id]
    [fault] = county.sql("SELECT what, times, source FROM site_fault WHERE site = %s", village.sites[0])
    assert fault == ("dark", 1, "patrol")
    stranger = Somebody(
        county, Grant("grid_worker", county.sql("SELECT min(id) FROM area WHERE level = 'village'")[0][0])
    )
    if stranger.get(f"sites/{village.sites[0]}").status_code == 404:
        other = stranger.http.put(f"/api/patrols/{secrets.token_hex(16)}", json={"code": code, "said": "well"})
        assert other.status_code == 404
