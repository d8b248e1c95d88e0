"""A day's readings go up when the county is back: the line is not left idle, and nothing is lost where it breaks."""

import re
import sqlite3
from contextlib import closing

from heartlamp_protocol.uplink import BATCH_ITEMS_MAX

from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

READINGS = 12 * BATCH_ITEMS_MAX


def test_batches_follow_each_other_and_survive_a_broken_line_and_a_bad_one_among_them(rig: Rig) -> None:
    lamp, button = rig.device("lamp7"), rig.device("butt7")
    county, store = rig.county, rig.county.store
    county.stop()
    for n in range(READINGS):
        lamp.read(heap_b=n)
    bad = READINGS * 3 // 4
    county.unreadable.add(b'"heap_b":%d}' % bad)
    with closing(sqlite3.connect(f"file:{rig.data}/readings.db?mode=ro", uri=True)) as disk:
        until("a backlog", lambda: disk.execute("SELECT count(*) FROM reading").fetchone() >= (READINGS,), 30)
    county.looks_s = 0.2
    county.start()

    county.board.wait("a batch behind the one that is not answered yet", lambda: county.ahead >= 2, 30)
    assert button.is_received(button.press())
    assert county.board.wait("some of it", lambda: len(store.readings) >= READINGS // 4, 30)
    county.stop()
    county.looks_s = 0.0
    county.start()

    def missing() -> set[int]:
        found = [re.search(rb'"heap_b":(\d+)}', item.frame) for item in list(store.readings)]
        return set(range(READINGS)) - {int(each[1]) for each in found if each}

    until("all but the bad one", lambda: len(missing()) <= 1, 80)  # a tail that fills no batch waits its 20 s
    assert missing() == {bad}
