"""What each chip's pins can do, as data.

From Espressif's pages "GPIO & RTC GPIO" and "Analog to Digital Converter" of each chip (ESP-IDF programming guide) and
the chips' datasheets; waking up as MicroPython's esp32 module offers it.
"""

from dataclasses import dataclass, field


def _span(*ranges: tuple[int, int]) -> frozenset[int]:
    return frozenset(number for first, last in ranges for number in range(first, last + 1))


@dataclass(frozen=True)
class Chip:
    """Sets of GPIO numbers.

    `flash`: wired to the flash chip; `psram`: by how the PSRAM is wired; `no_output`: can only be read, and have no
    pull-ups; `adc1`: measure while Wi-Fi is on (ADC2 does not), up to `adc_mv` at the pin; `wake`: end deep sleep;
    `low_wakes`: how many keys to ground can do so, each alone; `strapping`: read at power-up, with what they decide;
    `serial`: the technician's line.
    """

    exists: frozenset[int]
    flash: frozenset[int]
    no_output: frozenset[int]
    adc1: frozenset[int]
    adc_mv: int
    wake: frozenset[int]
    low_wakes: int
    strapping: dict[int, str]
    serial: dict[str, frozenset[int]]
    psram: dict[str, frozenset[int]] = field(default_factory=dict)


CHIPS = {
    "esp32": Chip(
        exists=_span((0, 19), (21, 23), (25, 27), (32, 39)),
        flash=_span((6, 11)),
        no_output=_span((34, 39)),
        adc1=_span((32, 39)),
        adc_mv=2450,
        wake=frozenset({0, 2, 4, 12, 13, 14, 15, 25, 26, 27}) | _span((32, 39)),
        low_wakes=2,  # wake_on_ext0 takes one; wake_on_ext1 wants all of its pins low at once here, so it takes one too
        strapping={
            0: "low starts the serial loader",
            2: "high keeps the serial loader from starting",
            5: "it sets the timing of SDIO",
            12: "high sets the flash to 1.8 V, and the board does not start",
            15: "low silences the start messages",
        },
        serial={"uart": frozenset({1, 3})},
        psram={"quad": frozenset({16, 17})},
    ),
    "esp32s3": Chip(
        exists=_span((0, 21), (26, 48)),
        flash=_span((26, 32)),
        no_output=frozenset(),
        adc1=_span((1, 10)),
        adc_mv=3100,
        wake=_span((0, 21)),
        low_wakes=22,
        strapping={
            0: "low starts the serial loader",
            3: "it chooses the JTAG line",
            45: "high sets the flash to 1.8 V, and the board does not start",
            46: "high, with GPIO0 low, is no valid way to start",
        },
        serial={"uart": frozenset({43, 44}), "usb": frozenset({19, 20})},
        psram={"quad": frozenset(), "octal": _span((33, 37))},
    ),
    "esp32c3": Chip(
        exists=_span((0, 21)),
        flash=_span((11, 17)),  # 11 feeds the flash (VDD_SPI)
        no_output=frozenset(),
        adc1=_span((0, 4)),
        adc_mv=2500,
        wake=_span((0, 5)),
        low_wakes=6,  # esp32.wake_on_gpio, from MicroPython 1.27
        strapping={
            2: "low is no valid way to start",
            8: "low, with GPIO9 low, is no valid way to start",
            9: "low starts the serial loader",
        },
        serial={"uart": frozenset({20, 21}), "usb": frozenset({18, 19})},
    ),
    "virtual": Chip(
        exists=_span((0, 63)),
        flash=frozenset(),
        no_output=frozenset(),
        adc1=_span((0, 63)),
        adc_mv=3300,
        wake=_span((0, 63)),
        low_wakes=64,
        strapping={},
        serial={"stdio": frozenset()},
    ),
}
