"""A rig that only answers: serves the demo page, says what the lamps show, and remembers which pins were moved."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.console.fake_host import Host

sys.path.insert(0, str(Path(__file__).parents[2] / "firmware/app"))  # the lamp's own table of lights
from heartlamp.rules.glow import look

PAGE = Path(__file__).parents[1] / "village" / "page"
POLICY = "default-src 'self'"


def show(meaning: str = "working", **changed: Any) -> dict[str, Any]:
    """As a board prints it."""
    said = {"meaning": meaning, "answer": "none", "who": "", "heard": 0, "received": 0, "trouble": 0}
    return {**said, **look(meaning), "calls": [], **changed}


class FakeRig:
    def __init__(self) -> None:
        self.pins: list[dict[str, Any]] = []
        self.plugs: list[dict[str, Any]] = []
        self.shows: dict[str, dict[str, Any]] = {}
        self.hops: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._feeds: set[asyncio.Queue[str]] = set()
        routes = [
            Route("/state", self._state),
            Route("/events", self._events),
            Route("/pin", self._pin, methods=["POST"]),
            Route("/plug", self._plug, methods=["POST"]),
            Mount("/", StaticFiles(directory=PAGE, html=True)),
        ]
        self._host = Host(routes, POLICY)

    def start(self) -> None:
        self.url = self._host.start()

    def stop(self) -> None:
        self._host.stop(self._end_feeds)

    def wait_for(self, seen: Callable[[], bool]) -> None:
        """Until `seen()`, asked after every pin that moved. AssertionError after 5 s."""
        with self._changed:
            assert self._changed.wait_for(seen, 5), self.pins

    def say(self, event: str, data: Any) -> None:
        """To every open page, and into the state for those that open later."""
        if event == "show":
            self.shows[data["device"]] = data["show"]
        if event == "hops":
            self.hops = data
        self._host.run(lambda: self._tell(event, data))

    def _tell(self, event: str, data: Any) -> None:
        for feed in self._feeds:
            feed.put_nowait(f"event: {event}\ndata: {json.dumps(data)}\n\n")

    def _end_feeds(self) -> None:
        for feed in self._feeds:
            feed.put_nowait("")

    async def _state(self, _: Request) -> Response:
        liu = self._village("liu", "柳树湾村", "三组", 7, {4: "smoke"})
        shi = self._village("shi", "石桥村", "一组", 6, {2: "flood"})
        up = {"server_up": True, "postgres_up": True}
        return JSONResponse({"console": "http://127.0.0.1:9/", "villages": [liu, shi], "hops": self.hops, **up})

    def _village(self, id_: str, name: str, group: str, count: int, extra: dict[int, str]) -> dict[str, Any]:
        def house(n: int) -> dict[str, Any]:
            kinds = ["button", "lamp", *([extra[n]] if n in extra else [])]
            ids = [(f"{kind}{id_}{n}", kind) for kind in kinds]
            devices = [{"id": i, "kind": kind, "up": True, "show": self.shows.get(i, show())} for i, kind in ids]
            return {"site": f"{id_}-{n}", "name": f"{group} {n}号", "group": group, "devices": devices}

        houses = [house(n) for n in range(1, count + 1)]
        return {"id": id_, "name": name, "gateway_up": True, "broker_up": True, "uplink_up": True, "houses": houses}

    async def _pin(self, request: Request) -> Response:
        moved = await request.json()
        with self._changed:
            self.pins.append(moved)
            self._changed.notify_all()
        return JSONResponse({})

    async def _plug(self, request: Request) -> Response:
        asked = await request.json()
        self.plugs.append(asked)
        self._tell("process", {"village": asked["village"], "name": asked["process"], "up": asked["up"]})
        return JSONResponse({})

    async def _events(self, _: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream")

    async def _stream(self) -> AsyncIterator[str]:
        feed: asyncio.Queue[str] = asyncio.Queue()
        self._feeds.add(feed)
        try:
            yield ": hello\n\n"
            while said := await feed.get():
                yield said
        finally:
            self._feeds.discard(feed)
