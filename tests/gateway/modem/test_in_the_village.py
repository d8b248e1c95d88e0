"""The whole gateway with a modem: a press, the plan's call and message, and what people answer."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
from heartlamp_protocol.downlink import CallCommand

from tests.gateway.modem.rig import Box
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until
from tests.protocol.test_escalation import GRID, PLAN


@contextlib.contextmanager
def planned(box: Box) -> Iterator[Rig]:
    """A village with a modem and a plan, whose county is away."""
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        rig = Rig(Path(folder), tables=f'\n[modem]\nbus = "{box.address}"\n')
        try:
            rig.start()
            rig.gateway.kill()
            db = apsw.Connection(str(rig.data / "alarms.db"))
            db.execute("INSERT OR REPLACE INTO word (name, value) VALUES ('plan', ?)", (PLAN.to_json().decode(),))
            db.close()
            rig.gateway.start()
            until("sessions", lambda: rig.gateway.said("gateway-alarms: session") == 2)
            rig.gateway.says("modem: there")
            rig.county.stop()
            yield rig
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text()[-3000:])


def rung(box: Box) -> list[str]:
    """The numbers that were called, in turn."""
    return [line[1] for line in box.seen() if line[0] == "Start"]


def test_a_press_rings_the_head_whose_key_1_lights_the_neighbours_lamps(box: Box) -> None:
    with planned(box) as rig:
        button, lamp = rig.device("butt7"), rig.device("lamp9")
        incident = button.press("fire")  # panic has a policy of its own at night
        call = box.call()
        until("the message", lambda: any(line[0] == "Send" for line in box.seen()))
        box.state(call, 4)
        box.press(call, "1")
        lamp.call(incident, answer="coming")
        box.receives(rung(box)[0], "2")
        lamp.call(incident, answer="unanswered")


def test_one_on_duty_accepts_and_the_others_telephones_stop_ringing_or_never_begin(box: Box) -> None:
    with planned(box) as rig:
        button, lamp = rig.device("butt7"), rig.device("lamp9")
        incident = button.press("fire")
        box.state(box.call(), 2)  # the head's rings; the grid worker is the next
        box.receives(GRID.reaches[0].address, "1")
        lamp.call(incident, answer="coming", who=GRID.name)
        rig.gateway.says("1/head3/voice/0 failed")
        rig.gateway.says("1/grid1/voice/0 failed")
        assert (len(rung(box)), sum(line[0] == "Hangup" for line in box.seen())) == (1, 1)


def test_the_county_orders_a_message_whose_reply_goes_up(box: Box) -> None:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        rig = Rig(Path(folder), tables=f'\n[modem]\nbus = "{box.address}"\n')
        try:
            rig.start()
            rig.gateway.says("modem: there")
            number = "+8613800000001"
            order = CallCommand("8812", "sms", number, "三组户长", "zh", "", "fire", "三组 7号", 0)
            rig.county.command(order.to_fields())
            rig.county.noted("ordered", "8812 sent")
            box.receives(number, "2")
            rig.county.noted("ordered", "8812 cannot")
            call = CallCommand("8813", "voice", number, "三组户长", "zh", "", "fire", "三组 7号", 0)
            rig.county.command(call.to_fields())
            path = box.call()
            box.state(path, 4)
            box.press(path, "1")
            rig.county.noted("ordered", "8813 coming")
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text()[-3000:])
