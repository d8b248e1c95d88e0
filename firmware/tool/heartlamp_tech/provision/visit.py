"""One visit, from the claim to the label: each step looks at how things stand, and is kept before the next begins."""

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from heartlamp_tech.county.claims import Claim, Claims
from heartlamp_tech.county.results import Results
from heartlamp_tech.county.web import County, Offline, Refused
from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.provision import selftest
from heartlamp_tech.provision.hands import Hands
from heartlamp_tech.provision.journal import Journal, Visit
from heartlamp_tech.serial_lines import Answer, SerialError
from heartlamp_tech.trouble import Trouble

Told = Callable[[str, float], None]
PARTS = ("consent", "write", "prove", "use", "test", "keep")
RESTART_S = 30.0
OVER = ("expired", "revoked", "wrong_device")  # the claim will never live: its settings must not stay on a device


@dataclass(frozen=True)
class Desk:
    """Where visits are kept, and whom they are told."""

    county: County
    claims: Claims
    results: Results
    journal: Journal


@dataclass(frozen=True)
class Plan:
    """`board`: its name in hardware/boards; `more`: settings that the county does not know (Wi-Fi); `consent`: what was
    recorded already, None: ask."""

    board: str
    language: str = "zh"
    more: dict[str, Any] | None = None
    consent: dict[str, Any] | None = None


@dataclass(frozen=True)
class Visited:
    """`told`: the county has the result; else it waits on the disk."""

    claim: Claim
    outcome: str
    tests: list[dict[str, Any]]
    mains_off: dict[str, Any] | None
    seconds: dict[str, float]
    told: bool


def visit(desk: Desk, claim: Claim, port: str, plan: Plan, hands: Hands, told: Told) -> Visited:
    """Raises Trouble: then nothing is half done. Either the device is not live at the county, or it is whole and
    the same command goes on with it."""
    state = desk.journal.open(claim.id, claim.site, claim.device, str(uuid.uuid4()))
    seconds = dict(state.seconds)
    tell = _teller(told)
    with PortLines(port) as line:
        if state.consent is None:
            tell("consent")
            _whose(line.awake(), claim, port)  # nobody is asked for their word in front of a board that cannot be used
            consent = plan.consent or hands.consent(claim.kind, plan.language)
            state = desk.journal.keep(state, state.stage, consent=consent)
        if state.consent is not None and not state.consent["given"]:
            return ended(desk, claim, "no_consent", "", told)
        with _timed(seconds, "write"):
            tell("write")
            since = line.mark()
            hello = _whose(line.awake(), claim, port)
            if hello.get("dev") != claim.device:
                state = desk.journal.keep(state, "writing")
                _write(line, claim, plan)
            state = desk.journal.keep(state, "written")
        with _timed(seconds, "prove"):
            tell("prove")
            proof = line.ask("prove", claim=claim.id)
            about = {
                "board": plan.board,
                "version": str(hello.get("version", "")),
                "chip": str(hello.get("micropython", "")),
            }
            use = {"secret": claim.secret, "proof": proof["proof"], **about}
            state = desk.journal.keep(state, "proven")
        with _timed(seconds, "use"):
            tell("use")
            online = _use(desk, claim, use, line)
            state = desk.journal.keep(state, "used")
        with _timed(seconds, "test"):
            tell("test")
            try:
                tests, mains_off = selftest.whole(
                    line, hands, desk.county if online else None, claim.id, claim.secret, claim.kind,
                    list(claim.settings.get("links", ["lan"])), since, lambda words: told(f"test: {words}", 0.6),
                )  # fmt: skip
            except Offline as away:
                raise Trouble("the county went away in the middle of the test", away.do) from None
            state = desk.journal.keep(state, "tested", tests=tests, mains_off=mains_off, seconds=seconds)
    if selftest.failed(tests):
        raise selftest.trouble_of(tests, claim.site)
    tell("keep")
    return _keep(desk, claim, state, "done", "", None if online else use, about)


def ended(desk: Desk, claim: Claim, outcome: str, note: str, told: Told) -> Visited:
    """A visit that puts nothing on the wall, or takes it back: the claim's key dies with its result."""
    state = desk.journal.open(claim.id, claim.site, claim.device, str(uuid.uuid4()))
    told("keep", 0.9)
    return _keep(desk, claim, state, outcome, note, None, {})


def _keep(
    desk: Desk, claim: Claim, state: Visit, outcome: str, note: str, use: dict[str, Any] | None, about: dict[str, str]
) -> Visited:
    result = {
        "id": state.result,
        "secret": claim.secret,
        "outcome": outcome,
        "tests": state.tests,
        "mains_off": state.mains_off,
        "consent": state.consent,
        "note": note,
        "at": datetime.now(UTC).isoformat(),
        "board": about.get("board", ""),
        "version": about.get("version", ""),
    }
    desk.results.keep(claim.id, use, result)
    if outcome == "done":
        desk.journal.is_done(claim.site, claim.kind, claim.device)
    desk.journal.forget(state)
    desk.claims.is_over(claim.id)
    try:
        _, refused = desk.results.send(state.result)
    except Offline:
        return Visited(claim, outcome, state.tests, state.mains_off, state.seconds, False)
    if refused:
        raise refused[0]
    return Visited(claim, outcome, state.tests, state.mains_off, state.seconds, True)


def _whose(hello: Answer, claim: Claim, port: str) -> Answer:
    if hello.get("provisioned") == 1 and hello.get("dev") != claim.device:
        raise Trouble(
            f"the board at {port} is {hello.get('dev')} already, and not {claim.device}",
            "take another board; or, if that device is gone from its site, `heartlamp-tech reset`",
        )
    return hello


def _write(line: PortLines, claim: Claim, plan: Plan) -> None:
    settings = {**claim.settings, "board": plan.board, "site": claim.site[:60], **(plan.more or {})}
    try:
        line.provision(settings)
    except SerialError as no:
        raise Trouble(f"the board did not take its settings: {no.error}", no.do or "give the command again") from None
    hello = line.awake(RESTART_S)
    if hello.get("dev") != claim.device:
        raise Trouble(
            "the board restarted without its settings", "give the command again; if it stays so, its flash is broken"
        )


def _use(desk: Desk, claim: Claim, use: dict[str, Any], line: PortLines) -> bool:
    """Whether the county was there. Raises Trouble; where the claim is over for good, the settings leave the board."""
    try:
        desk.county.post(f"/api/claims/{claim.id}/use", use)
        return True
    except Offline as away:
        if claim.offline:
            return False
        raise Trouble(
            "this claim lives only once the county has seen its proof, and the county does not answer",
            "find a network and give the command again; for a day without one: `heartlamp-tech claims fetch --offline`",
        ) from away
    except Refused as no:
        if no.code in OVER:
            line.ask("reset", events=1)
            desk.claims.forget(claim.id)
            raise Trouble(f"{no.error}; the board was made empty again", "fetch a new claim for this site") from None
        raise


def _teller(told: Told) -> Callable[[str], None]:
    return lambda name: told(name, PARTS.index(name) / len(PARTS))


@contextlib.contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    began = monotonic()
    yield
    seconds[name] = round(monotonic() - began, 2)
