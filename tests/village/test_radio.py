"""Two houses that no village network reaches, all behind them real: lamp to lamp, broker, gateway, county."""

import time
from pathlib import Path
from typing import Any

import pytest
from heartlamp_tech.ether import Ether

from tests.village.journal import Seen
from tests.village.plan import House, Village
from tests.village.rig import Rig

pytestmark = [pytest.mark.xdist_group("village"), pytest.mark.timeout(180)]

HOUSES = tuple(House("yuan", "二组", n, ("button", "lamp")) for n in (1, 2, 3))
THROUGH = {"lampyuan2": "lampyuan1", "lampyuan3": "lampyuan2", "buttonyuan3": "lampyuan3", "buttonyuan2": "lampyuan2"}


class RadioRig(Rig):
    """House 1 has a line; 2 hears 1, 3 hears 2 only; their buttons hear their own lamps. A tenth of all packets is
    lost."""

    def __init__(self, folder: Path, ether: Ether) -> None:
        super().__init__(folder, (Village("yuan", "远山村", "990101100203", HOUSES),), ether=ether)
        self._air = ether

    def enrolment(self, brokers: dict[str, int]) -> dict[str, Any]:
        said = super().enrolment(brokers)
        for site in said["villages"][0]["groups"][0]["sites"]:
            for device in site["devices"]:
                if device["id"] in THROUGH:
                    device |= {"through": [THROUGH[device["id"]]], "links": ["relay"]}
        return said

    def wait_ready(self, seconds: float = 60) -> None:
        pairs = [(self.boards[child].mac, self.boards[lamp].mac) for child, lamp in THROUGH.items()]
        self._air.range = lambda a, b: -70 if (a, b) in pairs or (b, a) in pairs else None
        self._air.loss = 0.1
        super().wait_ready(seconds)

    def shows(self, device: str, since: int, seconds: float = 20, **fields: object) -> Seen:
        return self.journal.wait(
            lambda s: s.source == device and s.what == "show" and all(s.fields.get(k) == v for k, v in fields.items()),
            since,
            seconds,
            f"{device} to show {fields}",
        )


def test_a_house_that_no_network_reaches_calls_and_is_answered(tmp_path: Path) -> None:
    with Ether(seed=3) as ether, RadioRig(tmp_path, ether) as rig:
        mark = rig.journal.mark()
        pressed = rig.press("buttonyuan3")
        rig.shows("lampyuan3", mark, meaning="sending")
        near = rig.shows("lampyuan1", mark, meaning="near")
        told = rig.shows("lampyuan3", mark, meaning="told", received=1)
        rig.shows("lampyuan2", mark, meaning="near")
        rig.journal.wait(lambda s: s.source == "buttonyuan3" and s.what == "received", mark, 20, "its receipt")
        print(f"press -> a neighbour's lamp {(near.at - pressed) // 1_000_000} ms,", end=" ")
        print(f"-> told at home, received by the county {(told.at - pressed) // 1_000_000} ms")
        rig.press("lampyuan2", "green")
        rig.shows("lampyuan3", mark, meaning="coming", who="二组 2号")

        mark = rig.journal.mark()
        rig.boards["lampyuan2"].kill()
        rig.press("buttonyuan3")
        rig.shows("lampyuan3", mark, 30, meaning="shout")
        rig.boards["lampyuan2"].start()
        began = time.monotonic()
        rig.shows("lampyuan3", rig.journal.mark(), 60, meaning="coming")
        rig.journal.wait(lambda s: s.source == "buttonyuan3" and s.what == "received", mark, 60, "its receipt")
        print(f"the lamp between is back -> the county's word at home {time.monotonic() - began:.1f} s")
