"""A county server of one file that speaks the console's API, with a real event stream that can be cut and restored."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from heartlamp_server.responder.scope import TABLE
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tests.console.fake_host import Host

MAY = sorted(action for action, roles in TABLE.items() if "operator" in roles)
ME = {"name": "duty1", "display": "值班一号", "may": MAY}
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
EPOCH = "00c0ffee00c0ffee"
Card = dict[str, Any]


class FakeCounty:
    """`put` changes a card and tells the feed; `cut`/`restore` end and re-open the feed."""

    def __init__(self, static: Path, ping_s: float = 0.3) -> None:
        self.cards: dict[str, Card] = {}
        self.timelines: dict[str, list[dict[str, Any]]] = {}
        self.sites: list[dict[str, Any]] = []
        self.gateways: list[dict[str, Any]] = []
        self.evidence: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        self.cursors: list[str] = []  # what each feed connection asked for
        self.refuse_answer: dict[str, str] | None = None
        self.logged_in = True
        self.code = ""  # of the second factor, where the account has one
        self.epoch = EPOCH
        self._log: list[tuple[str, Any]] = []
        self._feeds: set[asyncio.Queue[None]] = set()
        self._cut = False
        self._mute = False
        self._ping_s = ping_s
        self._host = Host(self._routes(static), CSP)

    def start(self) -> None:
        self.url = self._host.start()

    def stop(self) -> None:
        self._host.stop(self._end_feeds)

    def put(self, card: Card) -> None:
        self._host.run(lambda: self._put(card))

    def notice(self, verdict: str, reason: str, user: str) -> None:
        notice = {"at": iso(), "gateway": "gwliu1", "user": user, "verdict": verdict, "reason": reason}
        self._host.run(lambda: self._say("notice", notice))

    def cut(self) -> None:
        """Ends every feed and refuses new ones; the rest of the server goes on."""
        self._host.run(self._end_feeds)

    def mute(self) -> None:
        """The feed stays open and says nothing more, as over a dead link."""
        self._host.run(self._fall_silent)

    def restore(self, forget: bool = False) -> None:
        """Feeds again. forget: as after a restored backup, no old cursor can be followed."""
        if forget:
            self.epoch = "0ddba11000ddba11"
        self._cut = False

    def _fall_silent(self) -> None:
        self._mute = True
        self._wake()

    def _end_feeds(self) -> None:
        self._cut = True
        self._wake()

    def _put(self, card: Card) -> None:
        card["stage"] = {"none": "reported", "unanswered": "reported"}.get(card["answer"], card["answer"])
        self.cards[card["id"]] = card
        self._say("incident", card)

    def _say(self, event: str, data: Any) -> None:
        self._log.append((event, data))
        self._wake()

    def _wake(self) -> None:
        for feed in self._feeds:
            feed.put_nowait(None)

    def _routes(self, static: Path) -> list[BaseRoute]:
        return [
            Route("/api/login", self._login, methods=["POST"]),
            Route("/api/logout", self._logout, methods=["POST"]),
            Route("/api/me", self._me),
            Route("/api/incidents", self._incidents),
            Route("/api/incidents/{id}", self._incident),
            Route("/api/incidents/{id}/whom", lambda _: JSONResponse({"policy": "135", "callees": []})),
            Route("/api/incidents/{id}/answer", self._answer, methods=["POST"]),
            Route("/api/feed", self._feed),
            Route("/api/devices", lambda _: JSONResponse({"now": iso(), "sites": self.sites, "after": ""})),
            Route("/api/device-counts", self._counts),
            Route("/api/gateways", lambda _: JSONResponse({"now": iso(), "gateways": self.gateways})),
            Route("/api/quarantine", lambda _: JSONResponse({"evidence": self.evidence})),
            Mount("/", StaticFiles(directory=static, html=True)),
        ]

    async def _login(self, request: Request) -> Response:
        given = await request.json()
        if request.headers.get("x-heartlamp") != "1" or given["password"] != "right":
            return JSONResponse({"error": "账号或密码不对。", "do": "请核对后再试。"}, 401)
        if self.code and given["code"] != self.code:
            need = {"need": "code"} if not given["code"] else {}
            return JSONResponse({"error": "需要动态码。", "do": "请输入。"} | need, 401)
        self.logged_in = True
        return JSONResponse(ME | {"name": given["name"]})

    async def _logout(self, _: Request) -> Response:
        self.logged_in = False
        return JSONResponse({})

    async def _me(self, _: Request) -> Response:
        if not self.logged_in:
            return JSONResponse({"error": "没有登录。", "do": "请登录。"}, 401)
        return JSONResponse(ME)

    async def _incidents(self, request: Request) -> Response:
        closed = request.query_params["state"] == "closed"
        cards = [card for card in self.cards.values() if (card["answer"] == "closed") == closed]
        cursor = f"{self.epoch}:{len(self._log)}"
        return JSONResponse({"now": iso(), "cursor": cursor, "incidents": cards, "more": "", "passed": []})

    async def _counts(self, _: Request) -> Response:
        devices = [d for site in self.sites for d in site["devices"] if not d["revoked"]]
        missed = [d for d in devices if d["overdue"] or d["online"] is False]
        online = [d for d in devices if d["online"]]
        said = {"sites": len(self.sites), "devices": len(devices), "online": len(online), "missed": len(missed)}
        return JSONResponse(said)

    async def _incident(self, request: Request) -> Response:
        id_ = request.path_params["id"]
        return JSONResponse({"now": iso(), "incident": self.cards[id_], "timeline": self.timelines.get(id_, [])})

    async def _answer(self, request: Request) -> Response:
        said = await request.json()
        if self.refuse_answer:
            return JSONResponse(self.refuse_answer, 409)
        self.answers.append(said)
        had = self.cards[request.path_params["id"]]
        answer = "unanswered" if said["answer"] == "withdrawn" else said["answer"]
        who = said["who"] or "值班一号"
        responders = [*had["responders"], responder(who, said["answer"])]
        closed = {"closed_at": iso(), "closed_by": who, "closed_how": said["how"]} if answer == "closed" else {}
        changed = {"answer": answer, "who": who, "aver": had["aver"] + 1, "responders": responders}
        card = {**had, **changed, **closed}
        self._put(card)
        return JSONResponse(card)

    async def _feed(self, request: Request) -> Response:
        cursor = request.query_params["cursor"]
        self.cursors.append(cursor)
        if self._cut:
            return JSONResponse({"error": "feed is cut", "do": "wait"}, 503)
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(self._events(cursor), media_type="text/event-stream", headers=headers)

    async def _events(self, cursor: str) -> AsyncIterator[str]:
        epoch, _, seq = cursor.partition(":")
        at = int(seq or 0)
        if epoch != self.epoch:
            yield "event: reset\ndata: {}\n\n"
            return
        woken: asyncio.Queue[None] = asyncio.Queue()
        self._feeds.add(woken)
        try:
            yield f'event: ping\ndata: {{"now":"{iso()}"}}\n\n'
            while not self._cut:
                while at < len(self._log):
                    event, data = self._log[at]
                    at += 1
                    yield f"id: {self.epoch}:{at}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
                try:
                    await asyncio.wait_for(woken.get(), self._ping_s)
                except TimeoutError:
                    if self._mute:
                        continue
                    yield f'event: ping\ndata: {{"now":"{iso()}"}}\n\n'
        finally:
            self._feeds.discard(woken)


def iso(ago_s: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=ago_s)).isoformat()


def responder(name: str, answer: str, ago_s: float = 0, by: str = "duty1") -> dict[str, Any]:
    """`by`: the operator who typed it, "" for a lamp's key."""
    return {"name": name, "answer": answer, "at": iso(ago_s), "by": by}


