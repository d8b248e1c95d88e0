"""What every command needs: the configuration that it names, and the database that this says, started where it does not
run."""

import argparse
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartlamp_server import config as configuration
from heartlamp_server.config import Config
from heartlamp_server.database.embedded import Embedded

if TYPE_CHECKING:
    import psycopg


def config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("server.toml"))


class Running:
    """The database for one command: an embedded one is started where needed, and stopped again if so."""

    def __init__(self, config: Config) -> None:
        url = config.database
        self._embedded = Embedded(Path(url.removeprefix("embedded:"))) if url.startswith("embedded:") else None
        self._conninfo = self._embedded.conninfo if self._embedded else url
        self._started = False

    def __enter__(self) -> str:
        if self._embedded:
            self._started = self._embedded.ensure_running()
        return self._conninfo

    def __exit__(self, *_: object) -> None:
        if self._embedded and self._started:
            self._embedded.stop()


def opened(
    args: argparse.Namespace,
) -> tuple[Config, "Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]"]:
    """For commands of other folders: the configuration, and how to reach the database."""
    config = configuration.read(args.config)
    return config, lambda: connected(config)


@asynccontextmanager
async def connected(config: Config) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    import psycopg

    from heartlamp_server.database.store import check_schema

    with Running(config) as conninfo:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            await check_schema(conn)
            yield conn
