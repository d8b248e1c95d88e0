"""PostgreSQL's own programs, pointed at a database without its password on any command line."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict

from heartlamp_server.database.embedded import DatabaseError, binaries

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def program(name: str) -> Path:
    """The embedded one's, else the system's. Raises DatabaseError."""
    try:
        return binaries() / name
    except DatabaseError:
        found = shutil.which(name)
    if found is None:
        raise DatabaseError(f"there is no {name}: install PostgreSQL's client programs, or heartlamp-server[embedded]")
    return Path(found)


def environment(conninfo: str) -> Mapping[str, str]:
    """Raises DatabaseError for what these programs cannot be told so."""
    there = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    if unknown := sorted(there.keys() - _VARIABLES.keys() - {"connect_timeout", "application_name"}):
        raise DatabaseError(f"a backup cannot connect with {', '.join(unknown)}: give an address without")
    own = {name: value for name, value in os.environ.items() if name not in _VARIABLES.values()}
    return own | {_VARIABLES[name]: value for name, value in there.items() if name in _VARIABLES}


def start(
    name: str, *words: str, conninfo: str = "", stdin: int | IO[bytes] | None = subprocess.DEVNULL, stdout: int = -3
) -> "subprocess.Popen[bytes]":
    """`conninfo` "": it needs no database; `stdin`, `stdout`: as for subprocess; its stderr is a pipe."""
    env = environment(conninfo) if conninfo else None
    command = [str(program(name)), *words]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=env)
