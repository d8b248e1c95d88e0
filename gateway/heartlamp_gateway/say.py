"""What the gateway says to people who read its log: what happened, what was kept, what to do next."""

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable

log = logging.getLogger("heartlamp.gateway")


def to_stderr(name: str) -> None:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format=f"{name} %(levelname)s %(message)s")


def thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread whose unexpected end is the process's: a supervisor restarts us whole, half a gateway would lie."""

    def guarded() -> None:
        try:
            work()
        except BaseException:
            traceback.print_exc()
            log.critical("%s ended unexpectedly; what is committed is kept, the gateway stops to be restarted", name)
            sys.stderr.flush()
            os._exit(1)

    return threading.Thread(target=guarded, name=name, daemon=True)
