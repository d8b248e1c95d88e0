"""Once a month everybody on duty is called. Who presses a key has proven that this number wakes them; nothing else
does."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest
from heartlamp_server import config
from heartlamp_server.calling import hooks
from heartlamp_server.escalation import compile, duties, policies
from heartlamp_server.notification.store import now
from heartlamp_server.responder import store as people
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import Grant

from tests.server.county import County
from tests.server.notification import providers
from tests.server.notification.providers import Provider
from tests.server.notification.telephone import CALLBACK, telephone
from tests.server.responder.people import in_store, seal_of
from tests.server.test_calling import until

TEXT = """
[notification.text]
kind = "aliyun-sms"
access_key_file = "aliyun.key"
signature = "心灯"
templates = { "alarm.zh" = "SMS_1", "test.zh" = "SMS_2" }
"""
NUMBER = "13800000009"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.aliyun().listening() as provider:
        yield provider


@pytest.fixture
def county(new_database: Callable[[], str], tmp_path: Path, provider: Provider) -> County:
    """Not running. It has a village and its head."""
    county = County(tmp_path, new_database())
    county.make()
    numbers = {"alarm.zh": "TTS_1", "silent.zh": "TTS_3", "thanks.zh": "TTS_9", "test.zh": "TTS_5"}
    telephone(county, provider, numbers, more=TEXT)
    return county


def head(county: County) -> int:
    """A group's head; returns the group."""
    [(group,)] = county.sql("SELECT id FROM area WHERE level = 'group'")

    async def make(conn: people.Connection) -> None:
        await people.add_person(conn, Person("head1", "三组户长"), None)
        await people.give_role(conn, "head1", Grant("group_head", group), "test")
        await people.set_numbers(conn, seal_of(county), "head1", [f"+86{NUMBER}"])

    in_store(county, make)
    return int(group)


def gaps(county: County, group: int) -> list[str]:
    """What a plan has to say of the head."""

    async def look(conn: people.Connection) -> list[str]:
        moment = await now(conn)
        at = await duties.place(conn, group)
        duty = await duties.duties(conn, seal_of(county), [policies.DEFAULT], [at], moment)
        found = compile.gaps([policies.DEFAULT], [at.group], duty.at())
        return [gap.en for gap in found if gap.whom.role == "group_head"]

    found: list[str] = []

    async def keep(conn: people.Connection) -> None:
        found.extend(await look(conn))

    in_store(county, keep)
    return found


def answered(county: County, channel: str, days_ago: int) -> None:
    """The outbox hands over that a test was answered there."""
    told = hooks(config.read(county.config)).proven

    async def tell() -> None:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            await told(conn, channel, f"+86{NUMBER}", await now(conn) - timedelta(days=days_ago))

    asyncio.run(tell())


def test_a_step_needs_a_number_that_answered_a_call_within_30_days(county: County) -> None:
    county.enrol(_one_village())
    group = head(county)
    unproven = ["no call to them was answered in 30 days"]
    assert gaps(county, group) == unproven
    answered(county, "text", 0)
    answered(county, "app", 0)
    assert gaps(county, group) == unproven  # a message and a push wake nobody
    answered(county, "voice", 31)
    assert gaps(county, group) == unproven
    answered(county, "voice", 29)
    assert gaps(county, group) == []


@pytest.mark.prove
def test_each_is_called_once_a_day_until_a_key_is_pressed(county: County, provider: Provider) -> None:
    county.enrol(_one_village())
    group = head(county)
    said = [county.cli("prove", "--config", county.config).stdout for _ in range(2)]
    assert [s.split()[0] for s in said] == ["1", "0"]
    county.start()
    try:
        until(lambda: county.sql("SELECT 1 FROM notification WHERE state = 'sent'"), county.said)
        calls = [r for r in provider.got if r.headers["x-acs-action"] == "IvrCall"]
        assert {call.query["CalledNumber"] for call in calls} == {NUMBER}
        [(id,), *_] = county.sql("SELECT provider_id FROM notification_attempt")  # in doubt twice
        moment = datetime.now(ZoneInfo("Asia/Shanghai"))
        report = [{"call_id": id, "start_time": f"{moment:%Y-%m-%d %H:%M:%S}", "status_code": "200000", "dtmf": "1"}]
        assert httpx.post(f"{county.console}/notify/{CALLBACK}/voice", json=report).status_code == 200
        until(lambda: county.sql("SELECT 1 FROM person_number WHERE answered_at IS NOT NULL"), county.said)
    finally:
        county.stop()
    assert gaps(county, group) == []
    assert county.cli("prove", "--config", county.config).stdout.startswith("0 numbers are called now, 0 were")


def _one_village() -> dict[str, object]:
    return {
        "county": {"name": "庆丰县", "code": "990101"},
        "villages": [
            {
                "code": "",
                "name": "柳树村",
                "township": "城关镇",
                "gateway": "gwprove",
                "broker": {"host": "127.0.0.1", "port": 1, "name": "gwprove.heartlamp"},
                "groups": [{"name": "三组", "sites": [{"id": "s1", "name": "三组 7号", "address": "", "landmark": "",
                                                      "devices": [{"id": "lamp1", "kind": "lamp"}]}]}],
            }
        ],
    }  # fmt: skip
