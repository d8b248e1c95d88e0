"""Which pieces of a picture are taken, and what the camera is told. Pure; times are ms of the village clock."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

KEEP_MS = 7 * 24 * 3600 * 1000  # as long as the camera itself
WRONG_MOST = 3  # times that a picture may arrive whole and be another one than was announced
DEVICE_MAX = 8  # pictures of one camera that are here at a time; it holds 4 itself
PICTURES_MAX = 200
REMEMBERED_MAX = 1_000  # of which only the name is left

COMING, WHOLE, DONE, LOST = "coming", "whole", "done", "lost"


@dataclass(frozen=True, slots=True)
class Picture:
    """`id`: the event that announced it; `sum`: 64 hex, SHA-256 of its `size` bytes; `at`: bytes on our disk; `since`:
    when its first piece came; `wrong`: how often it was whole and not right.

    `state`: COMING; WHOLE: here, and right; DONE: the county has it, or wants it no more, our copy is deleted; LOST: it
    will not come, because it was wrong too often or its camera has it no more.
    """

    id: str
    device: str
    incident: str
    sum: str
    size: int
    since: int
    at: int = 0
    wrong: int = 0
    state: str = COMING


def no_room(kept: Iterable[Picture], new: Picture, bytes_max: int) -> str:
    """Why this one cannot be begun now, "" where it can. It stays with the camera, which offers it again."""
    here = [p for p in kept if p.state in (COMING, WHOLE)]
    if sum(p.device == new.device for p in here) >= DEVICE_MAX:
        return f"{DEVICE_MAX} pictures of {new.device} are here already"
    if len(here) >= PICTURES_MAX:
        return f"{PICTURES_MAX} pictures are here already"
    if sum(p.size for p in here) + new.size > bytes_max:
        return f"pictures have their {bytes_max} bytes already"
    return ""


def fits(picture: Picture, at: int, length: int) -> bool:
    """It is the next piece, and no longer than what was announced."""
    return picture.state == COMING and at == picture.at and at + length <= picture.size


def judged(picture: Picture, sum: str) -> Picture:
    """All bytes are here; `sum`: what they really are."""
    if sum == picture.sum:
        return replace(picture, state=WHOLE)
    wrong = picture.wrong + 1
    return replace(picture, at=0, wrong=wrong, state=LOST if wrong >= WRONG_MOST else COMING)


def answer(picture: Picture) -> int | None:
    """The byte that the camera is asked for; the picture's size: it may delete its own. None: nothing is said."""
    if picture.state == LOST:
        return None
    return picture.at if picture.state == COMING else picture.size


def over(kept: Iterable[Picture], now: int) -> list[Picture]:
    """Those of which nothing is to be left: a week is over, or there are too many names."""
    old = [p for p in kept if now - p.since >= KEEP_MS]
    names = sorted((p for p in kept if p not in old and p.state in (DONE, LOST)), key=lambda p: p.since)
    return old + names[: max(0, len(names) - REMEMBERED_MAX)]
