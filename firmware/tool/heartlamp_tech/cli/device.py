"""test, logs, set, reset, update: one device, by its cable or through its county."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from heartlamp_tech.bundle import BundleError, read
from heartlamp_tech.cli import parts
from heartlamp_tech.cli.parts import console
from heartlamp_tech.fleet.route import seen
from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.serial_update import send
from heartlamp_tech.trouble import FAILED, Trouble

Device = typer.Option("--device", "-d", help="Its id, instead of a cable: through the county and its village.")
Port = typer.Option("--port", "-p", help="Serial port of the board.")
REASONS = ("lost", "stolen", "broken", "replaced", "moved", "other")


def self_test(port: Annotated[str, Port] = "", device: Annotated[str, Device] = "") -> None:
    """What it finds of itself; through the county: how it was seen last."""
    if device:
        for text in seen(_page(device)):
            console.print(text, highlight=False)
        return
    with _line(port) as line:
        found = line.ask("test", timeout=20.0)["parts"]
    table = Table("part", "", "found")
    for one in found:
        table.add_row(one["part"], "[green]✓[/]" if one["ok"] else "[red]✗[/]", one["found"])
    console.print(table)
    raise typer.Exit(0 if all(one["ok"] for one in found) else FAILED)


def logs(port: Annotated[str, Port] = "", device: Annotated[str, Device] = "") -> None:
    """Its last 32 traces; through the county: its history."""
    if device:
        for one in _page(device)["history"]:
            console.print(f"{one['at'][:19]} {one['what']} {one['detail']} {one['by']}", highlight=False)
        return
    with _line(port) as line:
        for text in line.ask("logs")["logs"]:
            console.print(text, highlight=False, markup=False)


def set_settings(
    values: Annotated[list[str], typer.Argument(help="name=value, the value JSON or plain text; name= takes it away.")],
    port: Annotated[str, Port] = "",
    device: Annotated[str, Device] = "",
) -> None:
    """Change settings. By the cable: lang, consent, site at once; wifi, modem, links, host… with a restart. Through the
    county, whenever it comes: lang of a lamp, sensors of what senses."""
    wanted = dict(_value(one) for one in values)
    if device:
        parts.county().put(f"/api/devices/{device}/desired", {"settings": wanted})
        console.print(f"{device}: wanted; `heartlamp-tech test -d {device}` says whether it has it", highlight=False)
        return
    with _line(port) as line:
        changed = line.set(**wanted)["changed"]
    console.print(f"changed: {', '.join(changed) or 'nothing, it was so already'}", highlight=False)


def reset(
    port: Annotated[str, Port],
    events: Annotated[bool, typer.Option(help="Also throw its unsent events away: calls for help. Be sure.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make a device a board without a name again. At the county it stays what it was: `revoke` it there."""
    if not yes and not typer.confirm("Its settings go. Sure?"):
        raise typer.Exit(FAILED)
    with _line(port) as line:
        held = line.ask("reset", **({"events": 1} if events else {}))["held"]
    console.print(f"reset{f'; {held} unsent events stay, for the same device' if held else ''}", highlight=False)


def update(
    port: Annotated[str, Port],
    bundle: Annotated[Path | None, typer.Argument(help="A .hlb; without it what `build` made.")] = None,
) -> None:
    """Another program for a device, by its cable. It is on trial until its next receipt: press its key."""
    file = bundle or next(iter(sorted(parts.built().glob("*.hlb"))), None)
    if file is None or not file.exists():
        raise Trouble("there is no bundle", "`heartlamp-tech build` makes one, or name a .hlb file")
    data = file.read_bytes()
    try:
        read(data, None)  # a device that is needed says nothing of a bad file for a minute
    except BundleError as wrong:
        raise Trouble(f"{file}: {wrong}", "nothing was sent; `heartlamp-tech build` makes a bundle") from None
    with _line(port) as line, console.status("sending"):
        send(line, data)
    console.print(f"{file.name} is on it, and on trial: press its key", highlight=False)


def revoke(
    device: Annotated[str, typer.Argument(help="Its id.")],
    reason: Annotated[str, typer.Option(help=", ".join(REASONS))] = "lost",
) -> None:
    """End a device: its village lets it in no more, within 5 s, and its connection drops."""
    if reason not in REASONS:
        raise Trouble(f"there is no reason {reason!r}; {device} goes on", f"one of {', '.join(REASONS)}")
    parts.county().post(f"/api/devices/{device}/revoke", {"reason": reason})
    console.print(f"{device} is ended", highlight=False)


def rotate(port: Annotated[str, Port] = "", device: Annotated[str, Device] = "") -> None:
    """The next key of the same root; the old one holds until its first use. By the cable at once, through the county
    when the device next says that it lives and nobody needs it."""
    if device:
        made = parts.county().post(f"/api/devices/{device}/rotate")["kv"]
        console.print(f"{device}: key version {made} waits for it; `logs -d {device}` tells its use", highlight=False)
        return
    with _line(port) as line:
        device = str(line.awake().get("dev", ""))
        if not device:
            raise Trouble(f"the board at {port} is nobody yet", "`heartlamp-tech provision SITE` makes it a device")
        made = parts.county().post(f"/api/devices/{device}/rotate")["kv"]
        changed = line.set(kv=made)["changed"]
    taken = "has it from its next start, which is now" if changed else "had it already"
    console.print(f"{device}: key version {made}; it {taken}", highlight=False)


def _line(port: str) -> PortLines:
    if not port:
        raise Trouble("which device?", "--port for a cable, --device for one that its county reaches")
    return PortLines(port)


def _page(device: str) -> dict[str, Any]:
    page: dict[str, Any] = parts.county().get(f"/api/devices/{device}")
    return page


def _value(text: str) -> tuple[str, object]:
    name, is_there, value = text.partition("=")
    if not is_there or not name:
        raise Trouble(f"{text} is not name=value", "for example `set lang=zh consent=1`")
    try:
        return name, json.loads(value) if value else None
    except ValueError:
        return name, value
