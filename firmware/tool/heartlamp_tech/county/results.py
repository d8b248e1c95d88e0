"""Results of visits that the county has yet to be told: a file each, sent as often as it takes, counted once."""

from pathlib import Path
from typing import Any

from heartlamp_tech import kept
from heartlamp_tech.county.claims import Claims
from heartlamp_tech.county.web import County, Refused
from heartlamp_tech.trouble import Trouble

SETTLED = (404, 409)  # it will never take this one: the reason is for a person


class Results:
    """In `folder`/results: {"claim", "use" (or None), "result"}."""

    def __init__(self, folder: Path, county: County, claims: Claims) -> None:
        self._folder = folder / "results"
        self._county = county
        self._claims = claims

    def keep(self, claim: str, use: dict[str, Any] | None, result: dict[str, Any]) -> None:
        """`use`: the proof that is still to be told, None: the county has it; `result`: as POST …/result takes it."""
        kept.write_json(self._folder / f"{result['id']}.json", {"claim": claim, "use": use, "result": result})

    def waiting(self) -> list[Path]:
        return sorted(self._folder.glob("*.json"))

    def send(self, result: str = "") -> tuple[int, list[Trouble]]:
        """`result`: only this one's id, "" all. -> (how many the county has now, what it refused). Raises Offline where
        it cannot be reached; they stay."""
        sent, refused = 0, []
        for file in self.waiting():
            if result in ("", file.stem):
                try:
                    sent += self._tell(file)
                except Refused as no:
                    refused.append(Trouble(f"{file.stem}: {no.error}", no.do))
                    if no.status in SETTLED:
                        file.rename(file.with_suffix(".refused"))
        return sent, refused

    def _tell(self, file: Path) -> bool:
        with kept.locked(file):
            one = kept.read_json(file)
            if one is None:
                return False  # another terminal has told it
            claim = one["claim"]
            if one["use"] is not None and one["result"]["outcome"] == "done":
                self._county.post(f"/api/claims/{claim}/use", one["use"])
            self._county.post(f"/api/claims/{claim}/result", one["result"])
            file.unlink()
        self._claims.forget(claim)
        file.with_name(file.name + ".lock").unlink(missing_ok=True)
        return True
