"""What of the box is looked at."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from heartlamp_protocol.escalation.plan import Plan

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.disk.room import Room
from heartlamp_gateway.settings_file import Flaw
from heartlamp_gateway.supervision import broker, certificate, county, disk, file, heat, memory, plan, threads, ups
from heartlamp_gateway.supervision.box import Check
from heartlamp_gateway.supervision.date import Date


def checks(
    folder: Path,
    room: Room,
    refusing: Callable[[], bool],
    sessions: Callable[[], tuple[int | None, int | None, int | None]],
    woke: Callable[[], int],
    away: Callable[[], tuple[int, bool]],
    ahead_s: Callable[[float], float | None],
    zones: Path,
    door: ups.Door | None,
    hanging: Callable[[], Sequence[str]],
    paper: certificate.Paper,
    flaws: Sequence[Flaw],
    outputs: Mapping[str, Check],
    planned: Callable[[], Plan],
) -> Mapping[str, Check]:
    """`refusing`: the alarm file has something in memory only; `sessions`, `woke`: as of broker.judge; `away`: as of
    county.judge; `ahead_s`: as of Contact; `door`: of the UPS; `hanging`: as of Watch; `paper`: of the broker; `flaws`:
    of gateway.toml; `outputs`: of those that this box has; `planned()`: the county's plan as it is now."""
    return {
        disk.NAME: lambda: disk.look(folder, room.is_kept(), refusing()),
        "clock": Date(ahead_s).look,
        broker.NAME: lambda: broker.judge(boottime(), *sessions(), woke()),
        county.NAME: lambda: county.judge(*away()),
        ups.NAME: lambda: ups.look(door),
        heat.NAME: lambda: heat.look(zones),
        memory.NAME: memory.look,
        certificate.NAME: paper.look,
        file.NAME: lambda: file.judge(flaws),
        plan.NAME: lambda: plan.judge(planned(), bool(outputs)),
        threads.NAME: lambda: threads.judge(hanging()),
        **outputs,
    }