def accepted(number: int, what: str = "panic", ago_s: float = 60) -> Card:
    """A card that an operator stands by."""
    by = [responder("城关派出所", "accepted", ago_s - 5)]
    return card(number, what, ago_s, answer="accepted", aver=1, who="城关派出所", responders=by)


def card(number: int, what: str = "panic", ago_s: float = 5, **changed: Any) -> Card:
    """A card as the county would say it: house 三组 <number>号, pressed `ago_s` seconds ago, nobody answered."""
    return {
        "id": f"lamp{number:04d}-{number:016x}",
        "what": what,
        "site": {
            "id": f"s{number}",
            "name": f"三组 {number}号",
            "address": f"柳树湾村三组{number}号",
            "landmark": "老槐树向东第二家",
        },
        "path": ["庆丰县", "柳河镇", "柳树湾村", "三组"],
        "opened_at": iso(ago_s),
        "observed_at": iso(ago_s),
        "time_unknown": False,
        "presses": 1,
        "last_press_at": iso(ago_s),
        "heard_age_ms": 4,
        "answer": "none",
        "aver": 0,
        "who": "",
        "unverified": False,
        "cancelled": False,
        "lit": 2,
        "lit_of": 3,
        "responders": [],
        "closed_at": None,
        "closed_by": "",
        "closed_how": "",
        "stage": "reported",
        "verdict": "",
        "merged_into": "",
        "after": {},
        "drill": False,
        "handed_over": False,
        "handovers": [],
        **changed,
    }
