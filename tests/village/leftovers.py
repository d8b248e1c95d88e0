"""What a killed demo leaves standing: its PostgreSQL, a daemon of its own that no kernel ends with it."""

import contextlib
import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 10


def end_postgres(folder: Path, say: Callable[[str], None] = lambda text: None) -> None:
    """Ends every postmaster whose data directory is in `folder`, and returns when it is gone. Nothing else is touched:
    process ids are used again, so a process must name the data directory itself. Its data is not saved. TimeoutError
    where it stays."""
    for file in folder.absolute().glob("*/postmaster.pid"):
        try:
            pid = int(file.read_text().split()[0])
            process = os.pidfd_open(pid)  # from here on the same process is meant, whoever gets its number
        except (OSError, ValueError, IndexError):
            continue  # it has ended
        try:
            if _names(pid, file.parent):
                say(f"ending the PostgreSQL that a killed demo left (process {pid})")
                _end(process, pid)
        finally:
            os.close(process)


def _names(pid: int, data: Path) -> bool:
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _end(process: int, pid: int) -> None:
    # SIGQUIT: it waits for its children but writes nothing any more.
    for how in (signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, how)
        if select.select([process], [], [], PATIENCE_SECONDS)[0]:
            return
    raise TimeoutError(f"the PostgreSQL that a killed demo left does not end; end process {pid} by hand, and try again")
