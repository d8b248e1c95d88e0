"""A picture's bytes at the county: of a verified still, from its own village, whole and right, and for days only."""

import asyncio
import random
from hashlib import sha256
from typing import Any

import httpx
import psycopg
import pytest
from heartlamp_server import config
from heartlamp_server.audit.store import NotWritten
from heartlamp_server.device.vault import Vault, read_key
from heartlamp_server.picture import store
from heartlamp_server.picture.model import Part, read_range
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Operator, Village
from tests.server.devices import Message
from tests.server.responder.people import Somebody

PICTURE = b"\xff\xd8\xff\xe0" + random.Random(4).randbytes(39_996)


@pytest.fixture
def village(county: County) -> Village:
    return county.village(more=("camera",))


def taken(village: Village, data: bytes = PICTURE) -> tuple[Message, Message]:
    """(press, still), both at the county."""
    press = village.more["camera"].press()
    still = village.more["camera"].still(press.id, sha256(data).hexdigest(), len(data))
    village.send(press, still)
    return press, still


def put(village: Village, still: str, at: int, data: bytes, size: int = len(PICTURE)) -> httpx.Response:
    span = f"{at}-{at + len(data) - 1}" if data else "*"
    headers = {"Content-Range": f"bytes {span}/{size}"}
    return village.http.put(f"/gateway/v1/pictures/{still}", content=data, headers=headers)


def put_all(village: Village, still: str, data: bytes = PICTURE) -> httpx.Response:
    for at in range(0, len(data), 16_384):
        reply = put(village, still, at, data[at : at + 16_384], len(data))
        assert reply.status_code == 200, reply.text
    return reply


def stored(county: County, still: str) -> bytes | None:
    async def work() -> bytes | None:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await store.read(conn, still, Vault(read_key(config.read(county.config).key_file)), "duty")

    return asyncio.run(work())


def at_county(county: County, call: Any, *words: Any) -> Any:
    async def work() -> Any:
        async with await psycopg.AsyncConnection.connect(county.conninfo, autocommit=True) as conn:
            return await call(conn, *words)

    return asyncio.run(work())


def test_a_range_is_read_strictly() -> None:
    assert read_range("bytes 0-99/200") == Part(0, 100, 200)
    assert read_range("bytes */200") == Part(0, 0, 200)
    for bad in ("", "bytes 5-4/200", "bytes 0-200/200", "bytes 0-1/0", "bytes 0-70000/100000", "bytes */262145"):
        assert read_range(bad) is None


def test_a_picture_comes_in_parts_is_sealed_and_stands_on_the_timeline(
    village: Village, county: County, operator: Operator
) -> None:
    press, still = taken(village)
    assert put(village, still.id, 0, b"").json() == {"v": 1, "at": 0, "wrong": 0}
    assert put_all(village, still.id).json()["at"] == len(PICTURE)
    assert stored(county, still.id) == PICTURE
    sealed = county.sql("SELECT sealed FROM picture_part WHERE event = %s ORDER BY at", still.id)
    assert PICTURE[:64] not in bytes(sealed[0][0])
    assert operator.kinds(press.id)[-1] == "picture"
    assert operator.get(f"incidents/{press.id}")["timeline"][-1]["text_zh"] == "三组 0号的照片已传到，40 kB"
    assert put(village, still.id, 0, PICTURE[:100]).json()["at"] == len(PICTURE)  # again: nothing more
    assert operator.kinds(press.id).count("picture") == 1


def test_the_console_hears_that_a_picture_is_there(village: Village, operator: Operator) -> None:
    press, still = taken(village)
    feed = operator.feed(str(operator.get("incidents")["cursor"]))
    put_all(village, still.id)
    feed.next(lambda e: e.kind == "incident" and e.data.get("id") == press.id)


def test_it_goes_on_where_it_was_and_a_part_that_does_not_fit_says_where(village: Village) -> None:
    _, still = taken(village)
    put(village, still.id, 0, PICTURE[:10_000])
    assert put(village, still.id, 0, b"").json()["at"] == 10_000
    crooked = put(village, still.id, 20_000, PICTURE[20_000:30_000])
    assert (crooked.status_code, crooked.json()["at"]) == (409, 10_000)
    assert put(village, still.id, 10_000, PICTURE[10_000:]).json()["at"] == len(PICTURE)


@pytest.mark.prove
def test_after_a_kill_of_the_county_it_goes_on_at_its_byte(own_county: County) -> None:
    village = own_county.village(more=("camera",))
    _, still = taken(village)
    put(village, still.id, 0, PICTURE[:10_000])
    own_county.kill()
    own_county.start()
    village.http.base_url = httpx.URL(own_county.gateways)
    assert put(village, still.id, 0, b"").json()["at"] == 10_000
    assert put(village, still.id, 10_000, PICTURE[10_000:]).json()["at"] == len(PICTURE)
    assert stored(own_county, still.id) == PICTURE


def test_other_bytes_than_were_announced_are_not_kept(village: Village, county: County, operator: Operator) -> None:
    press, still = taken(village)
    wrong = PICTURE[:-1] + bytes([PICTURE[-1] ^ 1])
    assert put_all(village, still.id, wrong).json() == {"v": 1, "at": 0, "wrong": 1}
    assert county.sql("SELECT at FROM picture_part WHERE event = %s", still.id) == []
    assert operator.kinds(press.id)[-1] == "picture_wrong"
    put_all(village, still.id)
    assert stored(county, still.id) == PICTURE


