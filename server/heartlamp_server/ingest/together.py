"""What several villages say at the same moment goes into the store together: one COMMIT for all of it.

Alone, each would wait for the disk of the one before, because the row that numbers the feed is held until the COMMIT is
there. Who comes while there is room waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from heartlamp_protocol.uplink import Item, Note, Verdict

AT_ONCE = 2  # one on its way to the disk, one that is read meanwhile
MOST = 200  # items and notes in one transaction
SMALL = 20  # what has more is worth a COMMIT of its own
PATIENCE_MS = 250  # for a house that is held: longer than an operator's answer takes, and nobody else waits longer

Verdicts = tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One request of a gateway, read and cleaned."""

    gateway: str
    items: tuple[Item, ...]
    notes: tuple[Note, ...]

    def __len__(self) -> int:
        return len(self.items) + len(self.notes)


class Together:
    """`store`: takes several in one transaction with so much patience, and returns the verdicts of each. `alone`: takes
    one, whatever comes; what fails together goes this way, so that another village's bad item, or a house that is held
    for a moment, costs nobody more than that moment."""

    def __init__(
        self,
        store: Callable[[Sequence[Said], int], Awaitable[list[Verdicts]]],
        alone: Callable[[Said], Awaitable[Verdicts]],
    ) -> None:
        self._store, self._alone = store, alone
        self._waiting: list[tuple[Said, asyncio.Future[Verdicts | None]]] = []
        self._on_their_way: set[asyncio.Task[None]] = set()

    async def take(self, said: Said) -> Verdicts:
        """Raises what `alone` raises."""
        if len(said) > SMALL:
            return await self._alone(said)
        answer: asyncio.Future[Verdicts | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((said, answer))
        if len(self._on_their_way) < AT_ONCE:
            self._go()
        verdicts = await answer
        return await self._alone(said) if verdicts is None else verdicts

    def _go(self) -> None:
        many, size = 0, 0
        for said, _ in self._waiting:
            size += len(said)
            if size > MOST:
                break
            many += 1
        group, self._waiting = self._waiting[:many], self._waiting[many:]
        task = asyncio.create_task(self._take_in(group))
        self._on_their_way.add(task)
        task.add_done_callback(self._next)

    def _next(self, task: "asyncio.Task[None]") -> None:
        self._on_their_way.discard(task)
        if self._waiting:
            self._go()

    async def _take_in(self, group: "Sequence[tuple[Said, asyncio.Future[Verdicts | None]]]") -> None:
        verdicts: Sequence[Verdicts | None]
        try:
            verdicts = await self._store([said for said, _ in group], PATIENCE_MS)
        except Exception:  # what it was is logged where it fails alone, too
            verdicts = [None] * len(group)
        for (_, answer), mine in zip(group, verdicts, strict=True):
            if not answer.done():  # its request may have been given up
                answer.set_result(mine)
