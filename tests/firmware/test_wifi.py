"""How an ESP32 joins Wi-Fi (hal/esp32/wifi.py), on MicroPython against a stand-in for network.WLAN."""

from tests.firmware.conftest import on_device


def test_a_wake_joins_by_what_it_kept_and_looks_around_only_where_that_fails() -> None:
    first, again, changed, nothing = on_device("wifi_joins.py")
    assert first == ["scan", "connect 1", "joined"], "the strongest of its name"
    assert again == ["ifconfig 10.0.0.7", "connect 1", "joined"], "neither scan nor DHCP"
    assert changed == [
        "ifconfig 10.0.0.7", "connect 1", "disconnect", "ifconfig dhcp", "scan", "connect 3", "joined",
    ]  # fmt: skip
    assert nothing[-3:] == ["connect any", "disconnect", "no Wi-Fi village"]
