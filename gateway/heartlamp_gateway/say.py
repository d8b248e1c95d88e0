"""What the gateway says to people who read its log: what happened, what was kept, what to do next."""

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

log = logging.getLogger("heartlamp.gateway")
FORMS = ("text", "json")
ABOUT = ("event", "incident", "device")


def to_stderr(name: str, form: str = "text") -> None:
    """`form`: of FORMS; json is one object a line, for machines that collect logs."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(name) if form == "json" else logging.Formatter(f"{name} %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def about(event: str = "", incident: str = "", device: str = "") -> dict[str, str]:
    """For `extra=` where a line names one of them: a field of its own in json, nothing more in text."""
    return {"event": event, "incident": incident, "device": device}


def thread(name: str, work: Callable[[], None]) -> threading.Thread:
    """A thread whose unexpected end is the process's: a supervisor restarts us whole, half a gateway would lie."""

    def guarded() -> None:
        try:
            work()
        except BaseException:
            log.critical(
                "%s ended unexpectedly; what is committed is kept, the gateway stops to be restarted",
                name,
                exc_info=True,
            )
            sys.stderr.flush()
            os._exit(1)

    return threading.Thread(target=guarded, name=name, daemon=True)


class _Json(logging.Formatter):
    """`time`: the wall's, which may be wrong on a box without a clock; `up_ms`: BOOTTIME, which is not."""

    def __init__(self, gateway: str) -> None:
        super().__init__()
        self._gateway = gateway

    def format(self, record: logging.LogRecord) -> str:
        whole, rest = divmod(record.created, 1)
        fields: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(rest * 1000):03d}Z",
            "up_ms": time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
            "level": record.levelname.lower(),
            "gateway": self._gateway,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        fields |= {name: value for name in ABOUT if (value := getattr(record, name, ""))}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)
