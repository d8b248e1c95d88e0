"""hardware/boards/*.toml: what is wired to which pin of a board. Read strictly, and held against what its chip can do.

The firmware knows pins by these names; what has no pin is not fitted.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from heartlamp_tech.chips import CHIPS
from heartlamp_tech.strict_table import Table, WrongFieldError

KEYS = ("red", "green", "cancel", "recessed")
CONTACTS = ("smoke", "gas", "flood", "door", "rain", "tamper", "mains", "shutter")
INPUTS = KEYS + CONTACTS
OUTPUTS = ("led", "buzzer", "indicator", "i2s_bck", "i2s_ws", "i2s_data", "modem_tx", "modem_power")
BOTH_WAYS = ("thermo", "i2c_sda", "i2c_scl")  # read and driven
ANALOG = ("battery_adc", "smoke_line_adc", "gas_line_adc", "flood_line_adc", "door_line_adc")
NAMES = INPUTS + OUTPUTS + BOTH_WAYS + ANALOG + ("modem_rx",)
CAMERA_WIRES = ("d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "xclk", "pclk", "vsync", "href", "sda", "scl")

NEEDS = {  # what must be wired before a board can be of this kind
    "button": ("red",),
    "silent": ("red",),
    "lamp": ("red", "green", "led"),
    "camera": ("red", "green", "led", "indicator", "shutter"),
    "smoke": ("smoke",),
    "gas": ("gas",),
    "flood": ("flood",),
    "door": ("door",),
    "temperature": ("thermo",),
    "slope": ("rain", "i2c_sda", "i2c_scl"),
}


class BoardsError(Exception):
    """A board's file is wrong; the text says which file, which field, and what belongs there."""


@dataclass(frozen=True)
class Led:
    """`type`: "ws2812" (a chain of `count`) or "gpio" (one plain LED)."""

    type: str
    count: int


@dataclass(frozen=True)
class Battery:
    """The divider between cell and battery_adc, and what the cell itself has when it is full and when it is low."""

    top_kohm: int
    bottom_kohm: int
    full_mv: int
    low_mv: int


@dataclass(frozen=True)
class Camera:
    """`wires`: GPIO of each of CAMERA_WIRES, and of reset and power_down where they are wired."""

    sensor: str
    wires: dict[str, int]


@dataclass(frozen=True)
class Board:
    """`pins`: GPIO by name. `wake`: inputs that end deep sleep. `active_high`: inputs that are high when pulled; all
    others go to ground. `pulled`: inputs with a resistor of their own. `serial`: the technician's line.
    `quiescent_ua`: what the whole device takes while nothing happens, 0: nobody has reckoned it. `strapping`: why a pin
    that the chip reads at power-up does no harm."""

    name: str
    about: str
    chip: str
    flash_mb: int
    psram_mb: int
    psram: str
    serial: str
    quiescent_ua: int
    kinds: tuple[str, ...]
    pins: dict[str, int]
    wake: tuple[str, ...]
    active_high: tuple[str, ...]
    pulled: tuple[str, ...]
    strapping: dict[str, str]
    led: Led | None
    battery: Battery | None
    camera: Camera | None


def read_all(folder: Path) -> dict[str, Board]:
    """Every board of the folder by its name, which is its file's. Raises BoardsError with every reason, one a line."""
    boards, reasons = {}, []
    for path in sorted(folder.glob("*.toml")):
        try:
            boards[path.stem] = read(path.stem, path.read_text("utf-8"))
        except BoardsError as error:
            reasons.append(str(error))
    if reasons:
        raise BoardsError("\n".join(reasons))
    return boards


def read(name: str, text: str) -> Board:
    """The board of this file's text; whether its chip can do all that stands there, board_rules says. Raises
    BoardsError."""
    try:
        return _board(name, Table(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as error:
        raise BoardsError(f"hardware/boards/{name}.toml is not TOML: {error}") from None
    except WrongFieldError as error:
        raise BoardsError(f"hardware/boards/{name}.toml: {error}") from None


def _board(name: str, fields: Table) -> Board:
    chip = fields.one_of("chip", *CHIPS)
    psram_mb = fields.number("psram_mb", 0, 32)
    board = Board(
        name=name,
        about=fields.text("about"),
        chip=chip,
        flash_mb=fields.number("flash_mb", 0 if chip == "virtual" else 4, 32),
        psram_mb=psram_mb,
        psram=fields.one_of("psram", *CHIPS[chip].psram) if psram_mb else "",
        serial=fields.one_of("serial", *CHIPS[chip].serial),
        quiescent_ua=fields.number("quiescent_ua", 0, 1_000_000, 0),
        kinds=fields.names("kinds", tuple(NEEDS)),
        wake=fields.names("wake", INPUTS),
        active_high=fields.names("active_high", INPUTS),
        pulled=fields.names("pulled", INPUTS),
        pins=fields.table("pins").numbers(NAMES),
        strapping=fields.table("strapping").texts(NAMES),
        led=_led(fields.table("led")) if "led" in fields else None,
        battery=_battery(fields.table("battery")) if "battery" in fields else None,
        camera=_camera(fields.table("camera")) if "camera" in fields else None,
    )
    fields.end()
    return board


def _led(fields: Table) -> Led:
    led = Led(fields.one_of("type", "ws2812", "gpio"), fields.number("count", 1, 64, 1))
    fields.end()
    return led


def _battery(fields: Table) -> Battery:
    battery = Battery(
        fields.number("top_kohm", 0, 10_000),
        fields.number("bottom_kohm", 1, 10_000),
        fields.number("full_mv", 1000, 15_000),
        fields.number("low_mv", 1000, 15_000),
    )
    fields.end()
    return battery


def _camera(fields: Table) -> Camera:
    sensor = fields.one_of("sensor", "ov2640")
    wires = fields.numbers((*CAMERA_WIRES, "reset", "power_down"))
    missing = [name for name in CAMERA_WIRES if name not in wires]
    if missing:
        raise WrongFieldError("camera." + ", camera.".join(missing) + " must be a GPIO number")
    return Camera(sensor, wires)
