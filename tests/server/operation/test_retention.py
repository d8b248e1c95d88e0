"""What is kept long enough goes: words, notes, households that are gone. What happened stays."""

import asyncio
import json
from typing import Any

import psycopg
import pytest
from heartlamp_server.area.erase import ERASED
from heartlamp_server.config import Retention
from heartlamp_server.operation import retention
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Operator, Village
from tests.server.matter.people import LAMP
from tests.server.responder.people import Somebody


def keep(county: County, kept: Retention) -> retention.Taken:
    async def work() -> retention.Taken:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await retention.run(conn, kept, "")

    return asyncio.run(work())


@pytest.fixture
def told(village: Village, operator: Operator) -> str:
    """A call that is over, with all that people typed about it."""
    press = village.keys[0].press()
    village.send(press)
    id = press.id

    def do(act: str, **said: Any) -> None:
        reply = operator.http.post(f"/api/incidents/{id}/do", json={"act": act, **said})
        assert reply.status_code == 200, reply.text

    operator.say(id, "accepted", note="老人摔倒")
    operator.say(id, "arrived")
    do("handle", words="送到县医院")
    do("feedback", words="已经回家")
    operator.say(id, "closed", how="arrived", note="儿子在场")
    return id


def lines(county: County, id: str) -> str:
    found = county.sql("SELECT kind, detail FROM timeline WHERE incident = %s ORDER BY id", id)
    found += county.sql("SELECT what, after FROM incident WHERE id = %s", id)
    return json.dumps(found, ensure_ascii=False)


WORDS = ("老人摔倒", "送到县医院", "已经回家", "儿子在场")


def test_words_go_after_their_days_and_steps_stay(county: County, told: str, operator: Operator) -> None:
    before = operator.kinds(told)
    county.sql("DELETE FROM retention")
    keep(county, Retention(words_days=730))
    assert all(word in lines(county, told) for word in WORDS)
    county.sql("UPDATE incident SET closed_at = closed_at - interval '731 days' WHERE id = %s", told)
    county.sql("DELETE FROM retention")
    assert keep(county, Retention(words_days=730)).words >= 4
    after = lines(county, told)
    assert [word for word in WORDS if word in after] == []
    assert after.count(ERASED) == 6  # four lines, and two stages of the incident
    assert operator.kinds(told) == before
    assert operator.card(told)["what"] == "panic"
    [(detail,)] = county.sql("SELECT detail FROM audit WHERE what = 'retention.run' ORDER BY id DESC LIMIT 1")
    assert detail["words"] >= 4
    assert keep(county, Retention(words_days=730)).words == 0  # from where it was left


def test_a_household_without_devices_is_forgotten_after_its_days(county: County, operator: Operator) -> None:
    village = county.village()
    site = village.sites[0]
    admin = county.more_than("administrator", "grid_worker")
    said = {"kind": "data", "given_on": "2026-01-02", "how": "witness", "evidence": "网格员一号"}
    assert admin.http.post(f"/api/sites/{site}/consents", json=said).status_code == 200
    needs = {"key_holder": "", "dog": "有狗", "stairs": "", "hazards": ""}
    contact = {"role": "儿子", "number": "13800138000", "language": "zh"}
    reply = admin.http.post(f"/api/sites/{site}/household", json={"contacts": [contact], "needs": needs})
    assert reply.status_code == 200, reply.text

    def kept() -> list[tuple[Any, ...]]:
        return county.sql(
            "SELECT (SELECT count(*) FROM contact c WHERE c.site = h.site), needs IS NOT NULL, erased_by "
            "FROM household h WHERE site = %s", site,
        )  # fmt: skip

    keep(county, Retention(household_days=30))
    assert kept() == [(1, True, "")]
    county.sql("UPDATE device SET revoked_at = now() - interval '29 days' WHERE site = %s", site)
    keep(county, Retention(household_days=30))
    assert kept() == [(1, True, "")]
    county.sql("UPDATE device SET revoked_at = now() - interval '31 days' WHERE site = %s", site)
    assert keep(county, Retention(household_days=30)).households >= 1
    assert kept() == [(0, False, "retention")]


