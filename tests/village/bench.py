"""`make bench`: how long a press takes to be heard, received and shown, beside this machine's floor of the same run."""

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.console.browse import chromium, watch
from tests.village import floor
from tests.village.browser import log_in
from tests.village.hops import trace
from tests.village.rig import ROOT, Rig

PRESSES = int(os.environ.get("HEARTLAMP_BENCH_PRESSES", "300"))
RESTARTS = int(os.environ.get("HEARTLAMP_BENCH_RESTARTS", "5"))

# Notes in the console's page the wall-clock milliseconds at which each card arrives on its own event stream, and at
# which the next frame, that shows it, was made.
FOLLOW = """
  const moments = {}, awaited = {}, now = () => performance.timeOrigin + performance.now();
  const note = (e) => {
    const shown = now(), card = JSON.parse(e.data), key = card.id + ' ' + card.presses;
    if (key in moments) return;
    moments[key] = null;
    requestAnimationFrame(() => setTimeout(() => {
      moments[key] = [shown, now()];
      awaited[key]?.(moments[key]);
    }));
  };
  window.EventSource = class extends window.EventSource {
    constructor(...where) { super(...where); this.addEventListener('incident', note); }
  };
  window.moments = (key) => moments[key] ?? new Promise((tell) => { awaited[key] = tell; });
"""


def percentiles(values: list[float]) -> tuple[float, float, float]:
    """(p50, p95, p99), nearest rank."""
    ordered = sorted(values)
    return tuple(ordered[min(len(ordered) - 1, int(len(ordered) * q))] for q in (0.50, 0.95, 0.99))  # type: ignore[return-value]


def presses(rig: Rig, count: int, kind: str, opened: dict[str, tuple[str, int]]) -> dict[str, list[float]]:
    """Milliseconds from the pin's move to each hop, for `count` presses of a lamp's or a button's red key, one at a
    time, house by house. A button sleeps: its first hop is the start of its program, from sources, too. `opened`: site
    -> its incident and how often it was pressed for, so far."""
    found: dict[str, list[float]] = {h: [] for h in ("stored", "sent", "heard", "received", "shown", "drawn")}
    houses = rig.houses()
    with chromium() as browser, watch(browser) as page:
        page.add_init_script(f"{{{FOLLOW}}}")
        log_in(page, rig.console_url, "duty", rig.password)
        for n in range(count):
            house = houses[n % len(houses)]
            button, since = house.device(kind), rig.journal.mark()
            start = rig.press(button, hold=0.03)
            event = str(trace(rig.journal, button, "pressed", since).fields["event"])
            for name in ("stored", "sent", "heard", "received"):
                found[name].append((trace(rig.journal, button, name, since, event).at - start) / 1e6)
            opening, times = opened.get(house.site, (event, 0))
            opened[house.site] = opening, times + 1
            shown, drawn = page.evaluate("(key) => window.moments(key)", f"{opening} {times + 1}")
            found["shown"].append(shown - start / 1e6)
            found["drawn"].append(drawn - start / 1e6)
            time.sleep(
                floor.REST
            )  # lamps, notes and the page's drawing of the last one are over; none pays for another
            if (n + 1) % 50 == 0:
                print(f"· {n + 1} of {count} presses", flush=True)
    return found


def restarts(rig: Rig, times: int) -> dict[str, list[float]]:
    """Milliseconds from starting a dead process again to the queued alarm's receipt."""
    found: dict[str, list[float]] = {
        "broker→heard": [],
        "gateway→heard": [],
        "server→received": [],
        "postgres→received": [],
    }
    house = rig.houses()[0]
    side = rig.villages[house.village]
    button = house.device("button")

    def after(start: Callable[[], None], receipt: str) -> float:
        since = rig.journal.mark()
        rig.press(button, hold=0.03)
        event = str(trace(rig.journal, button, "stored", since).fields["event"])
        began = time.time_ns()
        start()
        ms = (trace(rig.journal, button, receipt, since, event, 60).at - began) / 1e6
        trace(rig.journal, button, "received", since, event, 60)
        return ms

    for _ in range(times):
        side.broker.pull_plug()
        found["broker→heard"].append(after(side.broker.plug_in, "heard"))
        side.gateway.pull_plug()
        found["gateway→heard"].append(after(side.gateway.plug_in, "heard"))
        rig.server.pull_plug()
        found["server→received"].append(after(rig.server.plug_in, "received"))
        rig.kill_postgres()
        found["postgres→received"].append(after(lambda: None, "received"))
    return found


def main() -> int:
    def say(text: str) -> None:
        print(f"· {text}", flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="heartlamp-bench-") as folder,
        # In memory: a device has a flash chip of its own, and does not wait for what the county writes to this disk.
        tempfile.TemporaryDirectory(prefix="heartlamp-flash-", dir="/dev/shm") as flash,
        Rig(Path(folder), flash=Path(flash), say=say) as rig,
    ):
        say("the floor of this machine")
        floors = floor.measure(rig)
        opened: dict[str, tuple[str, int]] = {}
        hops = presses(rig, PRESSES, "lamp", opened)
        say("buttons, which sleep")
        woken = presses(rig, PRESSES // 5, "button", opened)
        say("restarts")
        again = restarts(rig, RESTARTS)
    total = sum(statistics.median(v) for v in floors.values())
    result: dict[str, Any] = {
        "presses": PRESSES,
        "floor_ms": {},
        "floor_sum_ms": {"p50": round(total, 2), "p99": round(sum(percentiles(v)[2] for v in floors.values()), 2)},
        "hops": {},
        "woken": {},
        "restarts_ms": {},
    }
    print(f"\n  {'floor, same run':<28}{'p50':>9}{'p99':>9}   ms")
    for name, values in floors.items():
        p50, _, p99 = percentiles(values)
        result["floor_ms"][name] = {"p50": round(p50, 2), "p99": round(p99, 2)}
        print(f"  {name:<28}{p50:>9.2f}{p99:>9.2f}")
    print(f"  {'sum':<28}{total:>9.2f}{sum(percentiles(v)[2] for v in floors.values()):>9.2f}")
    print(f"\n  {PRESSES} presses{'':<17}{'p50':>9}{'p95':>9}{'p99':>9}   ms{'× floor: p50':>16}{'p95':>7}{'p99':>7}")
    for name, values in hops.items():
        ps = percentiles(values)
        result["hops"][f"pressed→{name}"] = {
            "ms": [round(p, 2) for p in ps], "floors": [round(p / total, 2) for p in ps],
        }  # fmt: skip
        print(
            f"  {'pressed→' + name:<25}"
            + "".join(f"{p:>9.2f}" for p in ps)
            + f"{'':>14}"
            + "".join(f"{p / total:>7.2f}" for p in ps)
        )
    print(f"\n  {PRESSES // 5} presses of sleeping buttons")
    for name, values in woken.items():
        ps = percentiles(values)
        result["woken"][f"pressed→{name}"] = [round(p, 2) for p in ps]
        print(f"  {'pressed→' + name:<25}" + "".join(f"{p:>9.2f}" for p in ps))
    print(f"\n  {'from start of the dead part':<28}{'median':>9}{'worst':>9}   ms, {RESTARTS} each")
    for name, values in again.items():
        result["restarts_ms"][name] = {"median": round(statistics.median(values)), "worst": round(max(values))}
        print(f"  {name:<28}{statistics.median(values):>9.0f}{max(values):>9.0f}")
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build/bench.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    return 0
