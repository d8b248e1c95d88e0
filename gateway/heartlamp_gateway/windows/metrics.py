"""/metrics in Prometheus' text format. Names are stable; no label names a device or a place."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from heartlamp_gateway.windows.measures import Histogram, Measures
from heartlamp_gateway.windows.view import View

Sample = tuple[str, float]
"""(labels in braces or "", value)"""
STATUS, STAT = Path("/proc/self/status"), Path("/proc/self/stat")


def write(view: View, measures: Measures) -> str:
    box = view.box
    kinds = Counter((seen.kind, seen.state) for seen in view.devices)
    whats = Counter(call.what for call in view.calls)
    lines: list[str] = []

    def put(name: str, kind: str, text: str, samples: list[Sample]) -> None:
        lines.extend((f"# HELP {name} {text}", f"# TYPE {name} {kind}"))
        lines.extend(f"{name}{labels} {value:.10g}" for labels, value in samples)

    def gauge(name: str, text: str, value: float) -> None:
        put(name, "gauge", text, [("", value)])

    kept = [(f'{{event="{event}"}}', float(count)) for event, count in measures.kept.items()]
    put("heartlamp_events_kept_total", "counter", "Events that the disk has, silent alarms not counted.", kept)
    for name, text, histogram in (
        ("heartlamp_heard_seconds", "From an event's arrival to its `heard`.", measures.heard),
        ("heartlamp_received_seconds", "From an event's arrival to the county's `received`.", measures.received),
    ):
        put(name, "histogram", text, [])
        lines.extend(_histogram(name, histogram))
    gauge("heartlamp_rows_waiting", "Rows that wait for the county, silent alarms not counted.", box.waiting)
    gauge("heartlamp_readings_waiting", "Heartbeats and readings that wait for the county, in hundreds.", box.readings)
    put("heartlamp_readings_lost_total", "counter", "Readings that had to go.", [("", box.readings_lost)])
    devices = [(f'{{kind="{kind}",state="{state}"}}', float(n)) for (kind, state), n in sorted(kinds.items())]
    put("heartlamp_devices", "gauge", "Devices by kind and state, silent buttons not counted.", devices)
    open_ones = [(f'{{what="{what}"}}', float(n)) for what, n in sorted(whats.items())]
    put("heartlamp_incidents_open", "gauge", "Open incidents, silent ones not counted.", open_ones)
    gauge("heartlamp_lamps_unshown", "Lamps that do not report the state that they should show.", view.unshown)
    gauge("heartlamp_county_contact", "1: the county spoke within 15 s.", box.county)
    age = float("nan") if box.contact is None else box.contact / 1000
    gauge("heartlamp_county_contact_age_seconds", "Since the county spoke, in steps of 5 s; NaN never.", age)
    gauge("heartlamp_disk_refusing", "1: the disk does not take alarms.", box.disk != "ok")
    parts = [(f'{{part="{name}",state="{state}"}}', 1.0) for name, state in box.parts]
    put("heartlamp_part", "gauge", "Parts of the gateway's box, each with its present state.", parts)
    put("heartlamp_pictures_waiting", "gauge", "Pictures on their way to the county.", _one(box.stock.pictures))
    put("heartlamp_updates_cached", "gauge", "Programs for devices that lie here.", _one(box.stock.bundles))
    put("heartlamp_updates_cached_bytes", "gauge", "Their size.", _one(box.stock.bytes))
    ends = _one(box.certificate_ends)
    put("heartlamp_certificate_ends_seconds", "gauge", "End of the broker's certificate, since 1970.", ends)
    gauge("heartlamp_broker_up", "1: our session with the broker is up.", box.broker)
    gauge(
        "heartlamp_broker_sessions", "Devices with a session of their own, silent buttons not counted.", view.sessions
    )
    codes = sorted({trouble.code for trouble in box.troubles})
    put("heartlamp_trouble", "gauge", "Troubles of the gateway.", [(f'{{code="{code}"}}', 1.0) for code in codes])
    gauge("process_resident_memory_bytes", "Memory of this process.", _memory())
    times = os.times()
    put("process_cpu_seconds_total", "counter", "CPU time of this process.", [("", times.user + times.system)])
    return "\n".join(lines) + "\n"


def writer(measures: Measures) -> Callable[[View], str]:
    return lambda view: write(view, measures)


def _histogram(name: str, histogram: Histogram) -> list[str]:
    counts, total, lines = list(histogram.counts), 0, []
    for bound, count in zip(histogram.bounds, counts, strict=False):
        total += count
        lines.append(f'{name}_bucket{{le="{bound:g}"}} {total}')
    total = sum(counts)
    return [*lines, f'{name}_bucket{{le="+Inf"}} {total}', f"{name}_sum {histogram.sum:.10g}", f"{name}_count {total}"]


def _one(value: float | None) -> list[Sample]:
    """None: this box has no such part, and nothing is said of it."""
    return [] if value is None else [("", value)]


def _memory() -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
