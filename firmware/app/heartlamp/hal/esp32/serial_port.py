"""The serial line of an ESP32: the REPL's own stdin, USB or UART. Never run by the tests.

A UART holds 260 bytes until they are read, 22 ms at 115,200 baud; what is lost beyond that the line's CRC tells.
"""

import asyncio
import select
import sys

from heartlamp.settings.lines import Lines

IDLE_MS = 10
AT_ONCE = 256  # bytes before the other tasks have their turn


async def listen(take, alive) -> None:
    """For ever. `take(line)`: the text of each."""
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    lines = Lines()
    while True:
        alive()
        n = 0
        while n < AT_ONCE and poll.poll(0):
            for line in lines.feed(sys.stdin.buffer.read(1)):
                take(line)
            n += 1
        await asyncio.sleep_ms(0 if n else IDLE_MS)
