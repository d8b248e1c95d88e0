"""A worker as a process of its own: what providers' SDKs load and hold up, no alarm waits for. Any number may run."""

import asyncio
import logging
import signal
import sys
import threading
from typing import Any

import psycopg

from heartlamp_server.config import Config
from heartlamp_server.database.beat import beat
from heartlamp_server.database.listen import listen
from heartlamp_server.database.pool import Database
from heartlamp_server.database.store import check_schema
from heartlamp_server.device.vault import read_key
from heartlamp_server.notification import store
from heartlamp_server.notification.handover import Handover, Hooks
from heartlamp_server.notification.links import Signer, link_key
from heartlamp_server.notification.settings import Opened, open_channels
from heartlamp_server.notification.texts import Texts
from heartlamp_server.notification.worker import Worker

log = logging.getLogger("heartlamp.notification")


def signer(config: Config, opened: Opened) -> Signer | None:
    return Signer(opened.link, link_key(read_key(config.key_file))) if opened.link else None


async def run(config: Config, conninfo: str, hooks: Hooks, until_eof: bool = False) -> None:
    """Until SIGTERM or SIGINT, or the end of standard input. Raises ConfigError, DatabaseError, or what ended a task
    that should run for ever."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    if until_eof:
        threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(stop.set)), daemon=True).start()
    database = Database(conninfo)
    opened = open_channels(config.notification, config.folder, database)
    worker = Worker(database, opened.channels, opened.limits, opened.broken, Texts(), signer(config, opened))
    handover = Handover(database, opened.channels, hooks)
    await database.open(check_schema, _warm)

    def poke(_: str) -> None:
        worker.poke()
        handover.poke()

    runners = {
        "database": database.watch(),
        "beat": beat(database, "messages"),
        "notifications": listen(conninfo, {store.CHANNEL: poke}),
        "worker": worker.run(),
        "handover": handover.run(),
        "poll": handover.poll(),
    }
    tasks = [asyncio.create_task(run, name=name) for name, run in runners.items()]
    log.info("messages go by %s", ", ".join(opened.channels))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    ended = next((task for task in tasks if task.done()), None)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=1)
    await database.close()
    if ended is not None and not stop.is_set():
        ended.result()


async def _warm(conn: psycopg.AsyncConnection[Any]) -> None:
    pass
