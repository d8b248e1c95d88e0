"""Takes pictures of every page in both languages, light and dark, wide and 360 px, into build/screens/.

Run: python -m tests.console.screens [part of a picture's name]
"""

import base64
import sys

from playwright.sync_api import Browser, Page

from tests.console.browse import ROOT, STATIC, chromium, watch
from tests.console.fake_county import FakeCounty, card, iso
from tests.console.fake_rig import FakeRig, show

OUT = ROOT / "build" / "screens"
PAGES = ["queue", "quiet", "detail", "closed", "devices", "quarantine", "login", "lost", "close"]


def fill(county: FakeCounty) -> None:
    fire = card(
        2,
        "fire",
        21,
        lit=3,
        site={"id": "s2", "name": "三组 2号", "address": "柳树湾村三组2号", "landmark": "水塔北侧，红色铁门"},
    )
    panic = card(7, "panic", 133, presses=3, last_press_at=iso(12), cancelled=True, lit=2)
    other = card(11, "panic", 300, unverified=True, time_unknown=True, observed_at=None, lit=0, lit_of=0)
    flood = card(
        4,
        "flood",
        410,
        answer="accepted",
        aver=1,
        who="城关派出所",
        lit=3,
        responders=[{"who": "城关派出所", "answer": "accepted", "at": iso(350)}],
    )
    gas = card(
        9,
        "gas",
        1500,
        answer="coming",
        aver=2,
        who="三组 8号",
        lit=3,
        responders=[
            {"who": "值班一号", "answer": "accepted", "at": iso(1480)},
            {"who": "三组 8号", "answer": "coming", "at": iso(1400)},
        ],
    )
    done = [
        card(20 + n, what, 7000 + 5000 * n, answer="closed", aver=4, who="三组 9号", closed_at=iso(5000 + 5000 * n))
        for n, what in enumerate(["panic", "flood", "fire", "silent"])
    ]
    for one in [*done, gas, flood, other, panic, fire]:
        county.put(one)
    county.timelines[fire["id"]] = [
        {
            "at": iso(21),
            "kind": "pressed",
            "text_zh": "三组 2号 的烟感报火",
            "text_en": "Smoke sensor of 三组 2号 raised an alarm",
            "detail": {},
        },
        {
            "at": iso(21),
            "kind": "received",
            "text_zh": "县里已存，签名核实无误",
            "text_en": "Stored at the county, signature verified",
            "detail": {},
        },
        {
            "at": iso(20),
            "kind": "lit",
            "text_zh": "三组 1号 的灯已亮",
            "text_en": "Lamp of 三组 1号 is lit",
            "detail": {},
        },
        {
            "at": iso(20),
            "kind": "lit",
            "text_zh": "三组 3号 的灯已亮",
            "text_en": "Lamp of 三组 3号 is lit",
            "detail": {},
        },
        {
            "at": iso(19),
            "kind": "lit",
            "text_zh": "三组 4号 的灯已亮",
            "text_en": "Lamp of 三组 4号 is lit",
            "detail": {},
        },
    ]
    county.sites = [
        {
            "id": f"s{v}{n}",
            "name": f"{v}组 {n}号",
            "path": ["庆丰县", "柳河镇", village, f"{v}组"],
            "devices": [
                {
                    "id": f"lamp{v}{n}",
                    "kind": "lamp",
                    "online": not (n == 3 and v == "三"),
                    "last_seen": iso(9),
                    "overdue": False,
                },
                {
                    "id": f"btn{v}{n}",
                    "kind": "button",
                    "online": True,
                    "last_seen": iso(90000 if n == 5 else 40),
                    "overdue": n == 5,
                },
                *(
                    [{"id": f"smk{v}{n}", "kind": "smoke", "online": True, "last_seen": iso(70), "overdue": False}]
                    if n == 2
                    else []
                ),
            ],
        }
        for v, village in (("三", "柳树湾村"), ("一", "石桥村"))
        for n in (1, 2, 3, 5, 7, 11)
    ]
    county.gateways = [
        {"id": "gwliu1", "village": "柳树湾村", "last_contact": iso(2), "online": True},
        {"id": "gwshi1", "village": "石桥村", "last_contact": iso(340), "online": False},
    ]
    frame = b'{"age":12,"mac":"00","body":{"v":1,"kind":"alarm","id":"lamp9999-0011223344556677","dev":"lamp9999"}}'
    county.quarantined = [
        {
            "at": iso(60),
            "verdict": "quarantined",
            "reason": "unknown device lamp9999",
            "gateway": "gwliu1",
            "user": "lamp9999.1",
            "device": "lamp9999",
            "bytes": len(frame),
            "frame_b64": base64.b64encode(frame).decode(),
        },
        {
            "at": iso(400),
            "verdict": "unverified",
            "reason": "the MAC does not match",
            "gateway": "gwliu1",
            "user": "lamp0007.1",
            "device": "lamp0007",
            "bytes": 233,
            "frame_b64": base64.b64encode(frame).decode(),
        },
        {
            "at": iso(90000),
            "verdict": "rejected",
            "reason": "not JSON",
            "gateway": "gwshi1",
            "user": "lamp0012.1",
            "device": "",
            "bytes": 17,
            "frame_b64": base64.b64encode(b"\x00\xff hello \x01 world").decode(),
        },
    ]


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
        # all lamps at one moment of their rhythm, in which each of them is lit
        page.evaluate("document.getAnimations().forEach(a => { a.pause(); a.currentTime = 100 })")
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
