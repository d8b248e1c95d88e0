"""The whole gateway with a modem: a press, the plan's call and message, and a key that lights the lamps."""

import tempfile
from pathlib import Path

import apsw
from heartlamp_protocol.downlink import CallCommand

from tests.gateway.modem.rig import Box
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until
from tests.protocol.test_escalation import PLAN


def test_a_press_rings_the_head_whose_key_1_lights_the_neighbours_lamps(box: Box) -> None:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        rig = Rig(Path(folder), tables=f'\n[modem]\nbus = "{box.address}"\n')
        try:
            rig.start()
            button = rig.device("butt7")
            lamp = rig.device("lamp9")
            rig.gateway.kill()
            db = apsw.Connection(str(rig.data / "alarms.db"))
            db.execute("INSERT OR REPLACE INTO word (name, value) VALUES ('plan', ?)", (PLAN.to_json().decode(),))
            db.close()
            rig.gateway.start()
            until("sessions", lambda: rig.gateway.said("gateway-alarms: session") == 2)
            rig.gateway.says("modem: there")
            rig.county.stop()
            incident = button.press("fire")  # panic has a policy of its own at night
            call = box.call()
            until("the message", lambda: any(line[0] == "Send" for line in box.seen()))
            box.state(call, 4)
            box.press(call, "1")
            lamp.call(incident, answer="coming")
            number = next(line[1] for line in box.seen() if line[0] == "Start")
            box.receives(number, "2")
            lamp.call(incident, answer="unanswered")
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text()[-3000:])


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
