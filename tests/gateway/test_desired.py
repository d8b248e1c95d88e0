"""What the county wants set on a device, on its way through the village: real Mosquitto, the real gateway."""

from tests.gateway.rig.device import Device
from tests.gateway.rig.village import Rig


def told(device: Device, *versions: int) -> None:
    device.board.wait(f"{device.id} is told {versions}", lambda: device.settings == list(versions))


def test_a_heartbeats_answer_is_passed_on_the_way_that_it_came_each_time_until_it_is_taken(rig: Rig) -> None:
    lamp, lamp9 = rig.device("lamp7"), rig.device("lamp9")
    camera = rig.device("cam2", by=lamp9)
    rig.county.wanted = {"lamp7": 5, "cam2": 6}
    lamp.read(settings_ver=0)
    told(lamp, 5)
    lamp.read(settings_ver=0)  # it was busy
    told(lamp, 5, 5)
    camera.read(settings_ver=5)
    told(camera, 6)
    assert camera.ways[-1] == "hl/1/lamp9/relay/cam2/receipt"
    lamp.read(settings_ver=5)
    lamp.is_received(lamp.press())  # and an alarm is answered as ever
    assert lamp.settings == [5, 5]
    assert lamp9.settings == []


def test_who_sleeps_when_the_county_answers_is_told_when_it_asks_and_once(rig: Rig) -> None:
    button = rig.device("butt7")
    rig.county.wanted = {"butt7": 5}
    button.read(settings_ver=0)
    rig.county.board.wait("its heartbeat at the county", lambda: rig.county.store.readings)
    told(button, 5)
    button.stop()
    awake = rig.device("butt7")
    told(awake, 5)
    awake.stop()
    again = rig.device("butt7")
    again.is_received(again.press())  # behind the answer to its `ask`
    assert again.settings == []
