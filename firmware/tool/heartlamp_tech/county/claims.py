"""Claims on the laptop: fetched in the morning, used in the village. A file of its owner's alone; it holds secrets."""

import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from heartlamp_tech import kept
from heartlamp_tech.trouble import Trouble


@dataclass(frozen=True)
class Claim:
    """As the county gave it; `settings`: {} once its visit is over. `__repr__` shows no secret."""

    id: str
    site: str
    site_name: str
    village: int
    village_name: str
    device: str
    kind: str
    not_after: int
    offline: bool
    replaces: str
    label: dict[str, Any]
    beside: list[str]
    secret: str = field(repr=False)
    settings: dict[str, Any] = field(repr=False)


_LACKING: dict[str, Any] = {"replaces": "", "label": {}, "beside": []}  # in what an older county or laptop wrote


class Claims:
    """In `folder`: claims.json."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "claims.json"

    def all(self) -> list[Claim]:
        return [Claim(**(_LACKING | one)) for one in kept.read_json(self._file, [])]

    def add(self, given: list[dict[str, Any]]) -> list[Claim]:
        """What the county answered. A site's older claim of the same kind gives way."""
        names = Claim.__dataclass_fields__
        new = [Claim(**(_LACKING | {k: v for k, v in one.items() if k in names})) for one in given]
        taken = {(one.site, one.kind) for one in new}
        with kept.locked(self._file):
            self._save([*(one for one in self.all() if (one.site, one.kind) not in taken), *new])
        return new

    def of_site(self, site: str, kind: str = "", now: float | None = None) -> Claim | None:
        """One that still holds. Raises Trouble where it was there, and is over."""
        now = time.time() if now is None else now
        fits = [one for one in self.all() if one.site == site and kind in ("", one.kind) and one.settings]
        good = [one for one in fits if one.not_after > now]
        if fits and not good:
            raise Trouble(
                f"the claim for {site} is over since {time.strftime('%H:%M', time.localtime(fits[-1].not_after))}, "
                f"by this laptop's clock ({time.strftime('%H:%M', time.localtime(now))})",
                "where the clock is wrong: set it; else, where there is a network: "
                f"`heartlamp-tech claims end {fits[-1].id}`, then give the command again",
            )
        return good[-1] if good else None

    def of(self, id: str) -> Claim | None:
        return next((one for one in self.all() if one.id == id), None)

    def is_over(self, id: str) -> None:
        """Its visit is over: the device's secrets leave the laptop."""
        with kept.locked(self._file):
            self._save([replace(one, settings={}) if one.id == id else one for one in self.all()])

    def forget(self, id: str) -> None:
        """Its result is at the county."""
        with kept.locked(self._file):
            self._save([one for one in self.all() if one.id != id])

    def _save(self, claims: list[Claim]) -> None:
        kept.write_json(self._file, [asdict(one) for one in claims])
