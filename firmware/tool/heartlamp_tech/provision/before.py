"""What is looked at before a site is claimed: a claim that nobody can use is in everybody's way."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.provision.csv_rows import Row
from heartlamp_tech.provision.visit import Desk
from heartlamp_tech.serial_lines import SerialError
from heartlamp_tech.trouble import Trouble

LOOKS = 2  # of a second each: a bare board says nothing


def done_already(desk: Desk, row: Row) -> str:
    """The device that this laptop put up there, "" none; whoever fetched one more claim for the site means a second."""
    return "" if has_claim(desk, row) else desk.journal.done(row.site, row.kind)


def has_claim(desk: Desk, row: Row) -> bool:
    """Also one that is over by this laptop's clock: its own row says what to do then."""
    return any(one.site == row.site and one.kind == row.kind and one.settings for one in desk.claims.all())


def taken_boards(desk: Desk, rows: Sequence[Row]) -> dict[int, Trouble]:
    """By place in `rows`: the board at the port is a device already, and of no claim of this laptop."""
    ours = {one.device for one in desk.claims.all()}
    with ThreadPoolExecutor(max(1, len(rows))) as pool:
        found = list(pool.map(lambda row: _device_at(row.port), rows))
    return {
        n: Trouble(
            f"the board at {rows[n].port} is {device} already; nothing was claimed",
            "take another board; or, if that device is gone from its site, `heartlamp-tech reset` it",
        )
        for n, device in enumerate(found)
        if device and device not in ours
    }


def _device_at(port: str) -> str:
    """ "" also where nothing answers: the visit itself says why."""
    if not port:
        return ""
    try:
        with PortLines(port) as line:
            for _ in range(LOOKS):
                try:
                    hello = line.ask("hello", timeout=1.0)
                except SerialError:
                    continue
                return str(hello.get("dev") or "") if hello.get("provisioned") == 1 else ""
    except Trouble:
        pass
    return ""
