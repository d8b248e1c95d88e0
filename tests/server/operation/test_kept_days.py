"""How long things are kept, changed on the page: bounds, a reason, a day to take it back, and the job by it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from heartlamp_server.config import Retention
from heartlamp_server.database.kept_days import BOUNDS, GRACE, Rule, holds_from
from heartlamp_server.operation import retention
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.responder.people import Somebody

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def admin(county: County) -> Iterator[Somebody]:
    yield Somebody(county, Grant("administrator"))
    county.sql("DELETE FROM kept_days")


def kept(somebody: Somebody, what: str) -> dict[str, object]:
    found: dict[str, object] = next(k for k in somebody.get("retention").json()["kept"] if k["what"] == what)
    return found


def run(county: County) -> retention.Taken:
    async def work() -> retention.Taken:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await retention.run(conn, Retention(), "")

    return asyncio.run(work())


def test_longer_holds_at_once_and_shorter_a_day_later() -> None:
    assert holds_from(8, 7, NOW) == holds_from(7, 7, NOW) == NOW
    assert holds_from(6, 7, NOW) == NOW + GRACE
    rule = Rule(6, 7, NOW + GRACE, "a", "A", NOW, "why")
    assert [rule.at(NOW), rule.at(NOW + GRACE - timedelta(seconds=1)), rule.at(NOW + GRACE)] == [7, 7, 6]


def test_days_stay_within_bounds_need_a_reason_and_are_written_down(
    county: County, village: Village, admin: Somebody
) -> None:
    def change(days: int, why: str = "县保密办要求", what: str = "pictures") -> tuple[int, str]:
        reply = admin.http.post(f"/api/retention/{what}", json={"days": days, "why": why})
        return reply.status_code, reply.json().get("error", "")

    assert kept(admin, "pictures")["days"] == 7
    assert change(BOUNDS["pictures"].most + 1)[0] == 409
    assert "1 到 30 天" in change(31)[1]
    assert "原因" in change(9, "  ")[1]
    assert change(9, what="audit")[0] == 422, "what is kept always, or by rule, has no days to set"
    assert kept(admin, "pictures")["set_by"] == ""
    assert change(9) == (200, "")
    told = kept(admin, "pictures")
    assert (told["days"], told["next_days"], told["set_by"], told["why"]) == (9, None, admin.display, "县保密办要求")
    written = county.sql("SELECT about, detail FROM audit WHERE what = 'retention.change' AND who = %s", admin.name)
    assert written == [("pictures", {"days": 9, "before": 7})]
    (lower,) = county.sql("SELECT area FROM site WHERE id = %s", village.sites[0])[0]
    other = Somebody(county, Grant("administrator", lower))
    refused = other.http.post("/api/retention/pictures", json={"days": 8, "why": "x"})
    assert (refused.status_code, "县级" in refused.json()["error"]) == (403, True)
    assert other.get("retention/pictures/going", days=8).status_code == 403


def test_what_is_shortened_says_what_goes_waits_a_day_and_can_be_taken_back(
    county: County, village: Village, admin: Somebody
) -> None:
    press = village.keys[0].press()
    village.send(press)
    operator = Somebody(county, Grant("operator"))
    for said in ({"answer": "accepted", "note": "老人摔倒"}, {"answer": "closed", "how": "spoke_to", "note": "没事了"}):
        assert operator.http.post(f"/api/incidents/{press.id}/answer", json=said).status_code == 200
    county.sql("UPDATE incident SET closed_at = now() - interval '400 days' WHERE id = %s", press.id)
    county.sql("DELETE FROM retention")

    def has_words() -> bool:
        return bool(county.sql("SELECT 1 FROM timeline WHERE incident = %s AND detail::text ~ '老人摔倒'", press.id))

    going = admin.get("retention/words/going", days=365).json()
    assert going["rows"] >= 2
    assert datetime.fromisoformat(going["from_at"]) > datetime.now(UTC) + timedelta(hours=23)
    assert admin.get("retention/words/going", days=800).json()["rows"] == 0
    for days in (365, 730, 365):
        reply = admin.http.post("/api/retention/words", json={"days": days, "why": "试一试"})
        assert reply.status_code == 200, reply.text
        told = kept(admin, "words")
        assert (told["days"], told["next_days"]) == (730, 365 if days == 365 else None)
    assert run(county).kept.words_days == 730
    assert has_words()
    county.sql("UPDATE kept_days SET holds_from = now() WHERE holds_from > now()")
    assert kept(admin, "words")["days"] == 365
    county.sql("DELETE FROM retention")
    assert run(county).kept.words_days == 365
    assert not has_words()


def test_pictures_and_readings_go_by_the_days_of_the_page(county: County, admin: Somebody) -> None:
    from heartlamp_server.database import kept_days

    for what, days in (("pictures", 3), ("readings", 40), ("households", 10)):
        assert admin.http.post(f"/api/retention/{what}", json={"days": days, "why": "x"}).status_code == 200
        assert admin.get(f"retention/{what}/going", days=days).json()["rows"] is not None
    county.sql("UPDATE kept_days SET holds_from = now() WHERE holds_from > now()")

    async def held() -> list[int]:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return [await kept_days.days(conn, what, 99) for what in ("pictures", "readings", "households", "words")]

    assert asyncio.run(held()) == [3, 40, 10, 99]
