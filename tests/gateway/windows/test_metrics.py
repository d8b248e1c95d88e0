"""/metrics of a real gateway, and what silence leaves in it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from heartlamp_gateway.windows.measures import HEARD_S, Histogram

from tests.gateway.rig.waiting import until
from tests.gateway.windows.seen import CODE, Village, village

PAGE = Path(__file__).parents[3] / "gateway/docs/windows.md"


def test_what_an_alarm_does_can_be_read_off(seen: Village) -> None:
    lamp9, button = seen.device("lamp9"), seen.device("butt7")
    press = button.press()
    button.is_received(press)
    lamp9.call(press)
    button.again(press)  # the same event once more is the same event
    kept = 'heartlamp_events_kept_total{event="alarm"}'
    until("it is counted", lambda: seen.metrics()[kept] == 1)
    until("it is open", lambda: seen.incidents())
    found = seen.metrics()
    assert found[kept] == 1
    assert found["heartlamp_heard_seconds_count"] == found['heartlamp_heard_seconds_bucket{le="+Inf"}'] == 1
    assert 0 < found["heartlamp_heard_seconds_sum"] < 2
    assert found['heartlamp_incidents_open{what="panic"}'] == 1
    assert found['heartlamp_devices{kind="lamp",state="online"}'] == 1
    assert found["heartlamp_broker_sessions"] == 2
    assert found["heartlamp_county_contact"] == found["heartlamp_broker_up"] == 1
    assert found["heartlamp_disk_refusing"] == 0
    assert 20e6 < found["process_resident_memory_bytes"] < 100e6


def test_buckets_add_up() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 3.0):
        histogram.add(seconds)
    assert (histogram.counts, round(histogram.sum, 2)) == ([2, 1, 1], 3.65)
    assert list(HEARD_S) == sorted(HEARD_S)


def test_the_text_is_what_prometheus_reads_and_no_label_names_a_device(seen: Village) -> None:
    button = seen.device("butt7")
    button.is_received(button.press())
    text = seen.ask("/metrics", Authorization=f"Bearer {CODE}")[2].decode()
    assert text.endswith("\n")
    line = re.compile(r'(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"\\]*",?)+\})? (\d\S*|NaN))')
    assert [each for each in text.splitlines() if not line.fullmatch(each)] == []
    labels = set(re.findall(r'([a-z]+)="', text))
    assert labels - {"part", "code"} == {"event", "le", "kind", "state", "what"}
    for name in ("butt7", "lamp9", "s7", "三组", "g3"):
        assert name not in text


def test_the_documentation_has_every_metric_and_no_other(seen: Village) -> None:
    served = re.findall(r"# TYPE (\S+)", seen.ask("/metrics", Authorization=f"Bearer {CODE}")[2].decode())
    told = re.findall(r"^\| `((?:heartlamp|process)_[a-z_]+)", PAGE.read_text(encoding="utf-8"), re.M)
    assert sorted(told) == sorted(served)


def everything(seen: Village) -> dict[str, Any]:
    """All that can be seen, but for the age of the contact and what a process always does."""
    leave = ("process_", "heartlamp_part", "heartlamp_certificate")  # the box's first look may come in between
    metrics = {n: v for n, v in seen.metrics().items() if not n.startswith(leave) and "_age_" not in n}
    shown = {path: seen.get(f"/api/v1/{path}") for path in ("status", "incidents", "devices")}
    shown["status"]["county"].pop("last_spoke_s")
    for name in ("parts", "certificate_until"):
        shown["status"].pop(name)
    return {"metrics": metrics, **shown}


@pytest.mark.parametrize("uplink", ["with the county", "without the county"])
def test_a_silent_alarm_leaves_no_trace_in_any_window(uplink: str) -> None:
    with village() as seen:
        lamp7 = seen.device("lamp7")
        until("lamp7 is seen", lambda: everything(seen)["metrics"].get('heartlamp_devices{kind="lamp",state="online"}'))
        until("it shows its state", lambda: everything(seen)["metrics"]["heartlamp_lamps_unshown"] <= 4)
        if uplink == "without the county":
            seen.county.stop()
        before = everything(seen)
        hush = seen.device("hush7")
        silent = hush.press("silent")
        hush.is_heard(silent)
        if uplink == "with the county":
            hush.is_received(silent)
        after = everything(seen)
        assert after == before
        assert json.dumps(after).count("hush7") == 0
        loud = lamp7.press("panic")  # and the windows were not simply blind
        lamp7.is_heard(loud)
        until("the loud one is seen", lambda: everything(seen) != before)
