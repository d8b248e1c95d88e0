"""A virtual board that is put aside by its machine while it reads a clock: when it says that its key moved. The edges
come on stdin; prints the time of each, ms."""

import asyncio
import json
import time

from heartlamp.hal.unix.board import Board

PUT_ASIDE_MS = 400


class Busy(Board):
    looks = 0

    def clock(self) -> int:
        """Now and then, just after it looked, somebody else has the processor."""
        found = super().clock()
        self.looks += 1
        if self.looks % 3 == 1:
            time.sleep(PUT_ASIDE_MS / 1000)
        return found


async def read(board: Board) -> "list[int]":
    found: list[int] = []
    while len(found) < 4:
        edge = await board.edge(None)
        if edge is not None:
            found.append(edge[2])
    return found


print(json.dumps(asyncio.run(read(Busy("/nowhere")))))
