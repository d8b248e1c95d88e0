"""The way in from outside: providers' reports under a path that nobody guesses, and the page of a signed link. No
cookie is read here, so no foreign page can make a signed-in browser do anything."""

import hmac
import ipaddress
import logging
from collections.abc import Sequence
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from heartlamp_server.database.pool import Database
from heartlamp_server.notification import outcome, store
from heartlamp_server.notification.channels.channel import Unreadable
from heartlamp_server.notification.handover import take
from heartlamp_server.notification.links import PATH, Signer
from heartlamp_server.notification.model import ANSWERS
from heartlamp_server.notification.settings import Opened
from heartlamp_server.notification.texts import Texts

log = logging.getLogger("heartlamp.notification")

LINK_HOURS = 24
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>心灯 Heart-Lamp</title>
<style>body{{font:18px/1.6 system-ui,sans-serif;max-width:32em;margin:2em auto;padding:0 1em}}
button{{font:inherit;width:100%;padding:1em;margin:.5em 0;border:2px solid;border-radius:.5em;background:#fff}}
button.coming{{color:#060}}button.cannot{{color:#a00}}</style>
<h1>心灯 Heart-Lamp</h1>{body}</html>"""


class Callbacks:
    """`sign` None: there are no links."""

    def __init__(self, database: Database, opened: Opened, texts: Texts, sign: Signer | None) -> None:
        self._database, self._opened, self._texts, self._sign = database, opened, texts, sign
        self._sources = [ipaddress.ip_network(source, strict=False) for source in opened.sources]

    def routes(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [Route(f"{PATH}/{{token}}", self._answer, methods=["GET", "POST"])]
        if self._opened.callback:
            routes.append(Route("/notify/{secret}/{channel}", self._report, methods=["POST"]))
        return routes

    async def _report(self, request: Request) -> Response:
        name = request.path_params["channel"]
        channel = self._opened.channels.get(name)
        right = hmac.compare_digest(request.path_params["secret"].encode(), self._opened.callback.encode())
        if not right or channel is None or not self._is_from_there(request):
            return Response(status_code=404)
        try:
            heard, answer = channel.read(await request.body(), request.query_params)
        except (Unreadable, AttributeError, KeyError, TypeError, ValueError) as wrong:
            log.warning("what came for %s cannot be read: %s", name, str(wrong)[:100])
            return Response(status_code=400)
        names = [n for n, one in self._opened.channels.items() if one.provider == channel.provider]
        for one in heard:
            async with self._database.connection() as conn, conn.transaction():
                await take(conn, channel.provider, names, one, await store.now(conn))
        return Response(answer, media_type="application/json")

    def _is_from_there(self, request: Request) -> bool:
        if not self._sources:
            return True
        try:
            here = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return any(here in network for network in self._sources)

    async def _answer(self, request: Request) -> Response:
        """GET changes nothing: whatever looks ahead at links, or a chat's preview, opens them too."""
        id = self._sign.read(request.path_params["token"]) if self._sign else None
        said = ""
        if request.method == "POST":
            form = (await request.body())[:100].decode(errors="replace")
            said = form.removeprefix("said=")
        async with self._database.connection() as conn:
            cursor = await conn.execute(
                "SELECT lang, kind, fields, sent_at < clock_timestamp() - make_interval(hours => %s)"
                " FROM notification WHERE id = %s",
                (LINK_HOURS, id),
            )
            row = await cursor.fetchone() if id is not None else None
            if row is None or id is None:
                return self._page("zh", 404, ["unknown"])
            lang, kind, fields, over = row
            if over:
                return self._page(lang, 410, ["over"])
            if said in ANSWERS:
                async with conn.transaction():
                    await outcome.answer(conn, id, said, "link", await store.now(conn))
                return self._page(lang, 200, ["thanks"])
        told = escape(self._texts.say(f"{kind}.long", lang, fields))
        buttons = "".join(
            f'<form method="post"><button class="{said}" name="said" value="{said}">'
            f"{escape(self._texts.say(word, lang, {}))}</button></form>"
            for said, word in zip(ANSWERS, ("go", "cannot"), strict=True)
        )
        return self._html(lang, 200, f"<p>{told}</p>{buttons}")

    def _page(self, lang: str, status: int, words: Sequence[str]) -> Response:
        return self._html(lang, status, "".join(f"<p>{escape(self._texts.say(w, lang, {}))}</p>" for w in words))

    def _html(self, lang: str, status: int, body: str) -> Response:
        return HTMLResponse(_PAGE.format(lang=escape(lang), body=body), status, _HEADERS)
