"""The outbox on real littlefs, cut off at every operation of its flash."""

from tests.firmware.conftest import on_device


def cut(*arguments: str) -> dict[str, int]:
    result: dict[str, int] = on_device("power_cut.py", *arguments)
    return result


def test_no_cut_loses_a_stored_event_or_brings_back_a_received_one() -> None:
    result = cut()
    assert result["cuts"] > 300
    assert (result["lost"], result["returned"], result["unmountable"]) == (0, 0, 0)


def test_this_test_can_fail() -> None:
    """A record promised before its file is closed is lost at some cuts."""
    assert cut("--promise-early")["lost"] > 0
