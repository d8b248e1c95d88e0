"""Which gateways are there: those that say something, not those whose stream is merely open."""

from dataclasses import dataclass

import pytest
from heartlamp_protocol.downlink import READ_TIMEOUT_SECONDS
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS
from heartlamp_protocol.uplink import QUIET_SECONDS
from heartlamp_server.database.pool import Database
from heartlamp_server.device.model import FRESH_SECONDS
from heartlamp_server.device.presence import Presence


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(Database("postgresql:///nowhere"), clock)


def test_a_frozen_gateway_is_silent_though_its_stream_is_open(presence: Presence, clock: Clock) -> None:
    presence.stream("gw1", opened=True)
    clock.now += FRESH_SECONDS - 1
    assert presence.online() == {"gw1"}
    clock.now += 1
    assert presence.online() == set()
    presence.stream("gw1", opened=False)  # the county gave it up
    assert presence.online() == set()
    presence.gateway("gw1")
    assert presence.online() == {"gw1"}


def test_an_honest_quiet_gateway_is_never_silent(presence: Presence, clock: Clock) -> None:
    assert QUIET_SECONDS * 2 < FRESH_SECONDS  # one may be lost
    presence.stream("gw1", opened=True)
    for _ in range(100):
        clock.now += QUIET_SECONDS * 2
        assert presence.online() == {"gw1"}
        presence.gateway("gw1")


def test_a_gateway_whose_stream_ended_has_the_readers_timeout_to_come_again(presence: Presence, clock: Clock) -> None:
    presence.stream("gw1", opened=True)
    clock.now += QUIET_SECONDS
    presence.stream("gw1", opened=False)
    clock.now += READ_TIMEOUT_SECONDS - 1
    assert presence.online() == {"gw1"}
    clock.now += 1
    assert presence.online() == set()


def test_a_gateway_that_only_posts_is_there_for_the_readers_timeout(presence: Presence, clock: Clock) -> None:
    assert presence.online() == set()
    presence.gateway("gw1")
    clock.now += READ_TIMEOUT_SECONDS - 1
    assert presence.online() == {"gw1"}
    clock.now += 1
    assert presence.online() == set()


def test_a_silent_gateway_is_told_to_people_when_the_village_tells_its_own(presence: Presence, clock: Clock) -> None:
    assert presence.silent() == set()  # it never came: that is for who installs it
    presence.stream("gw1", opened=True)
    clock.now += COUNTY_TROUBLE_MS / 1000 - 1
    presence.stream("gw1", opened=False)  # nobody's sign of life
    assert (presence.silent(), presence.online()) == (set(), set())
    clock.now += 1
    assert presence.silent() == {"gw1"}
    presence.gateway("gw1")
    assert presence.silent() == set()


def test_a_gateway_that_was_heard_of_before_our_start_is_waited_for(presence: Presence, clock: Clock) -> None:
    presence.expect(["gw1", "gw2"])
    assert presence.online() == set()
    presence.gateway("gw2")
    clock.now += COUNTY_TROUBLE_MS / 1000
    presence.gateway("gw2")
    assert presence.silent() == {"gw1"}
    presence.gateway("gw1")
    assert presence.silent() == set()
