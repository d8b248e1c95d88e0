"""What is served at which address: the office's page, the API, the stream of changes, /metrics."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.say import log
from heartlamp_gateway.windows import documents
from heartlamp_gateway.windows.admission import COOKIE, Admission
from heartlamp_gateway.windows.door import Door, Request
from heartlamp_gateway.windows.eye import Eye
from heartlamp_gateway.windows.replies import as_json, code_of, cookie_of, fail, head, path_of, reply
from heartlamp_gateway.windows.settings import Http
from heartlamp_gateway.windows.view import View

LOOK_S = 0.5
WORD_S = 5.0  # a stream says something at least so often
WATCHERS_MAX = 12
AGAIN_S = 10.0
YEAR_S = 365 * 24 * 3600

Part = Callable[[View], Any]
STREAM: tuple[tuple[str, Part, Callable[[View], object]], ...] = (
    ("incidents", documents.incidents, lambda view: (view.calls, view.box.village)),
    ("devices", documents.devices, lambda view: view.devices),
    ("status", documents.status, lambda view: (view.box, len(view.calls))),
)
"""(name of the event, its document, what must differ for it to be sent)"""
DOCUMENTS: dict[str, Part] = {f"/api/v1/{name}": part for name, part, _ in STREAM}


class Office:
    """`metrics`: the text of /metrics; `pause(seconds)`: waits, True when we stop; `answering`: routes where the office
    may answer, which see for themselves who comes, {} for none. `run` never ends the gateway: when the port is taken,
    the village goes without its page, and it is tried again."""

    def __init__(
        self,
        http: Http,
        eye: Eye,
        admission: Admission,
        metrics: Callable[[View], str],
        pause: Callable[[float], bool],
        answering: Mapping[str, Callable[[Request], None]],
        alive: Callable[[], None],
    ) -> None:
        self._alive = alive
        self._answering = answering
        self._http, self._eye, self._admission, self._metrics, self._pause = http, eye, admission, metrics, pause
        self._watchers = threading.Semaphore(WATCHERS_MAX)
        self._door: Door | None = None
        self.port = http.port

    def run(self) -> None:
        failed = False
        while True:
            self._alive()
            try:
                self._door = Door((self._http.host, self._http.port), self._handler(), self._alive)
                log.info("the office's page is at http://%s:%d/", self._http.host, self._door.server_port)
                self._door.serve_forever(poll_interval=0.5)
                return
            except Exception as wrong:  # a window must never end the gateway
                if not failed:
                    log.error("no page at %s:%d: %s; tried again", self._http.host, self._http.port, wrong)
                failed = True
                if self._pause(AGAIN_S):
                    return

    def stop(self) -> None:
        if self._door is not None:
            self._door.shutdown()
            self._door.server_close()

    def _handler(self) -> type[Request]:
        office = self

        class Answer(Request):
            routes: ClassVar[dict[str, Callable[[Request], None]]] = {
                "GET /": office._page,
                "GET /api/v1/openapi.json": office._openapi,
                "POST /login": office._login,
                "GET /api/v1/live": office._live,
                "GET /metrics": office._measured,
                **{f"GET {path}": office._document for path in DOCUMENTS},
                **office._answering,
            }
            open_to_all = ("GET /", "GET /api/v1/openapi.json", "POST /login", *office._answering)

            def answer(self) -> None:
                name = f"{self.command} {path_of(self)}"
                route = self.routes.get(name)
                if route is None:
                    fail(self, 404, "no such page", "see /api/v1/openapi.json; only GET is answered")
                elif name in self.open_to_all or office._may(self):
                    route(self)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        return Answer

    # --- who

    def _may(self, request: Request) -> bool:
        """Answers for itself where not."""
        said = code_of(request)
        if said is not None:
            return self._is_code(request, said)
        if self._admission.is_cookie(cookie_of(request, COOKIE)):
            return True
        fail(request, 401, "no access code", "send it as Authorization: Bearer <code>, or log in at /")
        return False

    def _is_code(self, request: Request, said: str) -> bool:
        right = self._admission.is_code(said, str(request.client_address[0]), boottime())
        if right is None:
            fail(request, 429, "too many wrong access codes", "wait a minute", retry=60)
        elif not right:
            fail(request, 401, "the access code is wrong", "it stands in gateway.toml, [http] code")
        return bool(right)

    def _login(self, request: Request) -> None:
        try:
            said = json.loads(request.body())["code"]
        except (ValueError, KeyError, TypeError, RecursionError):
            said = None
        if not isinstance(said, str):
            fail(request, 400, "not a code", 'send {"code":"…"} as JSON')
        elif self._is_code(request, said):
            cookie = f"{COOKIE}={self._admission.cookie()}; Path=/; Max-Age={YEAR_S}; HttpOnly; SameSite=Strict"
            reply(request, 204, b"", "application/json", {"Set-Cookie": cookie})

    # --- what

    def _page(self, request: Request) -> None:
        body, policy = _office_page(bool(self._answering))
        reply(request, 200, body, "text/html; charset=utf-8", {"Content-Security-Policy": policy})

    def _openapi(self, request: Request) -> None:
        reply(request, 200, files(__package__).joinpath("openapi.json").read_bytes(), "application/json")

    def _document(self, request: Request) -> None:
        reply(request, 200, as_json(DOCUMENTS[path_of(request)](self._eye.look())), "application/json")

    def _measured(self, request: Request) -> None:
        body = self._metrics(self._eye.look()).encode()
        reply(request, 200, body, "text/plain; version=0.0.4; charset=utf-8")

    def _live(self, request: Request) -> None:
        if not self._watchers.acquire(blocking=False):
            fail(request, 503, f"{WATCHERS_MAX} are watching already", "close a page, or ask again later", retry=10)
            return
        try:
            head(request, 200, "text/event-stream", {"X-Accel-Buffering": "no"})
            request.end_headers()
            sent: dict[str, object] = {}
            spoke = boottime()
            while True:
                view = self._eye.look()
                overdue = view.now - spoke >= WORD_S * 1000
                for name, part, essence in STREAM:
                    if sent.get(name) != essence(view) or (overdue and name == "status"):
                        sent[name], spoke = essence(view), view.now
                        request.wfile.write(b"event: %s\ndata: %s\n\n" % (name.encode(), as_json(part(view))))
                if self._pause(LOOK_S):
                    return
        finally:
            self._watchers.release()


@cache
def _office_page(answers: bool) -> tuple[bytes, str]:
    """(page, its content policy: its own script and style, its own host, nothing else). `answers`: with the way to
    where the office answers."""
    text = files(__package__).joinpath("office.html").read_text(encoding="utf-8")
    if answers:
        text = text.replace('id="answering" hidden', 'id="answering"')
    script, style = (
        "sha256-" + base64.b64encode(hashlib.sha256(_between(text, tag).encode()).digest()).decode()
        for tag in ("script", "style")
    )
    policy = (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy


def _between(text: str, tag: str) -> str:
    return text.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
