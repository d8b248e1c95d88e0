"""How the console is as a way to tell people: it is one only while somebody sits before a screen that follows the feed.
A console that looks healthy to itself and is seen by nobody is what a person must be told of."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from heartlamp_server.responder import presence, session
from heartlamp_server.responder.presence import STAFFING
from heartlamp_server.responder.store import IN_FORCE

Connection = psycopg.AsyncConnection[Any]

_BEAT = timedelta(seconds=45)
_THERE = timedelta(minutes=5)
"""Since when a screen that is open was not heard of at most; a session lives on after its screen was closed."""


@dataclass(frozen=True, slots=True)
class Seats:
    """`feeds`: screens that follow the feed now; `posts`: areas (and the county as a whole) that have an operator or
    commander, `staffed` of them with somebody who answers; `asked_since`: of the oldest question at an open screen that
    nobody has answered, None there is none."""

    feeds: int
    posts: int
    staffed: int
    asked_since: datetime | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What happened and what to do, each (Chinese, English)."""

    said: tuple[str, str]
    do: tuple[str, str]


_FEEDS = "SELECT coalesce(sum(feeds), 0) FROM process WHERE what = 'county' AND at > clock_timestamp() - %s::interval"
_POSTS = f"""
SELECT count(DISTINCT coalesce(r.area, 0)) FROM person_role r JOIN person p ON p.name = r.person
WHERE r.role = ANY(%s) AND p.disabled_at IS NULL AND {IN_FORCE}
"""
_ASKED = f"""
SELECT min(s.answered_at) FROM session s WHERE s.expires_at > now() AND s.seen_at > clock_timestamp() - %s::interval
    AND s.answered_at <= clock_timestamp() - %s::interval AND EXISTS (SELECT FROM person_role r
        WHERE r.person = s.person AND r.role = ANY(%s) AND {IN_FORCE})
"""


async def look(conn: Connection) -> Seats:
    roles = sorted(STAFFING)
    answered_at = await _one(conn, _ASKED, (_THERE, presence.EVERY, roles))
    return Seats(
        feeds=int(await _one(conn, _FEEDS, (_BEAT,))),
        posts=int(await _one(conn, _POSTS, (roles,))),
        staffed=len(await session.staffed(conn)),
        asked_since=answered_at + presence.EVERY if answered_at else None,
    )


def fault(seats: Seats) -> Fault | None:
    """What is wrong with it as a whole, None nothing. A post without anybody is called by telephone: no fault while
    another one is staffed."""
    if seats.posts and not seats.staffed:
        return Fault(
            (
                f"{seats.posts} 个岗位都没有人在屏幕前：指挥台的通知没有人看见",
                f"nobody is at a screen (posts: {seats.posts}): notices in the console are seen by nobody",
            ),
            (
                "请值班员登录指挥台，并回答“您在吗”；期间各方仍由电话呼叫",
                "let who has duty sign in and answer “are you there”; meanwhile telephones ring all the same",
            ),
        )
    if seats.staffed and not seats.feeds:
        return Fault(
            (
                f"{seats.staffed} 个岗位算作有人，但没有一块屏幕连着实时消息",
                f"posts that count as staffed: {seats.staffed}, and no screen follows the feed",
            ),
            (
                "请刷新指挥台；仍不行，请检查中间的代理是否切断 /api/feed",
                "reload the desk; if that does not help, look whether a proxy cuts /api/feed",
            ),
        )
    return None


def told(seats: Seats, now: datetime) -> tuple[str, str]:
    """In a line."""
    zh = f"{seats.feeds} 块屏幕连着，{seats.posts} 个岗位中 {seats.staffed} 个有人"
    en = f"screens that follow: {seats.feeds}; posts staffed: {seats.staffed} of {seats.posts}"
    if seats.asked_since is not None:
        minutes = int((now - seats.asked_since).total_seconds() // 60)
        zh += f"，最久的“您在吗”已有 {minutes} 分钟没有人答"
        en += f"; the oldest “are you there” is unanswered for {minutes} min"
    return zh, en


async def _one(conn: Connection, query: str, values: tuple[Any, ...]) -> Any:
    row = await (await conn.execute(query, values)).fetchone()
    assert row is not None
    return row[0]
