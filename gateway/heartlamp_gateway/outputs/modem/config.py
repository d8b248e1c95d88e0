"""[modem] of gateway.toml."""

import math
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from heartlamp_gateway.settings_file import SettingsFile

BALANCE_LOW = 10.0  # in the currency of the card: some calls, or a month of a small plan
FIELDS = ("bus", "imei", "country", "ring_s", "answer_s", "delivery_s", "audio", "sim")
AUDIO_FIELDS = ("device", "prompts")
SIM_FIELDS = ("payer", "balance", "balance_on", "balance_low", "expires", "megabytes")


@dataclass(frozen=True, slots=True)
class Audio:
    """`device`: ALSA's name of the modem's sound card; `prompts`: the folder of recordings."""

    device: str
    prompts: Path


@dataclass(frozen=True, slots=True)
class Sim:
    """What somebody wrote down of the card: `payer`, who pays for it; `balance`, in its currency, on `balance_on`, low
    from `balance_low` on; `expires`, the day its plan ends; `megabytes` of a month. None: not written down."""

    payer: str = ""
    balance: float | None = None
    balance_on: date | None = None
    balance_low: float = BALANCE_LOW
    expires: date | None = None
    megabytes: int | None = None


@dataclass(frozen=True, slots=True)
class ModemConfig:
    """`bus`: its address, "" the system's; `imei`: of the modem, "" the one there is; `country`: its calling code;
    `ring_s`: how long it rings; `answer_s`: how long who took the call has to press a key; `delivery_s`: how long an
    SMS's delivery report is waited for (it counts later, too); `audio`: None, it rings and says nothing."""

    bus: str = ""
    imei: str = ""
    country: str = "86"
    ring_s: float = 40.0
    answer_s: float = 30.0
    delivery_s: float = 10.0
    audio: Audio | None = None
    sim: Sim = Sim()


def read_modem(table: dict[str, Any], here: Path) -> ModemConfig:
    """`here`: the file's folder, to which paths are relative. Raises ValueError in words for who wrote it."""
    _only(table, FIELDS)
    bus = _text(table, "bus")
    if bus and not bus.startswith(("unix:path=", "unix:abstract=")):
        raise ValueError('`bus` must be "unix:path=…"; leave it out for the system\'s bus')
    imei, country = _text(table, "imei"), _text(table, "country") or "86"
    if imei and not (imei.isdigit() and len(imei) == 15):
        raise ValueError("`imei` must be 15 digits")
    if not (country.isdigit() and len(country) <= 3):
        raise ValueError('`country` must be a calling code such as "86"')
    audio = None
    if (fields := _table(table, "audio")) is not None:
        _only(fields, AUDIO_FIELDS, "audio.")
        device, prompts = _text(fields, "device", "audio."), _text(fields, "prompts", "audio.")
        if not device or not prompts:
            raise ValueError("`audio` needs `device`, as `aplay -L` names it, and `prompts`, a folder")
        audio = Audio(device, here / prompts)
    return ModemConfig(
        bus=bus,
        imei=imei,
        country=country,
        ring_s=_seconds(table, "ring_s", 40, 5, 90),
        answer_s=_seconds(table, "answer_s", 30, 5, 120),
        delivery_s=_seconds(table, "delivery_s", 10, 0, 60),
        audio=audio,
        sim=_sim(_table(table, "sim") or {}),
    )


def modem_of(file: SettingsFile) -> ModemConfig | None:
    """Of the whole file. What is wrong with the card's record or the sound keeps nobody from being called."""

    def read(table: dict[str, Any], here: Path) -> ModemConfig:
        for name, known in (("audio", AUDIO_FIELDS), ("sim", SIM_FIELDS)):
            alone = table.get(name)
            if isinstance(alone, dict):
                table[name] = file.read(f"[modem.{name}]", alone, known, partial(_checked, name))
        return read_modem(table, here)

    return file.part("modem", FIELDS, read)


def _checked(name: str, fields: dict[str, Any], here: Path) -> dict[str, Any]:
    read_modem({name: fields}, here)
    return fields


def _sim(fields: dict[str, Any]) -> Sim:
    _only(fields, SIM_FIELDS, "sim.")
    for name in ("balance_on", "expires"):
        if name in fields and type(fields[name]) is not date:
            raise ValueError(f"`sim.{name}` must be a day, such as 2027-06-30, without quotes")
    for name in ("balance", "balance_low"):
        value = fields.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"`sim.{name}` must be a number")
    megabytes = fields.get("megabytes")
    if megabytes is not None and (type(megabytes) is not int or megabytes <= 0):
        raise ValueError("`sim.megabytes` must be a whole number above 0")
    return Sim(
        payer=_text(fields, "payer", "sim."),
        balance=fields.get("balance"),
        balance_on=fields.get("balance_on"),
        balance_low=fields.get("balance_low", BALANCE_LOW),
        expires=fields.get("expires"),
        megabytes=megabytes,
    )


def _only(table: dict[str, Any], known: tuple[str, ...], of: str = "") -> None:
    if unknown := sorted(set(table) - set(known)):
        raise ValueError(f"there is no `{of}{unknown[0]}`; there is {', '.join(known)}")


def _table(table: dict[str, Any], name: str) -> dict[str, Any] | None:
    found = table.get(name)
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"`{name}` must be a table")
    return found


def _text(table: dict[str, Any], name: str, of: str = "") -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"`{of}{name}` must be a text, in quotes")
    return value


def _seconds(table: dict[str, Any], name: str, usual: float, least: float, most: float) -> float:
    value = table.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"`{name}` must be seconds from {least:g} to {most:g}")
    return float(value)
