"""How far each visit is, on the disk before the next step begins. No secret stands in it."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from heartlamp_tech import kept

STAGES = ("claimed", "writing", "written", "proven", "used", "tested", "kept")
"""claimed: nothing was done to the board · writing: it may have all of its settings or none · written: it is this
device and restarted as it · proven: it showed that it holds the root · used: the county believes it · tested · kept:
the result is on this disk, and the visit over."""


@dataclass(frozen=True)
class Visit:
    """Of a claim. `tests`: as in the result; `seconds`: what each stage took; `result`: the id of the visit's result,
    the same however often it is made again."""

    claim: str
    site: str
    device: str
    result: str
    stage: str = "claimed"
    tests: list[dict[str, Any]] = field(default_factory=list)
    mains_off: dict[str, Any] | None = None
    consent: dict[str, Any] | None = None
    use: dict[str, Any] | None = None
    seconds: dict[str, float] = field(default_factory=dict)


class Journal:
    """In `folder`/journal: a file for each claim; in `folder`/done.json what hangs on the wall."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "journal"
        self._done = folder / "done.json"

    def open(self, claim: str, site: str, device: str, result: str) -> Visit:
        """The visit as it was left, else a new one."""
        found = kept.read_json(self._file(claim))
        return Visit(**found) if found else Visit(claim, site, device, result)

    def keep(self, visit: Visit, stage: str, **more: Any) -> Visit:
        visit = replace(visit, stage=stage, **more)
        kept.write_json(self._file(visit.claim), asdict(visit))
        return visit

    def forget(self, visit: Visit) -> None:
        self._file(visit.claim).unlink(missing_ok=True)

    def is_done(self, site: str, kind: str, device: str) -> None:
        with kept.locked(self._done):
            kept.write_json(self._done, kept.read_json(self._done, {}) | {f"{site} {kind}": device})

    def done(self, site: str, kind: str) -> str:
        """The device that this laptop put up there last, "" none."""
        return str(kept.read_json(self._done, {}).get(f"{site} {kind}", ""))

    def open_visits(self) -> list[Visit]:
        """Begun, and not over."""
        return [Visit(**kept.read_json(file)) for file in sorted(self._folder.glob("*.json"))]

    def _file(self, claim: str) -> Path:
        return self._folder / f"{claim}.json"
