"""From what is to what is wrong and what to do. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from heartlamp_tech.doctor.explain import HOLD_BOOT
from heartlamp_tech.doctor.facts import ADAPTERS, Facts
from heartlamp_tech.flash.images import SOURCES

NATIVE = 0x303A


@dataclass(frozen=True)
class Finding:
    """`level`: good, warn or bad; `do`: "" where there is nothing to do."""

    level: str
    text: str
    do: str = ""


def findings(facts: Facts) -> list[Finding]:
    """In the order in which a technician would go through them."""
    return [*_cable(facts), *_drivers(facts), *_ports(facts), *_store(facts)]


def _cable(facts: Facts) -> Iterator[Finding]:
    if facts.ports or facts.usb:
        return
    yield Finding(
        "bad",
        "no board is to be seen: nothing that is plugged in is a serial adapter or an Espressif chip",
        "plug it in; if it is, the cable may only charge: take one that carries data, without a hub. "
        f"A chip that sleeps or restarts all the time: {HOLD_BOOT}",
    )


def _drivers(facts: Facts) -> Iterator[Finding]:
    seen = Counter(port.vendor for port in facts.ports)
    for vendor, count in Counter(facts.usb).items():
        name, driver = ADAPTERS[vendor]
        if seen[vendor] >= count:
            continue
        if vendor == 0x1A86 and "brltty" in facts.running:
            yield Finding(
                "bad",
                f"a {name} is plugged in, and the braille driver (brltty) has taken it",
                "`sudo apt remove brltty` where nobody reads braille, else `sudo systemctl mask brltty-udev`; plug "
                "the board in again",
            )
        elif driver not in facts.drivers and not (driver == "ch341" and "ch341-uart" in facts.drivers):
            yield Finding(
                "bad",
                f"a {name} is plugged in, and its driver {driver} is not loaded",
                f"`sudo modprobe {driver}`; where there is none: `sudo apt install linux-modules-extra-$(uname -r)`",
            )
        else:
            yield Finding(
                "bad",
                f"a {name} is plugged in, and has no port",
                f"plug it in again; if that does not help: {HOLD_BOOT}",
            )


def _ports(facts: Facts) -> Iterator[Finding]:
    for port in facts.ports:
        name = ADAPTERS[port.vendor][0] if port.vendor in ADAPTERS else "not known here"
        if not port.usable:
            waits = facts.member and not facts.root
            yield Finding(
                "bad",
                f"you may not use {port.device} ({name})",
                "log out and in again: you are in its group since this login"
                if waits
                else f"`sudo usermod -aG {facts.group} $USER`, then log out and in again",
            )
        else:
            yield Finding("good", f"{port.device}: {name}")
        if port.vendor == NATIVE:
            yield Finding(
                "warn",
                f"{port.device} is the chip's own USB (S2, S3, C3): its port goes and comes with every restart",
                f"wait a second after one; if it does not come back: {HOLD_BOOT}",
            )
    if facts.ports and "ModemManager" in facts.running:
        yield Finding(
            "warn",
            "ModemManager looks at every new port for some 30 s, and holds it meanwhile",
            "wait, or `sudo systemctl stop ModemManager` while you flash",
        )


def _store(facts: Facts) -> Iterator[Finding]:
    if not facts.images:
        yield Finding(
            "bad",
            "the store has no MicroPython image",
            f"download one for your chips ({', '.join(SOURCES.values())}) and `heartlamp-tech image add FILE`",
        )
    elif missing := sorted(set(SOURCES) - facts.images):
        yield Finding(
            "warn",
            f"the store has no image for {', '.join(missing)}",
            "`heartlamp-tech image add FILE`, if you have such boards",
        )
    if not facts.program:
        yield Finding("bad", "our own program was not built", "`heartlamp-tech build`")
