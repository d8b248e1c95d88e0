"""How an ESP32 joins Wi-Fi (hal/esp32/wifi.py), on MicroPython against a stand-in for network.WLAN."""

from heartlamp.hal.esp32.wifi import PAUSE_MS, pause_ms

from tests.firmware.conftest import on_device


def test_a_wake_joins_by_what_it_kept_and_looks_around_only_where_that_fails() -> None:
    first, again, changed, nothing, *_ = on_device("wifi_joins.py")
    assert first == ["scan", "connect 1", "joined"], "the strongest of its name"
    assert again == ["ifconfig 10.0.0.7", "connect 1", "joined"], "neither scan nor DHCP"
    assert changed == [
        "ifconfig 10.0.0.7", "connect 1", "disconnect", "ifconfig dhcp", "scan", "connect 3", "joined",
    ]  # fmt: skip
    assert nothing[-3:] == ["connect any", "disconnect", "no Wi-Fi village"]


def test_a_join_that_fails_ends_the_search_because_the_radio_is_deaf_while_it_lasts() -> None:
    nothing, scan, connect = on_device("wifi_joins.py")[3:]
    assert nothing[-2:] == ["disconnect", "no Wi-Fi village"]
    assert scan == ["scan", "disconnect", "scan"]
    assert connect == ["scan", "connect 1", "disconnect", "connect"]


def test_between_two_joins_the_radio_has_its_time() -> None:
    assert pause_ms(None, 50, radio=True) == pause_ms(50, 50, radio=False) == 0
    assert [pause_ms(50, 50 + late, radio=True) for late in (0, 1_000, PAUSE_MS, 9_000)] == [3_000, 2_000, 0, 0]
