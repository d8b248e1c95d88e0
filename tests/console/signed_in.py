"""What browser tests before a real county share."""

import socket
import threading
from collections.abc import Callable
from typing import TypeVar

from playwright.sync_api import Page

from tests.server.county import County
from tests.server.responder.people import Somebody

T = TypeVar("T")


def apart(work: Callable[[], T]) -> T:
    """In a thread of its own: a browser that is open keeps an event loop in this one."""
    done: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as why:
            failed.append(why)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


def keep_port(county: County) -> None:
    """Its console comes back at the same address after a kill. Call it before it is started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    head, console = county.config.read_text().split("[console]")
    county.config.write_text(f"{head}[console]{console.replace('port = 0', f'port = {port}', 1)}")


def sign_in(page: Page, county: County, person: Somebody) -> None:
    cookie = {"name": "heartlamp_session", "value": person.http.cookies["heartlamp_session"], "url": county.console}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
