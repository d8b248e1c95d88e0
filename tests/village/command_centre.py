"""An operator's seat without a screen: logs in, reads the live feed, accepts. Speaks the console's own API."""

import json
import threading
import time
from typing import Any

import httpx
from httpx_sse import connect_sse

from tests.village.journal import Journal, Seen

HEADERS = {"X-Heartlamp": "1"}


class CommandCentre:
    """`url` of the console, an account, and the journal that the feed's cards go into (source "feed")."""

    def __init__(self, url: str, name: str, password: str, journal: Journal) -> None:
        self._http = httpx.Client(base_url=url, headers=HEADERS, timeout=20)
        self._account = {"name": name, "password": password}
        self._journal = journal
        self._stopped = threading.Event()
        self.cursor = ""

    def log_in(self) -> None:
        self._http.post("/api/login", json=self._account).raise_for_status()

    def watch(self) -> None:
        """Follows the feed from now on in a thread of its own, over every loss of the server, by cursor."""
        self.cursor = self.incidents()["cursor"]
        threading.Thread(target=self._follow, name="feed", daemon=True).start()

    def incidents(self, state: str = "open") -> dict[str, Any]:
        answer = self._http.get("/api/incidents", params={"state": state, "limit": 1000})
        answer.raise_for_status()
        return dict(answer.json())

    def incident(self, incident: str) -> dict[str, Any]:
        answer = self._http.get(f"/api/incidents/{incident}")
        answer.raise_for_status()
        return dict(answer.json())

    def answer(self, incident: str, answer: str, who: str = "", how: str = "") -> dict[str, Any]:
        reply = self._http.post(
            f"/api/incidents/{incident}/answer", json={"answer": answer, "who": who, "how": how, "note": ""}
        )
        reply.raise_for_status()
        return dict(reply.json())

    def get(self, path: str) -> dict[str, Any]:
        answer = self._http.get(path)
        answer.raise_for_status()
        return dict(answer.json())

    def stop(self) -> None:
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.is_set():
            try:
                with connect_sse(self._http, "GET", "/api/feed", params={"cursor": self.cursor}, timeout=15) as feed:
                    for event in feed.iter_sse():
                        if self._stopped.is_set():
                            return
                        self._take(event.event, event.id, event.data)
            except (httpx.HTTPError, OSError):
                time.sleep(0.1)

    def _take(self, kind: str, cursor: str, data: str) -> None:
        at = time.time_ns()
        if kind == "reset":
            page = self.incidents()
            self.cursor = page["cursor"]
            for card in page["incidents"]:
                self._journal.add(Seen(at, "feed", "incident", card))
        elif kind == "incident":
            self.cursor = cursor or self.cursor
            self._journal.add(Seen(at, "feed", "incident", json.loads(data)))
        elif kind == "notice":
            self._journal.add(Seen(at, "feed", "notice", json.loads(data)))
