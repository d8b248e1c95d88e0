"""What the county says to people who read its log, and to machines that collect it. A log that nobody takes away (a
full pipe, a journal that hangs) holds up no alarm: lines wait for a thread of their own, and beyond that are counted
and dropped."""

import json
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable

FORMS = ("text", "json")
WAIT_MOST = 10_000
ABOUT = ("event", "events", "incident", "gateway", "device")
"""Fields of their own in json where a line is about one: `extra=about(…)`. The same names as in the gateway's log."""
_NOISY = ("uvicorn.error", "alembic.runtime.plugins", "psycopg.pool")


def about(event: str = "", incident: str = "", gateway: str = "", device: str = "", events: str = "") -> dict[str, str]:
    """`events`: ids with a blank between them."""
    return {"event": event, "events": events, "incident": incident, "gateway": gateway, "device": device}


def to_stderr(form: str = "text", waits: bool = True) -> None:
    """`form`: of FORMS; json is one object a line. `waits`: each line is written before the program goes on."""
    handler: logging.Handler = logging.StreamHandler(sys.stderr) if waits else Beside()
    text = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_Json() if form == "json" else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def flush(seconds: float = 1.0) -> None:
    """What waits is written, if that can be done in this time. Before the process ends."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Beside):
            handler.wait(seconds)
    sys.stderr.flush()


class Beside(logging.Handler):
    """Writes in a thread of its own."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        super().__init__()
        self._lines: queue.Queue[str] = queue.Queue(WAIT_MOST)
        self._dropped = 0
        self._write = write or _to_stderr
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1
        except Exception:
            self.handleError(record)

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._lines.unfinished_tasks and time.monotonic() < until:
            time.sleep(0.01)

    def _run(self) -> None:
        while True:
            line = self._lines.get()
            if dropped := self._dropped:
                self._dropped = 0
                line = f"{line}\n{dropped} lines before this one were dropped: nobody took them"
            self._write(line + "\n")
            self._lines.task_done()


def _to_stderr(line: str) -> None:
    sys.stderr.write(line)
    sys.stderr.flush()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        whole, rest = divmod(record.created, 1)
        fields: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{int(rest * 1000):03d}Z",
            "level": record.levelname.lower(),
            "part": record.name.removeprefix("heartlamp").lstrip(".") or "county",
            "message": record.getMessage(),
        }
        fields |= {name: value for name in ABOUT if (value := getattr(record, name, ""))}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)
