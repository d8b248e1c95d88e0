"""The broker's certificate is renewed while the village goes on; Mosquitto is our child where no systemd is."""

import os
import signal
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from heartlamp_gateway.install import openssl
from heartlamp_gateway.rules.papers import is_due
from heartlamp_server.certificates import sign_request

from tests.gateway.install.place import Box, Village
from tests.gateway.rig.waiting import until

MakeBox = Callable[[], Box]
DAY = 86_400.0


def sign(village: Village, box: Box, days: tuple[int, int]) -> None:
    """The box's certificate is valid from and until so many days from now."""
    folder, now = village.county.folder, datetime.now(UTC)
    request = openssl.request(box.data / "papers" / "broker.key", village.gateway)
    valid = (now + timedelta(days=days[0]), now + timedelta(days=days[1]))
    made = sign_request(folder / "ca.pem", folder / "ca.key", request.encode(), ["127.0.0.1"], valid)
    (box.data / "papers" / "broker.crt").write_bytes(made)


def shown(village: Village) -> bytes | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", village.port), 5) as raw,
        context.wrap_socket(raw) as tls,
    ):
        return tls.getpeercert(binary_form=True)


@pytest.mark.parametrize("days", [(-700, 30), (-700, -5)], ids=["in its last third", "expired already"])
def test_a_certificate_is_renewed_and_nobody_loses_the_line(
    village: Village, box: MakeBox, days: tuple[int, int]
) -> None:
    new = box()
    new.setup(village)
    new.run()
    button = village.device("key")
    new.gateway.end()  # its broker with it
    sign(village, new, days)
    old = ssl.PEM_cert_to_DER_cert((new.data / "papers" / "broker.crt").read_text())
    village.uplink.cut()
    new.gateway.start()
    until("the old certificate at the door", lambda: _quietly(village) == old)
    if days[1] > 0:  # the rig's device is stricter than ours, which report an expired one and go on
        button.board.wait("the button is back", lambda: button.connected)
    kicked = button.kicked
    village.uplink.mend()
    new.gateway.says("the broker has a new certificate", 15)
    until("the new certificate at the door", lambda: shown(village) not in (old, None))
    assert openssl.dates(new.data / "papers" / "broker.crt")[1] > datetime.now(UTC).timestamp() + 700 * DAY
    assert button.kicked == kicked
    button.board.wait("the button is there", lambda: button.connected)
    button.is_received(button.press())


def _quietly(village: Village) -> bytes | None:
    try:
        return shown(village)
    except OSError:
        return None


def test_when_it_is_time() -> None:
    assert [is_due(0, 90 * DAY, day * DAY) for day in (0, 59, 61, 89, 1000)] == [False, False, True, True, True]
    assert not is_due(50 * DAY, 90 * DAY, 0)  # a clock of 1970 asks for nothing


def broker_pid(box: Box) -> int:
    try:
        return int((box.data / "broker" / "mosquitto.pid").read_text())
    except (OSError, ValueError):
        return 0


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_broker_that_dies_is_started_again(village: Village, box: MakeBox) -> None:
    new = box()
    new.setup(village)
    new.run()
    button = village.device("key")
    pid = broker_pid(new)
    os.kill(pid, signal.SIGKILL)
    until("another broker", lambda: broker_pid(new) not in (0, pid) and lives(broker_pid(new)))
    button.board.wait("the button is back", lambda: button.kicked and button.connected)
    until("the gateway is", lambda: new.gateway.said("gateway-alarms: session with the broker\n") == 2)
    button.is_received(button.press())


def test_kill_9_of_the_gateway_leaves_no_broker_behind(village: Village, box: MakeBox) -> None:
    new = box()
    new.setup(village)
    new.run()
    pid = broker_pid(new)
    assert lives(pid)
    new.gateway.kill()
    until("the broker ends with it", lambda: not lives(pid))
    new.gateway.start()
    until("a new one", lambda: broker_pid(new) not in (0, pid) and lives(broker_pid(new)))
    pid = broker_pid(new)
    assert new.gateway.end() == 0
    assert not lives(pid)