def test_only_the_gateway_of_its_own_village_brings_it(village: Village, county: County) -> None:
    _, still = taken(village)
    other = county.village()
    assert put(other, still.id, 0, PICTURE[:100]).status_code == 403
    other.http.headers["Authorization"] = f"Bearer {'0' * 64}"
    assert put(other, still.id, 0, PICTURE[:100]).status_code == 401


def test_what_no_verified_still_announced_is_not_taken(village: Village, county: County) -> None:
    press = village.more["camera"].press()
    village.send(press)
    still = village.more["camera"].still(press.id, sha256(PICTURE).hexdigest(), len(PICTURE))
    assert put(village, still.id, 0, PICTURE[:100]).status_code == 404  # it may come yet
    village.send(still.forged())
    assert put(village, still.id, 0, PICTURE[:100]).status_code == 404
    assert put(village, press.id, 0, PICTURE[:100]).status_code == 404
    village.send(still)
    assert put(village, still.id, 0, PICTURE[:100], size=500).status_code == 410
    assert put(village, still.id, 0, PICTURE[:100]).status_code == 200


def test_no_camera_of_another_house_and_no_button_leaves_a_picture(village: Village) -> None:
    other = village.keys[1].press()
    looks = village.more["camera"].still(other.id, sha256(PICTURE).hexdigest(), len(PICTURE))
    own = village.keys[0].press()
    lies = village.keys[0].still(own.id, sha256(PICTURE).hexdigest(), len(PICTURE))
    village.send(other, own, looks, lies)
    assert [put(village, still.id, 0, PICTURE[:100]).status_code for still in (looks, lies)] == [410, 410]


def test_what_makes_no_sense_is_refused(village: Village) -> None:
    _, still = taken(village)
    path = f"/gateway/v1/pictures/{still.id}"
    assert village.http.put(path, content=b"x").status_code == 400
    span = {"Content-Range": f"bytes 0-9/{len(PICTURE)}"}
    assert village.http.put(path, content=b"x" * 9, headers=span).status_code == 400
    assert village.http.put(path, content=b"x" * 70_000, headers=span).status_code == 413
    assert village.http.put("/gateway/v1/pictures/nonsense", content=b"x" * 10, headers=span).status_code == 400


def test_after_its_days_it_is_gone_and_that_there_was_one_stays(village: Village, county: County) -> None:
    _, still = taken(village)
    put_all(village, still.id)
    county.sql("UPDATE picture SET began_at = now() - interval '8 days' WHERE event = %s", still.id)
    assert at_county(county, store.forget, 9) == 0
    assert at_county(county, store.forget, 7) == 1
    assert stored(county, still.id) is None
    assert county.sql("SELECT count(*) FROM picture_part WHERE event = %s", still.id) == [(0,)]
    assert county.sql("SELECT deleted_why FROM picture WHERE event = %s", still.id) == [("kept for 7 days",)]
    assert put(village, still.id, 0, PICTURE[:100]).status_code == 410


def test_a_household_may_have_one_deleted(village: Village, county: County) -> None:
    _, still = taken(village)
    put(village, still.id, 0, PICTURE[:10_000])
    assert at_county(county, store.delete, still.id, "the household asked")
    assert not at_county(county, store.delete, still.id, "again")
    assert put(village, still.id, 10_000, PICTURE[10_000:]).status_code == 410


def test_whoever_looks_at_a_picture_is_written_down(county: County, village: Village) -> None:
    _, still = taken(village)
    assert stored(county, still.id) is None, "not here yet: nobody saw anything"
    put_all(village, still.id)
    for _ in range(2):
        assert stored(county, still.id) == PICTURE
    looks = county.sql("SELECT who, site FROM audit WHERE what = 'look.picture' AND about = %s", still.id)
    assert looks == [("duty", village.sites[0])] * 2, "each look"
    county.sql("ALTER TABLE audit ADD CONSTRAINT no_log CHECK (what <> 'look.picture') NOT VALID")
    try:
        with pytest.raises(NotWritten):
            stored(county, still.id)
    finally:
        county.sql("ALTER TABLE audit DROP CONSTRAINT no_log")


def test_an_operator_of_the_place_looks_and_each_look_is_written_down(
    county: County, village: Village, operator: Operator
) -> None:
    press, still = taken(village)
    put_all(village, still.id)
    [there] = operator.get(f"incidents/{press.id}/pictures")["pictures"]
    assert (there["id"], there["state"], there["size"]) == (still.id, "here", len(PICTURE))
    looks = "SELECT count(*) FROM audit WHERE what = 'look.picture' AND about = %s AND who = %s"
    assert county.sql(looks, still.id, operator.name) == [(0,)]
    seen = operator.http.get(f"/api/pictures/{still.id}")
    assert (seen.content, seen.headers["content-type"]) == (PICTURE, "image/jpeg")
    assert operator.http.get(f"/api/pictures/{still.id}").status_code == 200
    assert county.sql(looks, still.id, operator.name) == [(2,)]


def test_nobody_of_another_place_sees_that_there_is_one(county: County, village: Village) -> None:
    press, still = taken(village)
    put_all(village, still.id)
    [(elsewhere,)] = county.sql("SELECT id FROM area WHERE name = %s", county.village().name)
    stranger = Somebody(county, Grant("operator", elsewhere))
    assert stranger.get(f"incidents/{press.id}/pictures").status_code == 404
    assert stranger.get(f"pictures/{still.id}").status_code == 404
    assert county.sql("SELECT count(*) FROM audit WHERE who = %s AND what = 'look.picture'", stranger.name) == [(0,)]
