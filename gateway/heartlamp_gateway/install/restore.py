"""A backup becomes a gateway on another box, or on this one after its disk was lost."""

import os
import re
import secrets
import tempfile
import time
from pathlib import Path

import apsw

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.install.backup import BackupError, Found, unpack
from heartlamp_gateway.install.joining import Papers
from heartlamp_gateway.install.setup import belongs_to_its_folder, read_by_its_runner
from heartlamp_gateway.run import ALARMS
from heartlamp_gateway.settings_file import ENCODING


def restore(source: Path, words: str, config: Path, data: Path, address: str = "") -> Found:
    """Into a box that has no gateway yet: nothing is overwritten. `address`: of this box, where it is another one's.
    `gateway.toml` comes last: cut short, it is simply done again. Raises BackupError or OSError."""
    if config.exists() or (data / ALARMS).exists():
        raise BackupError(
            f"there is a gateway already ({config if config.exists() else data / ALARMS}): nothing was changed. "
            "Move both away first, if this backup shall take its place"
        )
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    papers = Papers(data / "papers")
    with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as name:
        room = Path(name)
        found = unpack(source, room, words)
        papers.folder.mkdir(exist_ok=True, mode=0o700)
        for as_name, path in (
            ("county-ca.pem", papers.ca),
            ("broker.crt", papers.certificate),
            ("broker.key", papers.key),
            ("token", papers.token),
        ):
            write_atomically(path, (room / as_name).read_text())
        # The first box may come back from the repair shop: what it has in its hand is void once we were at the county.
        write_atomically(papers.token.with_name("token.new"), secrets.token_hex(32) + "\n")
        new_epoch(room / ALARMS)
        os.replace(room / ALARMS, data / ALARMS)
        text = relocated((room / "gateway.toml").read_text(encoding=ENCODING), data, papers, address)
    config.parent.mkdir(parents=True, exist_ok=True)
    belongs_to_its_folder(data)
    write_atomically(config, text)
    read_by_its_runner(config, data)
    return found


def new_epoch(store: Path) -> None:
    """What came after the backup was taken is not in here: devices are to offer again, and a new epoch is how they
    learn that."""
    db = apsw.Connection(str(store), flags=apsw.SQLITE_OPEN_READWRITE)
    db.pragma("synchronous", "FULL")
    with db:
        put = "INSERT OR REPLACE INTO word(name, value) VALUES(?, ?)"
        db.execute(put, ("epoch", secrets.token_hex(8)))
        db.execute("DELETE FROM effect")  # nobody is called for what was to be done when the backup was taken
        db.execute(put, ("restored", time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())))
    db.close()


def relocated(text: str, data: Path, papers: Papers, address: str) -> str:
    """The same gateway.toml with this box's paths; `address` "" leaves the broker's. Pure."""
    table = ""
    places = {
        ("", "county_ca"): papers.ca,
        ("", "token_file"): papers.token,
        ("", "data_dir"): data,
        ("broker", "cert"): papers.certificate,
        ("broker", "key"): papers.key,
        ("broker", "ca"): papers.ca,
        **({("broker", "host"): address} if address else {}),
    }
    lines = []
    for line in text.splitlines():
        if found := re.match(r"\s*\[+([^\]]+)\]", line):
            table = found[1].strip()
        name = line.partition("=")[0].strip()
        if (table, name) == ("broker", "socket"):
            continue  # a path of the other box
        where = places.get((table, name))
        lines.append(line if where is None else f'{name} = "{where}"')
    return "\n".join(lines) + "\n"


__all__ = ["BackupError", "relocated", "restore"]
