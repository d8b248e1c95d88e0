"""One connection to the county at a time, opened when there is something to ask and kept while the county keeps it."""

import asyncio

from heartlamp.http.answer import Answer, HttpError

OPEN_MS = 8_000  # connect, handshake and first answer
ANSWER_MS = 6_000  # on a connection that is open; it may be half-open

LOST = (OSError, EOFError, HttpError, asyncio.TimeoutError)  # all else is a fault of ours


class Line:
    """`open(hello)`: a net.Stream on which `hello` was sent. One request at a time; callers wait for each other."""

    def __init__(self, open, most: int) -> None:
        self._open = open
        self._most = most
        self._asking = asyncio.Lock()
        self._stream = None

    async def ask(self, request: bytes, on_stale) -> "tuple[int, bytes]":
        """(status, body). A connection that was kept may be gone: `on_stale()`, and once more on a new one, which is
        safe because whatever we say has an id of its own. Raises one of LOST."""
        async with self._asking:
            if self._stream is not None:
                try:
                    return await asyncio.wait_for_ms(self._exchange(request), ANSWER_MS)
                except LOST:
                    self.close()
                    on_stale()
            try:
                return await asyncio.wait_for_ms(self._exchange(request), OPEN_MS)
            except LOST:
                self.close()
                raise

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    async def _exchange(self, request: bytes) -> "tuple[int, bytes]":
        if self._stream is None:
            self._stream = await self._open(request)
        else:
            await self._stream.write(request)
        answer, body = Answer(), b""
        while not answer.done:
            try:
                body += answer.feed(await self._stream.read())
            except EOFError:
                answer.end()
            if len(body) > self._most:
                raise HttpError("an answer of more than %d bytes" % self._most)
        if not answer.keeps:
            self.close()
        return answer.status, body
