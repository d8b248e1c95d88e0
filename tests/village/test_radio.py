"""Two houses that no village network reaches, with everything behind them real: lamps, broker, gateway, county."""

import signal
import time
from pathlib import Path

import pytest
from heartlamp_tech.ether import Ether

from tests.village.journal import Seen
from tests.village.plan import House, Village
from tests.village.rig import Rig

pytestmark = pytest.mark.timeout(180)

KINDS = ("button", "lamp")
HOUSES = (
    House("yuan", "二组", 1, KINDS),
    House("yuan", "二组", 2, KINDS, {"lamp": ("lampyuan1",), "button": ("lampyuan2",)}),
    House("yuan", "二组", 3, KINDS, {"lamp": ("lampyuan2",), "button": ("lampyuan3",)}),
    House("yuan", "三组", 4, KINDS, {"button": ("lampyuan4",)}, links={"lamp": ["wan"]}),
)


class RadioRig(Rig):
    """House 1 has a line; 2 hears 1, 3 hears 2 only; 4 has broadband; their buttons hear their own lamps. A tenth of
    all packets is lost."""

    def __init__(self, folder: Path, ether: Ether) -> None:
        super().__init__(folder, (Village("yuan", "远山村", "990101100203", HOUSES),), ether=ether)
        self.ether = ether

    def wait_ready(self, seconds: float = 60) -> None:
        hops = [(h.device(kind), lamp) for h in HOUSES for kind, lamps in h.radio.items() for lamp in lamps]
        pairs = [(self.boards[child].mac, self.boards[lamp].mac) for child, lamp in hops]
        self.ether.range = lambda a, b: -70 if (a, b) in pairs or (b, a) in pairs else None
        self.ether.loss = 0.1
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

        mark = rig.journal.mark()
        rig.press("buttonyuan4")
        rig.shows("lampyuan4", mark, meaning="sending")
        rig.shows("lampyuan4", mark, meaning="told", received=1)
        rig.journal.wait(lambda s: s.source == "buttonyuan4" and s.what == "received", mark, 20, "its receipt")


@pytest.mark.prove
def test_a_restart_of_the_gateway_leaves_nobody_in_the_dark(tmp_path: Path) -> None:
    with Ether(seed=4) as ether, RadioRig(tmp_path, ether) as rig:
        rig.journal.wait(lambda s: s.source == "lampyuan3" and s.what == "lamp", 0, 30, "its first state")
        gateway = rig.villages["yuan"].gateway
        mark = rig.journal.mark()
        gateway.pull_plug(signal.SIGKILL)
        gateway.plug_in()
        pressed = rig.press("buttonyuan1")
        near = rig.shows("lampyuan3", mark, meaning="near")  # told before it spoke again: its way was kept
        print(f"press beside a gateway that starts -> a lamp two hops away {(near.at - pressed) // 1_000_000} ms")
        rig.journal.wait(lambda s: s.source == "buttonyuan1" and s.what == "received", mark, 20, "its receipt")
