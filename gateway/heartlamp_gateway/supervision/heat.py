"""The box's temperature, as the kernel's thermal zones have it."""

from pathlib import Path

from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN, Health

NAME = "temperature"
WARM_MC, HOT_MC = 75_000, 85_000  # a Raspberry Pi throttles itself at 80 to 85 °C
ZONES = Path("/sys/class/thermal")


def judge(hottest_mc: int | None) -> Health:
    """1/1000 °C; None: there is no sensor."""
    if hottest_mc is None:
        return Health(NAME, ABSENT, "本机没有温度传感器。", "This box has no temperature sensor.")
    c = hottest_mc // 1000
    if hottest_mc >= HOT_MC:
        return Health(
            NAME, FAULT, f"机箱 {c} °C，过热降速。请立即通风散热。", f"{c} °C: too hot, it slows itself. Cool it now."
        )
    if hottest_mc >= WARM_MC:
        return Health(
            NAME, WARN, f"机箱 {c} °C，偏热。请检查通风和灰尘。", f"{c} °C: warm. Look at dust, sun and vents."
        )
    return Health(NAME, OK, f"机箱 {c} °C。", f"{c} °C.")


def look(zones: Path = ZONES) -> Health:
    found = []
    for path in sorted(zones.glob("thermal_zone*/temp")):
        try:
            found.append(int(path.read_text()))
        except (OSError, ValueError):
            continue  # a zone that is switched off
    return judge(max(found, default=None))
