"""The guard before every route of the console: who asks, and what that person may do."""

from collections.abc import Iterable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from heartlamp_server.database.pool import Database
from heartlamp_server.problems import problem
from heartlamp_server.responder import session
from heartlamp_server.responder.model import Person
from heartlamp_server.responder.scope import TABLE, Scope, anywhere

COOKIE = "heartlamp_session"
_HOUSE = "/api/house/{code}"
BY_CODE = frozenset(
    (
        ("GET", _HOUSE),
        ("GET", f"{_HOUSE}/home"),
        *(("POST", f"{_HOUSE}/{what}") for what in ("faults", "pair", "evaluate", "consents/withdraw")),
        ("POST", f"{_HOUSE}/phones/{{id}}/end"),
    )
)
"""A household's page asks for the code of its label, and for a phone that was paired by a press (house/open.py)."""
PUBLIC = frozenset((("POST", "/api/login"),)) | BY_CODE
"""(method, path) of what asks for no role."""


NOT_SIGNED_IN = partial(problem, 401, "未登录 · not signed in", "请登录 · sign in")
_NOT_ALLOWED = partial(
    problem,
    403,
    "您没有做这件事的权限 · you may not do this",
    "如工作需要，请联系管理员 · ask an administrator if your work needs it",
)
_SECOND_NEEDED = partial(
    problem,
    403,
    "此角色需要动态码 · this role needs the second factor",
    "请先设置动态码，再重新登录 · set up an authenticator app for your account, then sign in with its code",
)


class Gate:
    """`secure`: the console is served over TLS, so its cookies have the prefix that binds them to this host."""

    def __init__(self, database: Database, secure: bool) -> None:
        self._database = database
        self.cookie = f"__Host-{COOKIE}" if secure else COOKIE

    async def scope(self, request: Request) -> Scope:
        """Raises 401."""
        token = request.cookies.get(self.cookie, "")
        if token and len(token) <= 100:
            async with self._database.connection() as conn:
                found = await session.scope_of(conn, token)
            if found is not None:
                return found
        raise NOT_SIGNED_IN()

    async def person(self, request: Request) -> Person:
        """Raises 401."""
        return (await self.scope(request)).person

    def require(self, action: str) -> "Require":
        """For `Depends`: lets through who may do this somewhere. Where, the route asks of the scope."""
        return Require(self, action)


class Require:
    def __init__(self, gate: Gate, action: str) -> None:
        if action not in TABLE:
            raise ValueError(f"{action} is not in the table of permissions")
        self._gate, self.action = gate, action

    async def __call__(self, request: Request) -> Scope:
        scope = await self._gate.scope(request)
        if anywhere(scope, self.action):
            return scope
        raise _SECOND_NEEDED() if TABLE[self.action] & set(scope.waiting) else _NOT_ALLOWED()


def actions(routers: Iterable[APIRouter], prefix: str) -> dict[tuple[str, str], str]:
    """(method, path) -> what it takes, of every route. Raises ValueError where one asks nobody: a route that forgot its
    guard does not start."""
    found: dict[tuple[str, str], str] = {}
    for route in (route for router in routers for route in router.routes):
        if not isinstance(route, APIRoute):
            raise ValueError(f"{route} cannot be asked what it requires")
        for method in route.methods or ():
            if (method, prefix + route.path) in PUBLIC:
                continue
            named = sorted(_required(route.dependant))
            if len(named) != 1:
                raise ValueError(f"{method} {route.path} must require one action, and requires {named}")
            found[(method, prefix + route.path)] = named[0]
    return found


def _required(dependant: Dependant) -> set[str]:
    own = {dependant.call.action} if isinstance(dependant.call, Require) else set()
    return own.union(*map(_required, dependant.dependencies))
