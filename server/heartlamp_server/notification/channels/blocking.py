"""A provider's SDK that blocks, in threads of its channel's own: one that hangs takes no other channel's."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from heartlamp_server.notification.channels.channel import Heard, Message, Sent, Unreadable
from heartlamp_server.notification.model import Trait

T = TypeVar("T")
THREADS = 16


class Blocking:
    """`_send` is called in a thread, and must have timeouts of its own below `deadline_s`."""

    provider = ""
    trait = Trait()
    deadline_s = 10.0
    _threads: ThreadPoolExecutor | None = None
    _loaded = False

    def _load(self) -> None:
        """What takes long once."""

    def _send(self, message: Message) -> Sent:
        raise NotImplementedError

    def _poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        return []

    async def ready(self) -> None:
        if not self._loaded:
            await self._in_a_thread(self._load)
            self._loaded = True

    async def send(self, message: Message) -> Sent:
        return await self._in_a_thread(lambda: self._send(message))

    async def poll(self, provider_ids: Sequence[tuple[str, str, datetime]]) -> list[Heard]:
        return await self._in_a_thread(lambda: self._poll(provider_ids))

    def read(self, body: bytes, query: Mapping[str, str]) -> tuple[list[Heard], bytes]:
        raise Unreadable("this channel hears of nothing")

    async def _in_a_thread(self, work: Callable[[], T]) -> T:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=type(self).__name__)
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
