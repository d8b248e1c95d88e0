"""The worker that the server starts for itself: a process of its own, begun again when it ends, and ended with the
server, however that ends."""

import asyncio
import logging
import os
import sys
from pathlib import Path

log = logging.getLogger("heartlamp.notification")

FIRST_S, MOST_S = 1.0, 30.0
LASTED_S = 60.0


class Child:
    """`config`: server.toml."""

    def __init__(self, config: Path) -> None:
        self._config = config

    async def run(self) -> None:
        """For ever. Never raises for what the child does: alarms are taken in all the same."""
        wait = FIRST_S
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            try:
                await self._once()
            except OSError as wrong:
                log.error("no process for messages can be started: %s", wrong)
            wait = FIRST_S if clock() - began > LASTED_S else min(MOST_S, wait * 2)
            log.error("the process that sends messages ended; another one begins in %.0f s", wait)
            await asyncio.sleep(wait)

    async def _once(self) -> None:
        words = ("-m", "heartlamp_server", "notify", "run", "--until-eof", "--config", str(self._config))
        # Its end is the end of this pipe, which the system closes where we are killed.
        process = await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"}
        )
        log.info("messages are sent by process %d", process.pid)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
