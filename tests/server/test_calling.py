"""A call for help and nobody who answers: whom the running county telephones, and when it stops. Its process is killed
in between."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from heartlamp_server.responder import store as people
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant

from tests.server.county import WAIT_SECONDS, County, Village
from tests.server.notification import providers
from tests.server.notification.providers import Provider
from tests.server.notification.telephone import CALLBACK, telephone
from tests.server.responder.people import in_store, seal_of

FAMILY, TOWNSHIP, COUNTY = "13800000001", "13800000003", "13800000004"
POLICY = """
[[policy]]
id = "fast"

[[policy.steps]]
after_s = 0
until = "accepted"
whom = [{ role = "family", level = "site" }, { role = "siren", level = "village" }]

[[policy.steps]]
after_s = 300
until = "coming"
whom = [{ role = "operator", level = "township" }]

[[policy.steps]]
after_s = 600
until = "coming"
whom = [{ role = "operator", level = "county" }]
again_s = 60
times = 0
"""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.aliyun().listening() as provider:
        yield provider


@pytest.fixture
def county(new_database: Callable[[], str], tmp_path: Path, provider: Provider) -> Iterator[County]:
    county = County(tmp_path, new_database())
    county.make()
    telephone(county, provider, {"alarm.zh": "TTS_1", "drill.zh": "TTS_2", "silent.zh": "TTS_3", "thanks.zh": "TTS_9"})
    county.start()
    yield county
    if county.process is not None and county.process.poll() is None:
        county.stop()


@pytest.fixture
def village(county: County) -> Village:
    village = county.village()
    areas = dict(county.sql("SELECT level, id FROM area WHERE valid_to IS NULL"))
    somebody(county, "family1", "家属", FAMILY, Grant("family", site=village.sites[0]))
    somebody(county, "township1", "镇值班员", TOWNSHIP, Grant("operator", areas["township"]))
    somebody(county, "county1", "县值班员", COUNTY, Grant("operator", areas["county"]))
    (county.folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    county.cli("policy", "import", county.folder / "policy.toml", "--config", county.config)
    return village


def somebody(county: County, name: str, display: str, number: str, grant: Grant) -> None:
    async def make(conn: people.Connection) -> None:
        await people.add_person(conn, Person(name, display), None)
        await people.give_role(conn, name, grant, "test")
        await people.set_numbers(conn, seal_of(county), name, [f"+86{number}"])

    in_store(county, make)


def called(provider: Provider) -> list[str]:
    return [r.query["CalledNumber"] for r in provider.got if r.headers["x-acs-action"] == "IvrCall"]


def states(county: County, number: str) -> list[str]:
    return [row[0] for row in county.sql("SELECT state FROM notification WHERE address = %s", f"+86{number}")]


def until(right: Callable[[], Any], what: object = "") -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := right()):
        assert time.monotonic() < deadline, what
        time.sleep(0.05)  # another process's doing, which tells us nothing
    return found


def press_key(county: County, incident: str, target: str, key: str) -> None:
    """The provider reports that who was called there pressed it."""

    def taken() -> list[tuple[Any, ...]]:
        return county.sql(
            "SELECT provider_id FROM notification_attempt a JOIN notification n ON n.id = a.notification "
            "WHERE n.incident = %s AND n.address = %s AND n.state = 'sent'", incident, f"+86{target}",
        )  # fmt: skip

    [(call,)] = until(taken)
    report = [{"call_id": call, "start_time": "2026-07-01 10:00:05", "status_code": "200000", "dtmf": key}]
    assert httpx.post(f"{county.console}/notify/{CALLBACK}/voice", json=report).status_code == 200


def later(county: County, incident: str, seconds: int) -> None:
    """As if it had been opened so much earlier: how busy this machine is makes no step due."""
    county.sql("UPDATE incident SET opened_at = opened_at - make_interval(secs => %s) WHERE id = %s", seconds, incident)
    county.sql("UPDATE course SET look_at = clock_timestamp() WHERE incident = %s", incident)


def test_level_by_level_until_somebody_comes_though_the_county_is_killed(
    county: County, village: Village, provider: Provider
) -> None:
    press = village.keys[0].press()
    village.send(press)
    until(lambda: states(county, FAMILY) == ["sent"], county.said)
    county.kill()
    county.start()
    assert TOWNSHIP not in called(provider)
    later(county, press.id, 300)
    until(lambda: TOWNSHIP in called(provider), county.said)
    press_key(county, press.id, TOWNSHIP, "1")
    operator = county.account()
    until(lambda: operator.card(press.id)["answer"] == "coming")
    card = operator.card(press.id)
    assert [(r["name"], r["answer"]) for r in card["responders"]] == [("镇值班员", "coming")]
    later(county, press.id, 300)  # the county's step would be due
    looked = "SELECT 1 FROM course WHERE incident = %s AND (look_at IS NULL OR look_at > clock_timestamp())"
    until(lambda: county.sql(looked, press.id), county.said)
    # What a kill leaves in doubt at the provider is asked of it again; by ourselves nothing is asked for twice.
    assert list(dict.fromkeys(called(provider))) == [FAMILY, TOWNSHIP]
    assert (len(states(county, FAMILY)), len(states(county, TOWNSHIP))) == (1, 1)
    assert county.sql("SELECT count(*) FROM notification WHERE address = %s", f"+86{COUNTY}") == [(0,)]
    told = [line["text_zh"] for line in operator.get(f"incidents/{press.id}")["timeline"] if line["kind"] == "told"]
    assert any(text.startswith("通知镇值班员（") for text in told), told


@pytest.mark.prove
def test_a_drill_is_called_as_one_and_once_it_is_real_everybody_is_called_anew(
    county: County, village: Village, provider: Provider
) -> None:
    operator = county.account()
    assert operator.http.post("/api/drills", json={"site": village.sites[0]}).status_code == 200
    press = village.keys[0].press()
    village.send(press)
    until(lambda: states(county, FAMILY) == ["sent"], county.said)
    press_key(county, press.id, FAMILY, "1")
    until(lambda: operator.card(press.id)["answer"] == "coming")
    village.send(village.keys[0].press())
    until(lambda: sorted(states(county, FAMILY)) == ["answered", "sent"], county.said)
    codes = [r.query["StartCode"] for r in provider.got if r.headers["x-acs-action"] == "IvrCall"]
    assert codes == ["TTS_2", "TTS_1"], "who said that they come to a drill is called for the real one"
    keys = county.sql("SELECT key, drill FROM notification WHERE incident = %s ORDER BY id", press.id)
    assert [(key.split("/")[1].endswith("d"), drill) for key, drill in keys] == [(True, True), (False, False)]
    assert operator.card(press.id)["answer"] in ("none", "unanswered")


@pytest.mark.prove
def test_who_cannot_come_is_followed_by_the_next_at_once(county: County, village: Village, provider: Provider) -> None:
    press = village.keys[0].press()
    village.send(press)
    press_key(county, press.id, FAMILY, "2")
    # Nobody is at the township's post either, so the county is called at the same moment: either may ring first.
    until(lambda: called(provider)[:1] == [FAMILY] and TOWNSHIP in called(provider), county.said)
    responders = county.account().card(press.id)["responders"]
    assert [(r["name"], r["answer"]) for r in responders] == [("家属", "cannot")]
    [(after,)] = county.sql(
        "SELECT extract(epoch FROM n.made_at - i.opened_at)::float FROM notification n JOIN incident i "
        "ON i.id = n.incident WHERE n.address = %s", f"+86{TOWNSHIP}",
    )  # fmt: skip
    assert after < 300


def test_of_a_silent_alarm_nobody_is_told_whom_no_policy_names(county: County, village: Village) -> None:
    press = village.lamps[0].press("silent")
    village.send(press)
    until(lambda: county.sql("SELECT 1 FROM course WHERE incident = %s AND course IS NULL", press.id))
    assert county.sql("SELECT count(*) FROM notification WHERE incident = %s", press.id) == [(0,)]


def test_a_policy_is_refused_in_words_and_simulated(county: County, village: Village) -> None:
    file = county.folder / "bad.toml"
    file.write_text(POLICY.replace("times = 0", "times = 3"), encoding="utf-8")
    done = county.cli("policy", "import", file, "--config", county.config, check=False)
    assert (done.returncode, "the last step is repeated without end" in done.stderr) == (1, True)
    said = county.cli("policy", "simulate", village.sites[0], "--config", county.config).stdout
    steps = [line.split() for line in said.splitlines()[1:5]]
    assert sorted((int(s[0]), s[5]) for s in steps) == [
        (0, "家属"), (0, "村口警报"), (300, "镇值班员"), (600, "县值班员"),
    ]  # fmt: skip
    assert "fast 1" in county.cli("policy", "list", "--config", county.config).stdout
