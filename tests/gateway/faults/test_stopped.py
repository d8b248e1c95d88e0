"""A process stands still (SIGSTOP): it lives, its connections live, new ones are taken, and it says nothing.

The broker. What the village sees: no press gets through; lamps hear no pulse, and say so after a minute; the gateway
says that the broker hangs, dies not of it and misses nobody. What is kept: the device keeps its press and offers it
again. How long: it is heard and lit at once when the broker goes on.

The gateway. What the village sees: the same; systemd's watchdog would start it anew after 30 s. What is kept: what was
`heard` is on the disk. How long: steps of the plan that fell due meanwhile are done at once, and once. The county's are
not taken over, for it is we who were away.
"""

import socket
import time
from pathlib import Path

import pytest
from heartlamp_protocol.escalation.decide import TAKEOVER_MS
from heartlamp_protocol.escalation.plan import Step
from heartlamp_protocol.supervision import supervision_ms

from tests.gateway.faults.villages import kept, loud_village, planned, troubles, village
from tests.gateway.rig.waiting import until


def full_queue(path: Path) -> list[socket.socket]:
    """As many callers as the broker's door lets wait."""
    callers: list[socket.socket] = []
    while True:
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        caller.setblocking(False)
        try:
            caller.connect(str(path))
        except BlockingIOError:
            caller.close()
            return callers
        callers.append(caller)


@pytest.mark.prove
def test_a_broker_that_hangs_is_said_and_nobody_is_missed_for_it() -> None:
    with village("[supervision]\nlook_s = 2\nhold_s = 0\n") as rig:
        lamp9, button = rig.device("lamp9"), rig.device("butt7")
        button.is_received(button.press("gas"))
        with rig.broker.stopped():
            press = button.press("fire")
            rig.gateway.says("broker is fault", 40)
            rig.county.board.wait("a word of it", lambda: [t for t in troubles(rig) if t.subject == "broker"], 20)
            assert press not in button.heard
        until("the device is back", lambda: button.connected and lamp9.connected, 30)
        rig.gateway.says("broker is ok", 30)
        button.offers(press)
        button.is_received(press, 30)
        lamp9.call(press, 30, heard=1)
        assert sum(call["incident"] == press for call in lamp9.calls()) == 1
        rig.county.board.wait("it is over", lambda: troubles(rig, "restored"), 20)
        assert {told.kind for told in troubles(rig)} == {"box"}  # nobody is missed
        assert len(rig.county.store.events) == 2
        assert rig.gateway.said(" starts; data in") == 1


def test_a_broker_that_hangs_with_its_door_full_does_not_stop_the_gateway() -> None:
    """What has waited for long has so many callers before it that the kernel lets nobody else wait."""
    with village() as rig:
        rig.gateway.end()
        with rig.broker.stopped():
            callers = full_queue(rig.data / "broker" / "mqtt.sock")
            rig.gateway.start()
            for user in ("alarms", "telemetry"):
                rig.gateway.says(f"gateway-{user}: no broker", 20)
            for caller in callers:
                caller.close()
        until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2, 20)
        button = rig.device("butt7")
        button.is_received(button.press(), 30)


@pytest.mark.prove
def test_a_gateway_that_stood_still_does_what_fell_due_once_and_takes_nothing_over() -> None:
    steps = [Step(n, "village", at, "accepted", ("all",)) for n, at in ((1, 0), (2, 12_000), (3, 16_000))]
    with loud_village() as (rig, server):
        planned(rig, *steps, Step(4, "county", 1_000, "accepted", ("town",)))
        lamp7, button = rig.device("lamp7"), rig.device("butt7")
        first = button.press("fire")
        button.is_received(first)
        assert rig.county.noted("step", "3/1/all/speaker/0 done 大喇叭", 11) == first
        with rig.gateway.stopped():
            begun = time.monotonic()
            second = button.press("gas")
            pulses = len(lamp7.pulses)
            # How long it stands still is the experiment: longer than the county may be away.
            until("the time", lambda: time.monotonic() - begun > TAKEOVER_MS / 1000 + 2, 40)
            assert len(lamp7.pulses) == pulses  # so lamps know
            assert second not in button.heard
            before = [path for _, path, _, _ in server.got]
        rig.gateway.says("the gateway stood still for", 30)
        for n in (2, 3):
            assert rig.county.noted("step", f"3/{n}/all/speaker/0 done 大喇叭", 30) == first
        until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2, 20)
        button.offers(second)
        assert kept(rig, "SELECT 1 FROM outbox WHERE event = ?", second)  # no receipt before the commit
        button.is_received(second, 30)
        done = [n[2].split() for n in rig.county.store.notes.values() if n[:2] == (first, "step")]
        ended = [key for key, outcome, *_ in done if outcome == "done"]
        assert sorted(ended) == [f"3/{n}/all/speaker/0" for n in (1, 2, 3)]
        assert before == ["/play"]
        assert not [note for note in rig.county.store.notes.values() if "/town/" in note[2]]
        assert troubles(rig) == []
        assert rig.gateway.said(" starts; data in") == 1


@pytest.mark.prove
@pytest.mark.timeout(300)
def test_after_a_long_standstill_of_the_gateway_nobody_is_missed() -> None:
    with village("[supervision]\nlook_s = 2\nhold_s = 0\n") as rig:
        for lamp in ("lamp7", "lamp9", "lamp2"):
            rig.device(lamp)
            rig.county.noted("online", lamp)
        with rig.gateway.stopped():
            begun = time.monotonic()
            # How long it stands still is the experiment: longer than a lamp may say nothing.
            until("the time", lambda: time.monotonic() - begun > supervision_ms("lamp") / 1000 + 5, 120)
        rig.gateway.says("the gateway stood still for", 30)
        posts = rig.county.posts
        rig.county.board.wait("two words of it", lambda: rig.county.posts >= posts + 2, 60)
        assert troubles(rig) == []
        assert "trouble: " not in rig.gateway.log.read_text()
