"""What alarms cost the flash; a day at rest is in test_bad_day.py."""

from tests.firmware.conftest import on_device


def test_an_alarm_costs_at_most_fifteen_hundredths_of_an_erase() -> None:
    told = on_device("wear.py")
    each = (told["erases_add"] + told["erases_remove"]) / told["records"]
    print("erases a record:", round(each, 3))
    assert 0 < each <= 0.15
