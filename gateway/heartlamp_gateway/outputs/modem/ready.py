"""The modem as it is now: found, switched on, or why not."""

from heartlamp_gateway.outputs.modem import names, trouble
from heartlamp_gateway.outputs.modem.bus import Bus, BusError, plain
from heartlamp_gateway.outputs.modem.names import MODEM, OBJECT_MANAGER, ROOT
from heartlamp_gateway.outputs.modem.trouble import Modem

ENABLE_S = 20.0


class Unable(Exception):
    """It cannot be done now; in words for people."""


def find(bus: Bus, imei: str) -> Modem | None:
    """Asked anew each time: a modem that was replugged has another path. Raises BusError, OSError."""
    (managed,) = bus.call(ROOT, OBJECT_MANAGER, "GetManagedObjects")
    modems = [
        Modem(path, {interface: plain(fields) for interface, fields in interfaces.items()})
        for path, interfaces in managed.items()
        if MODEM in interfaces
    ]
    return trouble.chosen(modems, imei)


def switched_on(bus: Bus, modem: Modem | None, imei: str) -> Modem | None:
    """ModemManager leaves a new modem off, unless somebody wants it on. Raises BusError, OSError."""
    if modem is None or modem.state != names.DISABLED:
        return modem
    bus.call(modem.path, MODEM, "Enable", "b", True, within_s=ENABLE_S)
    return find(bus, imei)


def ready(bus: Bus, imei: str, wanted: str) -> Modem:
    """`wanted`: VOICE or MESSAGING. Raises Unable, BusError, OSError."""
    modem = switched_on(bus, find(bus, imei), imei)
    wrong = trouble.of_modem(modem, imei, wanted)
    if modem is None or wrong:
        raise Unable(wrong)
    return modem


def in_words(wrong: Unable | BusError | OSError) -> str:
    """Of what talking to the modem raised."""
    if isinstance(wrong, BusError):
        return trouble.of_error(wrong.name, wrong.text)
    if isinstance(wrong, TimeoutError):
        return trouble.NO_ANSWER
    if isinstance(wrong, ConnectionResetError | BrokenPipeError):
        return trouble.LEFT
    return trouble.NO_BUS if isinstance(wrong, OSError) else str(wrong)
