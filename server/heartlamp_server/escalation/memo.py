"""What one look at many calls asks once: who has a duty, which policy holds. Two hundred calls of one village would ask
the same two hundred times, and the last of them would wait for it."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Memo:
    """Of one look; the next begins with an empty one."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    async def once(self, key: Hashable, ask: Callable[[], Awaitable[T]]) -> T:
        """What was answered before, or what `ask` says."""
        if key not in self._known:
            self._known[key] = await ask()
        answer: T = self._known[key]
        return answer
