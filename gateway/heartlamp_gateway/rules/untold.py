"""What nobody in the village may learn of: a silent alarm leaves no trace in a screen, a count or a log here."""

from collections.abc import Iterable

from heartlamp_gateway.rules.batch import Kept
from heartlamp_gateway.rules.model import Village

SILENT = "silent"


def is_secret(village: Village, device: str) -> bool:
    """Whose every word could be a silent alarm."""
    found = village.device(device)
    return found is not None and found.kind == SILENT


def says_silent(frame: bytes) -> bool:
    """It may be a silent alarm. Rather too many: a text with an escape in it could be any."""
    return b'"silent"' in frame or b"\\" in frame


def is_untold(village: Village, device: str, frame: bytes) -> bool:
    """Whether what came may be named in the log. `device`: of whom it is, or says that it is."""
    return is_secret(village, device) or says_silent(frame)


def waiting(rows: Iterable[Kept], silent: frozenset[str]) -> list[Kept]:
    """Without what a silent alarm would add: with the uplink cut, a count that goes up by one tells of it."""
    return [
        row for row in rows if row.device not in silent and not (row.item is not None and says_silent(row.item.frame))
    ]
