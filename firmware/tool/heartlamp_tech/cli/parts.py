"""What every command is given: where things are, and where it writes."""

import os
from pathlib import Path

import typer
from rich.console import Console

from heartlamp_tech import boards, kept
from heartlamp_tech.boards import Board, BoardsError
from heartlamp_tech.county.claims import Claims
from heartlamp_tech.county.results import Results
from heartlamp_tech.county.web import County
from heartlamp_tech.doctor.explain import port_trouble
from heartlamp_tech.flash.images import Images
from heartlamp_tech.provision.journal import Journal
from heartlamp_tech.provision.visit import Desk
from heartlamp_tech.trouble import Trouble

REPO = Path(__file__).resolve().parents[4]
console = Console(soft_wrap=True)


def home() -> Path:
    return kept.folder(kept.home())


def images() -> Images:
    return Images(home() / "images")


def county() -> County:
    return County(home())


def desk() -> Desk:
    claims, web = Claims(home()), county()
    return Desk(web, claims, Results(home(), web, claims), Journal(home()))


def built() -> Path:
    """Of `make firmware`, or where HEARTLAMP_FIRMWARE says that it was unpacked."""
    named = os.environ.get("HEARTLAMP_FIRMWARE")
    return Path(named) if named else REPO / "build/firmware"


def board(name: str) -> Board | None:
    """Of hardware/boards; "" None. Raises Trouble."""
    if not name:
        return None
    try:
        known = boards.read_all(REPO / "hardware/boards")
    except BoardsError as error:
        raise Trouble(str(error), "correct the file") from None
    if name not in known:
        raise Trouble(f"there is no board {name}", f"the boards are {', '.join(sorted(known))}")
    return known[name]


def there(port: str) -> None:
    """Raises Trouble where such a port cannot be: a file that is not there. What Windows has is no file."""
    if "/" in port and not Path(port).exists():
        raise port_trouble(port, FileNotFoundError(2, "No such file or directory"))


Ports = typer.Option("--port", "-p", help="Serial port of a board; again for several. `doctor` lists them.")
OnePort = typer.Option("--port", "-p", help="Serial port of the board. `doctor` lists them.")
LogFile = typer.Option("--log", help="Append a JSON line for each thing that happens. No secret is ever in it.")
Hands = typer.Option("--hands", help="The virtual bench's fingers press, instead of yours: its hands.sock.")
