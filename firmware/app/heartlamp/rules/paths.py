"""Which of a site's paths an event is offered on. Times in ms of one clock."""

from heartlamp_protocol.device.limits import SECOND_PATH_MS, STALE_MS

HEARD_MS = 60_000  # heard in the village, and for this long not received by the county: try to tell it ourselves


class Path:
    """One path. down_since: None while it is up; proven_at: when somebody at its far end last answered; answerable:
    whether anybody there could answer a press; refused: how often the far end would not take what we said."""

    def __init__(self, name: str, down_since: "int | None") -> None:
        self.name = name
        self.down_since = down_since
        self.proven_at: "int | None" = None
        self.answerable = True
        self.refused = 0


def is_proven(path: Path, now: int) -> bool:
    return path.down_since is None and path.proven_at is not None and now - path.proven_at <= STALE_MS


def offered_on(paths: "list[Path]", since: int, heard: bool, now: int) -> "tuple[list[str], int | None]":
    """(names of the paths, when there will be one more). `paths`: in the site's order; `since`: when the event was
    made. At once on those that are up, to the first that is proven: nobody waits for a path that may be dead. Without a
    receipt for SECOND_PATH_MS on one more, and so on."""
    up = [path for path in paths if path.down_since is None]
    at_once = len(up)
    for i, path in enumerate(up):
        if is_proven(path, now):
            at_once = i + 1
            break
    step = HEARD_MS if heard else SECOND_PATH_MS
    more = max(0, now - since) // step
    names = [path.name for path in up[: at_once + more]]
    return names, None if len(names) == len(up) else since + (more + 1) * step


def chain(paths: "list[Path]", now: int) -> "tuple[int | None, int | None, bool]":
    """(down since, last word, answerable) of the best path: what the lamp may promise. down since None: one is up;
    last word None: none ever."""
    best = None
    for path in paths:
        if best is None or _rank(path, now) > _rank(best, now):
            best = path
    if best is None:
        return 0, None, False
    if best.down_since is None:
        return None, best.proven_at, best.answerable
    words = [path.proven_at for path in paths if path.proven_at is not None]
    downs = [path.down_since for path in paths if path.down_since is not None]
    return max(downs), max(words) if words else None, best.answerable


def _rank(path: Path, now: int) -> "tuple[bool, bool, bool, int]":
    known = path.proven_at is not None
    return path.down_since is None, path.answerable and is_proven(path, now), known, path.proven_at or 0
