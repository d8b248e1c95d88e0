"""The queue with thousands of open alarms, before a real county: first paint, what a key takes, what stays in memory.

Run: python -m tests.console.bench [how many, 10000]
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from heartlamp_server.database.embedded import Embedded
from heartlamp_server.responder.scope import Grant
from playwright.sync_api import Page, expect

from tests.console.browse import chromium, watch
from tests.console.signed_in import sign_in
from tests.server.county import County
from tests.server.responder.people import Somebody

KINDS = ("panic", "fire", "gas", "flood", "slope")
KEYS = 60


_COPIES = """
INSERT INTO incident SELECT (jsonb_populate_record(i, jsonb_build_object(
    'id', %s::text || w.what || s.id, 'site', s.id, 'what', w.what,
    'opened_at', clock_timestamp() - random() * interval '9 minutes',
    'place', i.place || jsonb_build_object('name', s.name)))).*
FROM incident i, site s, unnest(%s::text[]) AS w (what) WHERE i.id = %s AND s.id LIKE %s
"""


def fill(county: County, many: int, villages: int = 40) -> None:
    """`many` open incidents in that many villages, of which one in ten has been accepted."""
    made = [county.village(houses=1) for _ in range(villages)]
    for n, village in enumerate(made):
        [(area,)] = county.sql("SELECT area FROM site WHERE id = %s", village.sites[0])
        houses = many // villages // len(KINDS)
        county.sql(
            "INSERT INTO site (id, area, name, address, landmark) "
            "SELECT %s || i, %s, '三组 ' || i || '号', '', '老井旁' FROM generate_series(1, %s) AS i",
            f"b{n}x", area, houses,
        )  # fmt: skip
        village.send(press := village.keys[0].press())
        county.sql(_COPIES, f"inc{n}-", list(KINDS), press.id, f"b{n}x%")
    county.sql("UPDATE incident SET last_press_at = opened_at, observed_at = opened_at")


_PAINTED = """(was) => (window.painted = null, window.painted = new Promise((done) =>
    addEventListener("keydown", (event) => {
        const look = () => requestAnimationFrame(
            document.querySelector(".card--selected")?.dataset.incident === was ? look
                : () => done(performance.now() - event.timeStamp));
        look();
    }, {once: true, capture: true})), null)"""


def pressed(page: Page, key: str) -> float:
    """Milliseconds from the key until what it changed is painted."""
    page.evaluate(_PAINTED, page.evaluate("document.querySelector('.card--selected')?.dataset.incident"))
    page.keyboard.press(key)
    return float(page.evaluate("window.painted"))


def main(many: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        county = County(Path(folder), f"embedded:{folder}/postgres")
        county.make()
        county.start()
        try:
            fill(county, many)
            [(there,)] = county.sql("SELECT count(*) FROM incident WHERE closed_at IS NULL")
            operator = Somebody(county, Grant("operator"))
            began = time.perf_counter()
            found = operator.get("incidents", limit=500)
            listed = (time.perf_counter() - began) * 1000
            found.raise_for_status()
            with chromium() as browser, watch(browser) as page:
                sign_in(page, county, operator)
                page.goto(county.console)
                page.locator("[data-incident]").first.wait_for()
                page.reload()
                page.locator("[data-incident]").first.wait_for()
                shown = page.evaluate("performance.now()")
                paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
                expect(page.locator(".head__count")).to_have_text(str(there), timeout=60_000)
                all_there = page.evaluate("performance.now()")
                page.locator("[data-group]").click()
                downs = [pressed(page, "j") for _ in range(KEYS)]
                drawn = page.locator("[data-incident]").count()
                heap = heap_mb(page)
                for n in range(40):
                    page.mouse.wheel(0, 20_000 if n % 2 else 60_000)
                    page.wait_for_timeout(20)
                page.keyboard.press("k")
                for card in found.json()["incidents"][:200]:  # each comes by the feed
                    operator.post(f"incidents/{card['id']}/answer", answer="accepted")
                during = [pressed(page, "j") for _ in range(10)]
                after = heap_mb(page)
                figures = {
                    "open": there, "list of 500 ms": round(listed), "first paint ms": round(paint),
                    "first card by ms": round(shown), "all there by ms": round(all_there),
                    "key p50 ms": round(statistics.median(downs)),
                    "key p95 ms": round(statistics.quantiles(downs, n=20)[-1]),
                    "key max ms": round(max(downs)), "key after 200 answers max ms": round(max(during)),
                    "cards drawn": drawn, "heap MB": heap, "heap after MB": after,
                }  # fmt: skip
                print(json.dumps(figures), flush=True)
        finally:
            county.stop()
            Embedded(Path(folder) / "postgres").stop()


def heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return round(used / 1e6, 1)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
