"""Takes pictures of every page in both languages, light and dark, wide and 360 px, into build/screens/.

Run: python -m tests.console.screens [part of a picture's name]
"""

import sys
from typing import Any

from playwright.sync_api import Browser, Page

from tests.console.browse import BRIGHT, ROOT, STATIC, chromium, watch
from tests.console.fake_county import FakeCounty, accepted, card, iso, responder
from tests.console.fake_rig import FakeRig, show

OUT = ROOT / "build" / "screens"
PAGES = ["queue", "quiet", "detail", "closed", "devices", "quarantine", "login", "lost", "close"]


def fill(county: FakeCounty) -> None:
    red_door = {"id": "s2", "name": "三组 2号", "address": "柳树湾村三组2号", "landmark": "水塔北侧，红色铁门"}
    fire = card(2, "fire", 21, lit=3, site=red_door)
    panic = card(7, "panic", 133, presses=3, last_press_at=iso(12), cancelled=True)
    doubtful = card(11, "panic", 300, unverified=True, time_unknown=True, observed_at=None, lit=0, lit_of=0)
    neighbour = responder("三组 8号", "coming", 1400, by="")
    gas = card(9, "gas", 1500, answer="coming", aver=2, who="三组 8号", lit=3)
    gas["responders"] = [responder("值班一号", "accepted", 1480), neighbour]
    ended = {"answer": "closed", "aver": 4, "who": "三组 9号", "closed_by": "值班一号", "closed_how": "spoke_to"}
    for n, what in enumerate(["panic", "flood", "fire", "silent"]):
        county.put(card(20 + n, what, 7000 + 9000 * n, closed_at=iso(5000 + 9000 * n), **ended))
    for one in (gas, accepted(4, "flood", 410), doubtful, panic, fire):
        county.put(one)
    for one, device in ((fire, "smoke0002"), (panic, "button0007")):
        said = "fire" if one is fire else "help"
        county.timelines[one["id"]] = [
            line(
                133 if one is panic else 21,
                f"{device} 发出{'火警' if one is fire else '求助'}",
                f"{device} raised {said}",
            ),
            *(line(20, f"lamp000{n} 的灯已亮", f"the lamp lamp000{n} shows it", "lit") for n in (1, 3, 4)),
        ]
    county.timelines[panic["id"]] += [
        line(14, "button0007 再次按下", "button0007 pressed again"),
        line(
            12,
            "button0007 表示按错了；呼叫继续，直到有人见到或通话",
            "button0007 says it was a mistake; calling goes on",
        ),
    ]
    villages = (("三", "柳树湾村"), ("一", "石桥村"))
    county.sites = [house(group, village, n) for group, village in villages for n in (1, 2, 3, 5, 7, 11)]
    county.gateways = [
        {"id": "gwliu1", "village": "柳树湾村", "last_seen": iso(2), "online": True, "revoked": False},
        {"id": "gwshi1", "village": "石桥村", "last_seen": iso(340), "online": False, "revoked": False},
    ]
    frame = '{"age":12,"mac":"5e…","body":{"v":1,"kind":"alarm","id":"lamp9999-0011223344556677","dev":"lamp9999"}}'
    county.evidence = [
        evidence(60, "quarantined", "unknown device lamp9999", "lamp9999.1", 3, frame),
        evidence(400, "unverified", "wrong mac", "lamp0007.1", 1, frame),
        evidence(90_000, "rejected", "not JSON", "lamp0012.1", 1, "\\x00\\xff hello \\x01 world"),
    ]


def line(ago_s: float, zh: str, en: str, kind: str = "press") -> dict[str, Any]:
    return {"at": iso(ago_s), "kind": kind, "text_zh": zh, "text_en": en, "detail": {}}


def evidence(ago_s: float, verdict: str, reason: str, user: str, count: int, text: str) -> dict[str, Any]:
    where = {"at": iso(ago_s), "gateway": "gwliu1", "user": user}
    return {**where, "verdict": verdict, "reason": reason, "count": count, "text": text}


