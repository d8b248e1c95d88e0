"""The resolver does not answer: the county's name cannot be looked up.

What the village sees: nothing of it. The gateway goes on with the address that it had, also one of before its start; a
lookup that hangs, for a minute and more where there are several resolvers, holds up no alarm and no thread. How long:
for ever. One that never had an address goes on by itself, keeps all, and has one soon after a resolver answers again.
"""

import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.faults.villages import village
from tests.gateway.rig.cable import Cable
from tests.gateway.rig.processes import GATEWAY
from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until

NAME = "county.heartlamp.example"
OWN_FILES = 'mount --bind "$1" /etc/resolv.conf && mount --bind "$2" /etc/hosts && shift 2 && exec "$@"'


@pytest.fixture
def silent_resolver() -> Iterator[str]:
    """Its address: it takes every question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        address = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        try:
            sock.bind((address, 53))
        except OSError:
            pytest.skip("a resolver cannot be played here: that needs root, or CAP_NET_BIND_SERVICE")
        yield address


@pytest.fixture
def files(tmp_path: Path, silent_resolver: str) -> tuple[Path, Path]:
    """Of the gateway alone: (its resolv.conf, its hosts, which knows the county)."""
    resolv, hosts = tmp_path / "resolv.conf", tmp_path / "hosts"
    resolv.write_text(f"nameserver {silent_resolver}\n")
    hosts.write_text(f"127.0.0.1 localhost {NAME}\n")
    tried = ["unshare", "-m", "sh", "-c", OWN_FILES, "sh", str(resolv), str(hosts), "true"]
    if shutil.which("unshare") is None or subprocess.run(tried, capture_output=True).returncode:
        pytest.skip("a gateway cannot be given files of its own here: that needs root and CAP_SYS_ADMIN")
    return resolv, hosts


@pytest.fixture
def rig(files: tuple[Path, Path]) -> Iterator[Rig]:
    resolv, hosts = files
    command = ("unshare", "-m", "sh", "-c", OWN_FILES, "sh", str(resolv), str(hosts), *GATEWAY)
    with village(command=command, county_by=Cable, county_name=NAME) as made:
        yield made


def test_a_resolver_that_says_nothing_does_not_keep_an_alarm_from_the_county(
    rig: Rig, files: tuple[Path, Path]
) -> None:
    button = rig.device("butt7")
    button.is_received(button.press("gas"))
    nobody_knows(files)
    rig.cable.cut()
    rig.cable.heal()  # each connection of before is dead
    press = button.press("panic")
    button.is_heard(press)
    button.is_received(press, 30)
    rig.gateway.says("the county's name cannot be looked up")


def test_a_gateway_that_starts_while_no_resolver_answers_has_the_address_of_before(
    rig: Rig, files: tuple[Path, Path]
) -> None:
    button = rig.device("butt7")
    button.is_received(button.press("gas"))
    nobody_knows(files)
    rig.gateway.kill()
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    press = button.press("panic")
    button.is_heard(press)
    button.is_received(press, 30)
    rig.gateway.says("we go on with the address that it had")


@pytest.mark.prove
def test_one_that_never_had_an_address_has_one_soon_after_a_resolver_answers(
    rig: Rig, files: tuple[Path, Path]
) -> None:
    button = rig.device("butt7")
    button.is_received(button.press("gas"))
    nobody_knows(files)
    rig.gateway.kill()
    (rig.data / "county-address.json").write_bytes(b"\xff")  # a card that gives back nonsense
    rig.gateway.start()
    until("a session", lambda: rig.gateway.said("gateway-alarms: session with the broker\n") == 2)
    press = button.press("panic")
    button.is_heard(press)
    rig.gateway.says("cannot be looked up: no resolver answers\n")
    assert press not in rig.county.store.events
    files[1].write_text(f"127.0.0.1 localhost {NAME}\n")
    button.is_received(press, 60)


def nobody_knows(files: tuple[Path, Path]) -> None:
    """The county's name, from now on."""
    files[1].write_text("127.0.0.1 localhost\n")  # in place: it is the same file that the gateway sees
