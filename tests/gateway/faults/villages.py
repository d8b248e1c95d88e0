"""Villages for faults: each with what its story needs in gateway.toml, ended and its log printed whatever happens."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target
from heartlamp_protocol.troubles import Told, read_trouble

from tests.gateway.rig.village import Rig
from tests.gateway.sound.http_speaker import HttpSpeakerServer
from tests.gateway.sound.orders import ramp

LOUD = Target("all", "大喇叭", "zh", (Reach("speaker", ""),))
TOWN = Target("town", "镇综治中心", "zh", (Reach("sms", "+8613800000004"),))

TABLES = """[supervision]
look_s = 2
hold_s = 0

[sound]
repeats = 1
night = ["00:00", "00:00"]
prompts = "%s"

[[speaker]]
name = "村口"
kind = "http"
url = "%s/play"
"""


@contextmanager
def village(tables: str = "", **more: Any) -> Iterator[Rig]:
    """It runs; `tables`: of gateway.toml, `more`: as of Rig."""
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        rig = Rig(Path(folder), tables=tables, **more)
        try:
            yield rig.start()
        finally:
            rig.close()
            print((rig.folder / "gateway.log").read_text())


@contextmanager
def recorded() -> Iterator[Path]:
    """A folder of recordings for all that is said here."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "zh/places").mkdir(parents=True)
        for name in ("places/三组7号", "fire", "gas"):
            (Path(folder) / f"zh/{name}.wav").write_bytes(sound.to_wav(ramp(100)))
        yield Path(folder)


@contextmanager
def loud_village(**more: Any) -> Iterator[tuple[Rig, HttpSpeakerServer]]:
    """One that looks at its box every 2 s and has a loudspeaker."""
    with (
        recorded() as prompts,
        HttpSpeakerServer().listening() as server,
        village(TABLES % (prompts, server.url), **more) as rig,
    ):
        yield rig, server


def planned(rig: Rig, *steps: Step) -> None:
    """Gives the village a plan of these steps, for any alarm at any hour."""
    rig.county.plan_is(Plan(3, 480, (LOUD, TOWN), (Policy("all", (), (), 0, DAY_MIN, 300_000, steps),)))
    rig.gateway.says("plan version 3: 1 policies")


def troubles(rig: Rig, what: str = "trouble") -> list[Told]:
    """What the county was told. `what`: "trouble" or "restored"."""
    return [read_trouble(what, note[2]) for note in rig.county.store.notes.values() if note[1] == what]


def kept(rig: Rig, question: str, *values: object) -> list[Any]:
    """Rows of the gateway's store as it is on the disk now."""
    db = apsw.Connection(str(rig.data / "alarms.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return list(db.execute(question, values))
    finally:
        db.close()
