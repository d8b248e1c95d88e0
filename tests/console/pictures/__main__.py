"""Takes pictures of the rooms' pages into build/screens/, on a real county: two languages, light, dark, wide, 360 px.

Run: python -m tests.console.pictures [part of a picture's name]
Each file beside this one is a room: SCREENS, a list of Screen.
"""

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

from heartlamp_server.database.embedded import Embedded
from playwright.sync_api import Browser

from tests.console import pictures
from tests.console.browse import ROOT, chromium, watch
from tests.console.pictures.screen import Screen
from tests.console.stage import Stage
from tests.server.county import County

OUT = ROOT / "build" / "screens"
LOOKS = [(lang, theme, width) for lang in ("zh", "en") for theme in ("light", "dark") for width in (1440, 360)]


def shoot(browser: Browser, stage: Stage, room: str, screen: Screen, only: str) -> None:
    files = [(look, f"{room}-{screen.name}-{'-'.join(map(str, look))}.png") for look in LOOKS]
    looks = [(look, file) for look, file in files if only in file]
    if not looks:
        return
    screen.before(stage)
    for (lang, theme, width), file in looks:
        size = screen.size if screen.size and width > 400 else (width, 900 if width > 400 else 740)
        with watch(browser, lang, theme, viewport={"width": size[0], "height": size[1]}) as page:
            stage.sign_in(page, stage.somebody(screen.role))
            page.goto(stage.county.console + screen.path(stage))
            screen.prepare(page, stage)
            page.wait_for_timeout(600)  # what moves has come to rest
            page.screenshot(path=OUT / file)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            print(file, f"IS {over} PX TOO WIDE" if over > 0 else "", flush=True)


def main(only: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    rooms = sorted(m.name for m in pkgutil.iter_modules(pictures.__path__) if m.name not in ("__main__", "screen"))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        county = County(Path(folder), f"embedded:{folder}/postgres")
        county.make()
        county.start()
        try:
            stage = Stage(county)
            for room in rooms:
                module = importlib.import_module(f"{pictures.__name__}.{room}")
                for screen in module.SCREENS:
                    shoot(browser, stage, room, screen, only)
        finally:
            county.stop()
            Embedded(Path(folder) / "postgres").stop()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