def test_what_a_gateway_said_is_forgotten_when_it_cannot_say_it_again(county: County, village: Village) -> None:
    press = village.keys[0].press()
    village.send(press, notes=[village.note(1, press.id, "lit", village.lamps[1].id)])
    assert county.sql("SELECT count(*) FROM note WHERE incident = %s", press.id) == [(1,)]
    keep(county, Retention())
    assert county.sql("SELECT count(*) FROM note WHERE incident = %s", press.id) == [(1,)]
    county.sql("UPDATE note SET at = at - interval '32 days' WHERE incident = %s", press.id)
    assert keep(county, Retention()).rows["note"] == 1
    assert county.sql("SELECT count(*) FROM timeline WHERE incident = %s AND kind = 'lit'", press.id) == [(1,)]


def test_what_phones_houses_and_shifts_keep_goes_after_its_days(county: County, told: str, village: Village) -> None:
    site, who = village.sites[0], county.sql("SELECT name FROM person LIMIT 1")[0][0]
    for days in (1, 2000):
        one = {"n": f"{days}-{told}", "days": days, "site": site, "who": who, "incident": told}
        for statement in (
            "INSERT INTO phone_act (id, person, incident, asked, state, why, at) "
            "VALUES (%(n)s, 'p', %(incident)s, '', '', '', now() - %(days)s * interval '1 day')",
            "INSERT INTO patrol (id, site, person, said, by_code, at, taken_at) "
            "VALUES (%(n)s, %(site)s, 'p', 'well', true, now(), now() - %(days)s * interval '1 day')",
            "INSERT INTO photo (id, person, sealed, size, at) "
            "VALUES (%(n)s, 'p', '', 0, now() - %(days)s * interval '1 day')",
            "INSERT INTO pairing (site, token, agent, until) "
            "VALUES (%(site)s, sha256(%(n)s::bytea), '', now() - %(days)s * interval '1 day')",
            "INSERT INTO site_fault (site, what, words, source, ended_at) "
            "VALUES (%(site)s, %(n)s, '', 'code', now() - %(days)s * interval '1 day')",
            "INSERT INTO shift_handover (incoming, note, list, signed_at) "
            "VALUES (%(who)s, %(n)s, '{}', now() - %(days)s * interval '1 day')",
        ):
            with psycopg.connect(county.conninfo, autocommit=True) as conn:
                conn.execute(statement, one)
    taken = keep(county, Retention(words_days=730)).rows
    assert {name: many for name, many in taken.items() if name not in ("note", "course")} == {
        "login_guess": 0, "known_browser": 0, "phone_act": 1, "patrol": 1, "pairing": 1, "photo": 1,
        "photo_of_matter": 0, "site_fault": 1, "shift_handover": 1,
    }  # fmt: skip
    new = f"1-{told}"
    assert county.sql("SELECT id FROM phone_act WHERE incident = %s", told) == [(new,)]
    assert county.sql("SELECT note FROM shift_handover WHERE note LIKE %s", f"%{told}") == [(new,)]


def test_pictures_of_a_matter_go_after_the_days_of_words_and_not_before_it_is_over(
    county: County, village: Village
) -> None:
    area = county.sql("SELECT area FROM site WHERE id = %s", village.sites[0])[0][0]
    worker = Somebody(county, Grant("operator", area))
    ended, goes_on = (
        worker.post("matters", code=LAMP, words="井边那盏不亮", source="resident", area=area).json()["id"]
        for _ in range(2)
    )
    for matter in (ended, goes_on):
        photo = f"of-{matter}-{village.sites[0]}"
        county.sql(
            "INSERT INTO photo (id, person, sealed, size, at) VALUES (%s, 'p', '', 0, now() - interval '3 years')",
            photo,
        )
        county.sql("UPDATE matter SET photos = ARRAY[%s] WHERE id = %s", photo, matter)
    county.sql("UPDATE matter SET ended_at = now() - interval '731 days', ended = 'closed' WHERE id = %s", ended)
    assert keep(county, Retention(words_days=730)).rows["photo_of_matter"] == 1
    left = county.sql("SELECT id FROM photo WHERE id LIKE %s", f"of-%-{village.sites[0]}")
    assert left == [(f"of-{goes_on}-{village.sites[0]}",)]


def test_a_household_reads_what_is_kept_of_it_as_a_page(county: County, village: Village) -> None:
    admin = county.more_than("administrator")
    reply = admin.http.get(f"/api/sites/{village.sites[0]}/export.html")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert "attachment" in reply.headers["content-disposition"]
    assert "三组 0号" in reply.text
    assert village.lamps[0].id in reply.text
    assert "<script" not in reply.text
