"""An embedded PostgreSQL with the newest schema, made once by each worker of the tests and copied for each county."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from heartlamp_server.database.embedded import Embedded, _let_through
from heartlamp_server.database.migrate import migrate


def copy(folder: Path) -> None:
    """At `folder`, as `heartlamp-server migrate` leaves it. Its epoch is made by the first server that starts on it."""
    _let_through(folder.parent)
    subprocess.run(["cp", "-a", _made(), folder], check=True)


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="heartlamp-cluster-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    embedded = Embedded(folder / "postgres")
    embedded.ensure_running()
    migrate(embedded.conninfo)
    embedded.stop()
    (folder / "postgres/log").unlink()
    return folder / "postgres"
