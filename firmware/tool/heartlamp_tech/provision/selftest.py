"""What a device shows on the wall before anybody relies on it: keys, light, sound, sensors, each link, and one press
through to the county's console, as a drill."""

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from heartlamp_protocol.device.kinds import LAMPS

from heartlamp_tech.county.web import County, Refused
from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.provision.hands import Hands
from heartlamp_tech.serial_lines import Answer, SerialError
from heartlamp_tech.trouble import Trouble

LINK_S = 90.0  # Wi-Fi, DHCP, TLS, and a gateway that is told of a new device within 5 s
PRESS_S = 60.0  # for somebody to find the key
RECEIPT_S = 30.0
CONSOLE_S = 30.0
POLL_S = 0.3
LOOK_S = 1.0
KEYS = {"smoke": "smoke", "gas": "gas", "flood": "flood", "door": "door"}  # a detector's own; all others have a red key
SILENT = ("temperature", "slope")  # these only report

Test = dict[str, Any]


def part(name: str, ok: bool, found: str) -> Test:
    return {"part": name, "ok": ok, "found": found[:200]}


def own_parts(line: PortLines) -> list[Test]:
    """What the device says of itself."""
    return [part(one["part"], one["ok"] == 1, str(one["found"])) for one in line.ask("test", timeout=20.0)["parts"]]


def links(line: PortLines, wanted: list[str], since: int) -> list[Test]:
    """Each way out: up now, or at least once since mark `since` (a way that sleeps between its words)."""
    began = monotonic()
    up: dict[str, float] = {}
    while monotonic() - began < LINK_S:
        now = _up_now(line)
        up |= {name: monotonic() - began for name in wanted if name not in up and now.get(name) == 1}
        lacking = [name for name in wanted if name not in up]
        if not lacking:
            break
        said = line.wait_for(lambda said, lacking=lacking: _came_up(said) in lacking, LOOK_S, since)  # type: ignore[misc]
        if said is not None:
            up[_came_up(said)] = monotonic() - began
    took = {name: f"up within {seconds:.1f} s" for name, seconds in up.items()}
    return [part(f"link {name}", name in up, took.get(name, f"not up within {LINK_S:g} s")) for name in wanted]


def _up_now(line: PortLines) -> Answer:
    """What it says of its ways out, nothing: it sleeps, or is a program that traces them alone."""
    try:
        found = line.ask("status", timeout=LOOK_S).get("links")
    except SerialError:
        return {}
    return found if isinstance(found, dict) else {}


def _came_up(said: dict[str, Any]) -> str:
    """The way out that this line says came up, "" none."""
    return str(said.get("path", "lan")) if said.get("trace") == "link" and said.get("up") == 1 else ""


def press(line: PortLines, hands: Hands, kind: str, name: str) -> tuple[list[Test], str]:
    """One press, to both receipts. -> (tests, the event's id or "")"""
    pin = KEYS.get(kind, "red")
    mark = line.mark()
    hands.press(pin)
    pressed = line.trace("pressed", PRESS_S, mark)
    if pressed is None:
        return [part(f"{name} {pin} key", False, f"no press came within {PRESS_S:g} s")], ""
    event = str(pressed.get("event", ""))
    tests = [part(f"{name} {pin} key", True, "pressed")]
    for receipt in ("heard", "received"):
        said = line.trace(receipt, RECEIPT_S, mark, event=event)
        took = "" if said is None else f"after {(said['t'] - pressed['t']) / 1e9:.2f} s"
        tests.append(part(f"{name} {receipt}", said is not None, took or f"not within {RECEIPT_S:g} s"))
    return tests, event


def at_console(county: County, claim: str, event: str, name: str) -> Test:
    """Whether the county has the press, as a drill, on its screens. Raises Offline."""
    until, state = monotonic() + CONSOLE_S, "the county has nothing of it"
    while monotonic() < until:
        events = county.get(f"/api/claims/{claim}/events")["events"]
        one = next((one for one in events if one["event"] == event), None)
        if one is not None and one["at_console"]:
            return part(
                f"{name} at the console",
                one["drill"],
                "as a drill" if one["drill"] else "as a REAL call: tell the desk",
            )
        state = "the county has it, and no screen shows it" if one else state
        sleep(POLL_S)
    return part(f"{name} at the console", False, state)


def whole(
    line: PortLines,
    hands: Hands,
    county: County | None,
    claim: str,
    secret: str,
    kind: str,
    ways: list[str],
    since: int,
    told: Callable[[str], None],
) -> tuple[list[Test], Test | None]:
    """(tests, the one with mains and router off, None: not of this kind). `county` None: there is no network, and a
    press would be a real call."""  # fmt: skip
    told("its own parts")
    tests = own_parts(line)
    told("links")
    tests += links(line, ways, since)
    if county is None:
        tests.append(part("press", False, "not pressed: without the county a press would have been a real call"))
        return tests, None
    if kind in SILENT:
        return tests, None
    told("a drill")
    if why := announced(county, claim, secret):
        tests.append(part("press", False, why))
        return tests, None
    found, event = press(line, hands, kind, "press")
    tests += found
    if event:
        tests.append(at_console(county, claim, event, "press"))
    if kind in LAMPS:
        tests.append(part("light", hands.sees("Does the lamp shine, in the rhythm of `told`"), "seen"))
        tests.append(part("sound", hands.sees("Did it sound"), "heard by ear"))
    if kind not in LAMPS or failed(tests) or not hands.mains(False):
        return tests, None
    told("mains and router off")
    try:
        if why := announced(county, claim, secret):
            return tests, {"ok": False, "found": why}
        found, event = press(line, hands, kind, "off")
    finally:
        hands.mains(True)
    bad = [one for one in found if not one["ok"]]
    last = (bad or found)[-1]
    return tests, {"ok": not bad, "found": f"a press: {last['part'].removeprefix('off ')} {last['found']}"}


def failed(tests: list[Test]) -> list[Test]:
    """Those that keep a visit from being done; a press that nobody may make does not."""
    return [one for one in tests if not one["ok"] and one["part"] != "press"]


def announced(county: County, claim: str, secret: str) -> str:
    """Why the drill was not: a call of the house goes on, and a press would be one, too. "": it was. Raises Trouble."""
    try:
        county.post(f"/api/claims/{claim}/drill", {"secret": secret})
    except Refused as why:
        if why.code != "in_call":
            raise
        return f"not pressed: {why}"
    return ""


def trouble_of(tests: list[Test], site: str) -> Trouble:
    bad = failed(tests)
    words = "; ".join(f"{one['part']}: {one['found']}" for one in bad)
    no_link = any(one["part"].startswith("link ") for one in bad)
    other = f"`heartlamp-tech visit {site} no_link`" if no_link else "`heartlamp-tech reset`, and another board"
    return Trouble(
        f"the self-test found: {words}", f"cure it and give the same command again; where it cannot be cured: {other}"
    )
