"""From whatever is at a port to a board with MicroPython and our program. What is done already is not done again: it
looks at the board, and not at what a laptop remembers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from heartlamp_tech.boards import Board
from heartlamp_tech.flash.copying import Copying, program
from heartlamp_tech.flash.images import Images
from heartlamp_tech.flash.writer import Writer
from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.serial_lines import Answer, SerialError
from heartlamp_tech.trouble import Trouble

Told = Callable[[str, float], None]
"""(stage, part of it done, 0 to 1)."""

MICROPYTHON = {"esp32c3": (1, 27, 0)}  # wakes by a key from there on (firmware/docs/build.md)
MICROPYTHON_ELSE = (1, 25, 0)
HELLO_S = 1.0
RESTART_S = 20.0  # MicroPython's first start makes its file system


@dataclass(frozen=True)
class Order:
    """`board`: what it is to be, None: whatever chip is found; `image`: "" the newest for the chip; `built`: as `make
    firmware` leaves it; `erase`: begin anew, whatever is there."""

    images: Images
    built: Path
    board: Board | None = None
    image: str = ""
    baud: int = 460_800
    erase: bool = False


@dataclass(frozen=True)
class Flashed:
    """`version`: of the program, as the board says; `wrote`: the stages that there was something to do in."""

    port: str
    version: str
    wrote: tuple[str, ...]


def flash(port: str, order: Order, told: Told) -> Flashed:
    """Raises Trouble; the same order again goes on where it was."""
    wrote: list[str] = []
    hello = None if order.erase else _hello(port)
    if hello is not None and hello.get("provisioned") == 1:
        raise Trouble(
            f"the board at {port} is {hello.get('dev')} already, with its program",
            "`heartlamp-tech update` gives it another program; `flash --erase` makes it a bare board again",
        )
    if hello is None:
        if order.erase or not _has_prompt(port):
            _write_image(port, order, told)
            wrote.append("image")
        if _copy(port, order, told):
            wrote.append("program")
        hello = _started(port)
    told("done", 1.0)
    return Flashed(port, str(hello.get("version", "")), tuple(wrote))


def _hello(port: str) -> Answer | None:
    with PortLines(port) as line:
        try:
            return line.ask("hello", timeout=HELLO_S)
        except SerialError:
            return None


def _has_prompt(port: str) -> bool:
    """Of a MicroPython that our program runs on. Raises Trouble where the port itself does not work."""
    try:
        with Copying(port) as board:
            platform, version, _ = board.about()
    except Trouble as trouble:
        if "prompt" in trouble.error or "silent" in trouble.error:
            return False
        raise
    return version >= MICROPYTHON.get(platform, MICROPYTHON_ELSE)


def _write_image(port: str, order: Order, told: Told) -> None:
    writer = Writer(port, order.baud)
    told("looking", 0.0)
    found = writer.look()
    if not found.chip:
        raise Trouble(f"the chip at {port} is an {found.name or 'unknown one'}", "take an ESP32, ESP32-S3 or ESP32-C3")
    if order.board is not None and order.board.chip not in (found.chip, "virtual"):
        raise Trouble(
            f"the chip at {port} is an {found.chip}, and a board {order.board.name} has an {order.board.chip}",
            "name the board that it is (`--board`), or take another board",
        )
    least = max(4, order.board.flash_mb if order.board else 4)
    if 0 < found.flash_mb < least:
        raise Trouble(f"the flash at {port} has {found.flash_mb} MB; it takes {least}", "take another board")
    image = order.images.of(found.chip, order.image)
    path = order.images.path(image)
    told("erasing", 0.0)
    writer.erase()
    told("writing", 0.0)
    writer.write(image.offset, path, lambda part: told("writing", part))
    _await_prompt(port)


def _await_prompt(port: str) -> None:
    until = monotonic() + RESTART_S
    while True:
        try:
            with Copying(port):
                return
        except Trouble:
            if monotonic() > until:
                raise Trouble(
                    f"MicroPython was written to {port}, but gives no prompt", "press RST, and give the command again"
                ) from None
            sleep(0.2)  # a port that comes back is no event that can be awaited from outside


def _copy(port: str, order: Order, told: Told) -> int:
    told("copying", 0.0)
    with Copying(port) as board:
        platform, version, _ = board.about()
        if version < MICROPYTHON.get(platform, MICROPYTHON_ELSE):
            raise Trouble(
                f"MicroPython at {port} is {'.'.join(map(str, version))}, older than our program needs",
                "add a newer image (`heartlamp-tech image add FILE`), and `flash --erase`",
            )
        chip = "virtual" if platform == "linux" else platform
        wrote = board.copy(program(order.built, chip), lambda part: told("copying", part))
        board.restart()
    return wrote


def _started(port: str) -> Answer:
    with PortLines(port) as line:
        return line.awake(RESTART_S)
