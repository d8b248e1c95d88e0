"""Takes pictures of every page in both languages, light and dark, wide and 360 px, into build/screens/.

Run: uv run python tests/console/screens.py [substring of a picture's name]
"""

import base64
import sys
from pathlib import Path

from fake_county import FakeCounty, card, iso
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "screens"
STATIC = ROOT / "server" / "heartlamp_server" / "console" / "static"

PAGES = ["queue", "quiet", "detail", "closed", "devices", "quarantine", "login", "lost", "close"]


def fill(county: FakeCounty) -> None:
    fire = card(2, "fire", 21, lit=3, site={"id": "s2", "name": "三组 2号", "address": "柳树湾村三组2号", "landmark": "水塔北侧，红色铁门"})
    panic = card(7, "panic", 133, presses=3, last_press_at=iso(12), cancelled=True, lit=2)
    other = card(11, "panic", 300, unverified=True, time_unknown=True, observed_at=None, lit=0, lit_of=0)
    flood = card(4, "flood", 410, answer="accepted", aver=1, who="城关派出所", lit=3, responders=[{"who": "城关派出所", "answer": "accepted", "at": iso(350)}])
    gas = card(
        9, "gas", 1500, answer="coming", aver=2, who="三组 8号", lit=3,
        responders=[{"who": "值班一号", "answer": "accepted", "at": iso(1480)}, {"who": "三组 8号", "answer": "coming", "at": iso(1400)}],
    )
    done = [card(20 + n, what, 7000 + 5000 * n, answer="closed", aver=4, who="三组 9号", closed_at=iso(5000 + 5000 * n)) for n, what in enumerate(["panic", "flood", "fire", "silent"])]
    for one in [*done, gas, flood, other, panic, fire]:
        county.put(one)
    county.timelines[fire["id"]] = [
        {"at": iso(21), "kind": "pressed", "text_zh": "三组 2号 的烟感报火", "text_en": "Smoke sensor of 三组 2号 raised an alarm", "detail": {}},
        {"at": iso(21), "kind": "received", "text_zh": "县里已存，签名核实无误", "text_en": "Stored at the county, signature verified", "detail": {}},
        {"at": iso(20), "kind": "lit", "text_zh": "三组 1号 的灯已亮", "text_en": "Lamp of 三组 1号 is lit", "detail": {}},
        {"at": iso(20), "kind": "lit", "text_zh": "三组 3号 的灯已亮", "text_en": "Lamp of 三组 3号 is lit", "detail": {}},
        {"at": iso(19), "kind": "lit", "text_zh": "三组 4号 的灯已亮", "text_en": "Lamp of 三组 4号 is lit", "detail": {}},
    ]
    county.sites = [
        {"id": f"s{v}{n}", "name": f"{v}组 {n}号", "path": ["庆丰县", "柳河镇", village, f"{v}组"],
         "devices": [
             {"id": f"lamp{v}{n}", "kind": "lamp", "online": not (n == 3 and v == "三"), "last_seen": iso(9), "overdue": False},
             {"id": f"btn{v}{n}", "kind": "button", "online": True, "last_seen": iso(90000 if n == 5 else 40), "overdue": n == 5},
             *([{"id": f"smk{v}{n}", "kind": "smoke", "online": True, "last_seen": iso(70), "overdue": False}] if n == 2 else []),
         ]}
        for v, village in (("三", "柳树湾村"), ("一", "石桥村")) for n in (1, 2, 3, 5, 7, 11)
    ]
    county.gateways = [
        {"id": "gwliu1", "village": "柳树湾村", "last_contact": iso(2), "online": True},
        {"id": "gwshi1", "village": "石桥村", "last_contact": iso(340), "online": False},
    ]
    frame = b'{"age":12,"mac":"00","body":{"v":1,"kind":"alarm","id":"lamp9999-0011223344556677","dev":"lamp9999"}}'
    county.quarantined = [
        {"at": iso(60), "verdict": "quarantined", "reason": "unknown device lamp9999", "gateway": "gwliu1", "user": "lamp9999.1", "device": "lamp9999", "bytes": len(frame), "frame_b64": base64.b64encode(frame).decode()},
        {"at": iso(400), "verdict": "unverified", "reason": "the MAC does not match", "gateway": "gwliu1", "user": "lamp0007.1", "device": "lamp0007", "bytes": 233, "frame_b64": base64.b64encode(frame).decode()},
        {"at": iso(90000), "verdict": "rejected", "reason": "not JSON", "gateway": "gwshi1", "user": "lamp0012.1", "device": "", "bytes": 17, "frame_b64": base64.b64encode(b"\x00\xff hello \x01 world").decode()},
    ]


def main(only: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for name in PAGES:
            for lang, theme, width, height in [("zh", "light", 1440, 900), ("zh", "dark", 1440, 900), ("en", "light", 1440, 900), ("en", "dark", 1440, 900), ("zh", "light", 360, 740), ("en", "dark", 360, 740)]:
                file = f"console-{name}-{lang}-{theme}-{width}.png"
                if only not in file:
                    continue
                county = FakeCounty(STATIC)
                url = county.start()
                county.logged_in = name != "login"
                if name != "quiet":
                    fill(county)
                context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="Asia/Shanghai")
                context.add_init_script(f"localStorage.setItem('heartlamp.lang','{lang}');localStorage.setItem('heartlamp.theme','{theme}')")
                page = context.new_page()
                page.on("console", lambda message: print("   ", message.text) if message.type in ("error", "warning") else None)
                path = name if name in ("closed", "devices", "quarantine") else "queue"
                if name == "detail":
                    path = "queue/" + next(iter(c["id"] for c in county.cards.values() if c["what"] == "gas"))
                page.goto(f"{url}/#/{path}")
                if name != "login":
                    page.locator('[data-feed="live"]').wait_for()
                    page.mouse.click(2, height - 2)
                if name == "lost":
                    county.cut()
                    page.locator('[data-banner="lost"]').wait_for()
                if name == "close":
                    if width > 400:
                        page.locator('[data-act="closed"]').click()
                    else:
                        page.locator(".card__pick").first.click()
                        page.locator('[data-act="closed"]').click()
                page.wait_for_timeout(400)
                page.screenshot(path=OUT / file)
                over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                print(file, f"OVERFLOW {over}px" if over > 0 else "")
                context.close()
                county.stop()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
