"""What a Home Assistant is told. `home_assistant_trial.py` shows it to a real one."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from heartlamp_gateway.windows.home_assistant import entities
from heartlamp_gateway.windows.view import Seen
from heartlamp_protocol.device.kinds import KINDS

from tests.gateway.rig.processes import Process
from tests.gateway.rig.waiting import until
from tests.gateway.windows.home import TABLE, Home
from tests.gateway.windows.seen import Village, village
from tests.ports import free_port


@pytest.fixture
def seen() -> Iterator[Village]:
    with village(TABLE) as made:
        yield made


@contextlib.contextmanager
def home(seen: Village, port: int = 0) -> Iterator[Home]:
    made = Home(seen, port)
    try:
        yield made
    finally:
        made.stop()


def restart(seen: Village, old: str, new: str) -> None:
    seen.gateway.end()
    seen.config.write_text(seen.config.read_text().replace(old, new))
    seen.gateway.start()


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"silent"}))
def test_every_entity_finds_its_field_in_the_state(kind: str) -> None:
    seen = Seen("devi1", kind, "s7", "三组 7号", "g3", "online", (), 0)
    config = json.loads(entities.device_config("gwliu1", seen, "en", "1"))
    state = json.loads(entities.device_state(seen, (), {}, {}))
    assert config["state_topic"] == entities.state_topic("gwliu1", "devi1")
    assert {f"{{{{ value_json.{name} }}}}" for name in state} == {
        component["value_template"] for component in config["components"].values()
    }
    assert len({component["unique_id"] for component in config["components"].values()}) == len(state)
    assert "picture" not in json.dumps(config)


def test_units_are_home_assistants() -> None:
    def state(kind: str, **values: int) -> dict[str, object]:
        seen = Seen("devi1", kind, "s7", "", "", "asleep", (), 0)
        made: dict[str, object] = json.loads(entities.device_state(seen, (), values, {"rssi": -70, "tamper": "ON"}))
        return made

    assert state("temperature", temp_mc=21_500)["temperature"] == 21.5
    assert state("slope", rain_um_h=12_300)["rain"] == 12.3
    assert state("door", door=1)["door"] == "OFF"  # closed
    assert state("button", battery_mv=2_900)["battery_mv"] == 2_900
    told = state("lamp", mains=0, tamper=0)
    assert (told["mains"], told["tamper"], told["rssi"], told["online"]) == ("OFF", "OFF", -70, "ON")


def test_a_village_appears_with_its_alarms_and_its_readings(seen: Village) -> None:
    lamp2, button = seen.device("lamp2"), seen.device("butt7")
    with home(seen) as listener:
        config = listener.config("lamp2")
        assert config["device"]["name"] == "三组 2号 心灯 lamp2"
        assert config["components"]["alarm"]["device_class"] == "safety"
        assert listener.retained[config["availability"][0]["topic"]] == b"online"
        lamp2.read(battery_mv=3700, battery_low=1, mains=0, rssi_dbm=-61)
        listener.state("lamp2", online="ON", battery_mv=3700, battery_low="ON", mains="OFF", rssi=-61, alarm="OFF")
        press = button.press("fire")
        listener.state("lamp7", alarm="ON")
        listener.state("butt7", alarm="ON")
        seen.county.incident(press, "s7", "fire", (press,), 1, "closed", "", ["lamp7"])
        listener.state("lamp7", alarm="OFF")
        lamp2.vanish()
        listener.state("lamp2", online="OFF")


def test_it_hears_of_no_silence_and_may_say_nothing(seen: Village) -> None:
    with home(seen) as listener:
        listener.state("lamp7")
        listener.state("gateway", county="ON")
        hush, lamp7 = seen.device("hush7"), seen.device("lamp7")
        listener.state("lamp7", online="ON")
        before = dict(listener.retained)
        hush.is_received(hush.press("silent"))
        listener.say("hl-ha/1/gwliu1/lamp7/state", '{"alarm":"ON"}')
        listener.say("homeassistant/device/evil/config", "{}")
        listener.say("hl/1/lamp7/event", "evil")
        lamp9 = seen.device("lamp9")  # whatever the silent alarm had changed would have been said before this
        listener.state("lamp9", online="ON")
        changed = {t for t in listener.retained if listener.retained[t] != before.get(t)}
        assert changed == {"hl-ha/1/gwliu1/lamp9/state"}
        assert "hush7" not in json.dumps([(t, p.decode()) for t, p in listener.all])
        assert lamp9.connected
        assert lamp7.connected
    nosy = Home(seen, topics=("hl/1/#", "hl/1/pulse", "$SYS/#"))
    try:
        lamp9.is_heard(lamp9.press())
        with home(seen):  # its own session came later than anything that could have been said
            assert nosy.all == []
    finally:
        nosy.stop()


def test_who_leaves_the_registry_vanishes_also_when_the_gateway_was_away(seen: Village) -> None:
    with home(seen) as listener:
        listener.config("lamp1")
        listener.config("lamp2")
        seen.county.registry = seen.registry(2, without="lamp1")
        seen.county.command({"kind": "registry", "version": 2})
        listener.board.wait("lamp1 vanishes", lambda: not any("lamp1" in topic for topic in listener.retained))
        seen.gateway.kill()
        listener.board.wait("unavailable", lambda: listener.retained["hl-ha/1/gwliu1/online"] == b"offline")
        seen.county.registry = seen.registry(3, without="lamp2")
        seen.county.command({"kind": "registry", "version": 3})
        seen.gateway.start()
        listener.board.wait("lamp2 vanishes", lambda: not any("lamp2" in topic for topic in listener.retained))
        listener.board.wait("available", lambda: listener.retained["hl-ha/1/gwliu1/online"] == b"online")
        listener.config("lamp7")


def test_what_a_device_said_before_a_restart_is_not_forgotten(seen: Village) -> None:
    lamp2 = seen.device("lamp2")
    with home(seen) as listener:
        lamp2.read(battery_mv=3700)
        listener.state("lamp2", battery_mv=3700)
        restart(seen, "", "")
        listener.board.wait("again", lambda: listener.retained["hl-ha/1/gwliu1/online"] == b"online")
        seen.device("lamp9")
        listener.state("lamp9", online="ON")
        assert listener.state("lamp2")["battery_mv"] == 3700


def test_switched_off_everything_vanishes(seen: Village) -> None:
    with home(seen) as listener:
        listener.config("lamp2")
        restart(seen, "on = true", "on = false")
        seen.gateway.says("nothing of ours is left")
        listener.board.wait("nothing", lambda: not listener.retained)


def test_another_broker_is_served_and_loses_nothing_of_others(tmp_path: Path) -> None:
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    other = Process(["/usr/sbin/mosquitto", "-c", str(conf)], tmp_path / "other.log").start()
    try:
        until("the other broker", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        table = f'{TABLE}host = "127.0.0.1"\nport = {port}\nuser = "heartlamp"\nlanguage = "en"\n'
        with village(table) as seen, home(seen, port) as listener:
            listener.say("homeassistant/device/somebody_elses/config", '{"a":1}')
            assert listener.config("lamp2")["device"]["name"] == "三组 2号 Heart-Lamp lamp2"
            restart(seen, "on = true", "on = false")
            seen.gateway.says("nothing of ours is left")
            listener.board.wait(
                "only theirs", lambda: list(listener.retained) == ["homeassistant/device/somebody_elses/config"]
            )
    finally:
        other.kill()