def house(group: str, village: str, n: int) -> dict[str, Any]:
    devices = [device(f"lamp{n}", "lamp", 9, online=n != 3), device(f"button{n}", "button", 90_000 if n == 5 else 40)]
    if n == 2:
        devices.append(device("smoke2", "smoke", 70))
    place = {"name": f"{group}组 {n}号", "address": "", "landmark": ""}
    return {"id": f"{group}{n}", "path": ["庆丰县", "柳河镇", village, f"{group}组"], "devices": devices, **place}


def device(id_: str, kind: str, ago_s: float, online: bool = True) -> dict[str, Any]:
    seen = {"last_seen": iso(ago_s), "online": online, "overdue": ago_s > 1000, "revoked": False, "wan": None}
    return {"id": id_, "kind": kind, **seen}


LOOKS = [
    ("zh", "light", 1440),
    ("zh", "dark", 1440),
    ("en", "light", 1440),
    ("en", "dark", 1440),
    ("zh", "light", 360),
    ("en", "dark", 360),
]


def console(browser: Browser, name: str, lang: str, theme: str, width: int, file: str) -> None:
    county = FakeCounty(STATIC)
    county.start()
    county.logged_in = name != "login"
    if name != "quiet":
        fill(county)
    height = 900 if width > 400 else 740
    with watch(browser, lang, theme, viewport={"width": width, "height": height}) as page:
        page.goto(f"{county.url}/#/{name if name in ('closed', 'devices', 'quarantine') else 'queue'}")
        if name != "login":
            page.locator('[data-feed="live"]').wait_for()
            page.mouse.click(2, height - 2)
        if name in ("detail", "close"):
            page.locator(".card__pick").nth(1).click()
        if name == "close":
            page.locator('[data-act="closed"]').click()
        if name == "lost":
            county.cut()
            page.locator('[data-banner="lost"]').wait_for()
        shoot(page, file)
    county.stop()


def demo(browser: Browser, name: str, width: int, file: str) -> None:
    rig = FakeRig()
    if name == "alarm":
        call = {
            "incident": "x",
            "role": "own",
            "what": "panic",
            "place": "三组 3号",
            "answer": "coming",
            "who": "三组 5号",
        }
        rig.shows = {f"lampliu{n}": show("near", calls=[{**call, "role": "near"}]) for n in range(1, 8)}
        rig.shows["lampliu3"] = show("coming", answer="coming", who="三组 5号", heard=1, received=1, calls=[call])
        rig.shows["lampshi2"] = show("told", heard=1, received=1)
        rig.shows["lampshi5"] = show("shout", trouble=1)
        reached = [
            ("pressed", 0),
            ("stored", 1.1),
            ("sent", 2.3),
            ("heard", 4.9),
            ("neighbours lit", 9.2),
            ("received", 15.3),
            ("shown", 17.8),
        ]
        rig.hops = [{"hop": hop, "ms": ms} for hop, ms in reached]
    rig.start()
    with watch(browser, viewport={"width": width, "height": 900}) as page:
        page.goto(rig.url)
        page.locator(".house").first.wait_for()
        if name == "alarm":
            page.locator('[data-village="shi"] [data-process="uplink"]').click()
        page.evaluate(BRIGHT)
        shoot(page, file, full_page=True)
    rig.stop()


def shoot(page: Page, file: str, full_page: bool = False) -> None:
    page.wait_for_timeout(400)  # what moves has come to rest
    page.screenshot(path=OUT / file, full_page=full_page)
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    print(file, f"IS {over} PX TOO WIDE" if over > 0 else "")


def main(only: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name in PAGES:
            for lang, theme, width in LOOKS:
                file = f"console-{name}-{lang}-{theme}-{width}.png"
                if only in file:
                    console(browser, name, lang, theme, width, file)
        for name in ("quiet", "alarm"):
            for width in (1440, 360):
                file = f"demo-{name}-{width}.png"
                if only in file:
                    demo(browser, name, width, file)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
