"""Mosquitto's files."""

import pytest
from heartlamp_gateway.broker import files
from heartlamp_protocol.registry import Device, Registry

from tests.gateway.rules.village import HASH, SITES, VILLAGE, listed


def test_a_device_has_its_own_topics_and_only_a_lamp_has_a_lamps() -> None:
    text = files.acl(VILLAGE.registry)
    blocks = {block.split("\n")[0]: block for block in text.split("\n\n")}
    assert "topic write hl/1/butt7/event" in blocks["user butt7.1"]
    assert "hl/1/butt7/lamp" not in blocks["user butt7.1"]
    assert "topic read hl/1/lamp7/lamp" in blocks["user lamp7.1"]
    assert "+" not in blocks["user lamp7.1"]  # nobody names it as a carrier
    assert "#" not in text


def test_a_camera_has_a_lamps_topics_and_nobody_has_the_gateways() -> None:
    text = files.acl(Registry(1, "", SITES, (listed("cam2", "camera", "s2"),)))
    mine = [line for line in text.split("user cam2.1\n")[1].splitlines() if line]
    assert "topic read hl/1/cam2/lamp" in mine
    assert "topic write hl/1/cam2/picture" in mine
    assert "topic read hl/1/cam2/have" in mine
    ours = text.split("user cam2.1\n")[0]
    assert ours.count("picture") == 1  # of one connection of ours, where no alarm waits behind it
    assert "picture" in ours.split("user gateway-files\n")[1]


@pytest.mark.parametrize("user", ["lamp9.1\nroot", "lamp9:1", "lamp8.1", "gateway-alarms", "lamp9.x", "lamp9"])
def test_a_name_that_would_break_the_file_cannot_log_in(user: str) -> None:
    bad = Registry(1, "", SITES, (Device("lamp9", "lamp", "s9", {user: HASH}),))
    assert files.passwords(bad, {}) == ""
    assert "lamp9" not in files.acl(bad)
    assert files.left_out(bad) == [user]


def test_a_revoked_device_has_no_password() -> None:
    gone = Registry(1, "", SITES, (Device("lamp9", "lamp", "s9", {}),))
    assert files.passwords(gone, {"gateway-alarms": HASH}) == f"gateway-alarms:{HASH}\n"
