"""How a colour of the LEDs looks to eyes that lack one kind of cone."""

from collections.abc import Iterator

from heartlamp.rules.glow import rgb

Triple = tuple[float, float, float]

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE TVCG 15(6)
# 2009, doi:10.1109/TVCG.2009.113, severity 1.0, for linear light. The LEDs' red, green and blue stand in for sRGB's.
EYES: dict[str, tuple[Triple, Triple, Triple]] = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}


def apart(one: str, other: str, eye: str) -> float:
    """Distance of two LED colours in OKLab (Ottosson 2020); 0.02 is just seen."""
    a, b = (oklab(look(color, eye)) for color in (one, other))
    return float(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5)


def look(color: str, eye: str) -> Triple:
    """Linear light, 0 to 1 each."""
    drive = [part / 255 for part in rgb(color)]
    seen = (sum(m * d for m, d in zip(row, drive, strict=True)) for row in EYES[eye])
    red, green, blue = (min(1.0, max(0.0, part)) for part in seen)
    return red, green, blue


def oklab(light: Triple) -> Triple:
    to_cones = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    to_lab = (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
    cones = [cone ** (1 / 3) for cone in _times(to_cones, light)]
    lightness, a, b = _times(to_lab, cones)
    return lightness, a, b


def _times(matrix: tuple[Triple, Triple, Triple], vector: "Triple | list[float]") -> Iterator[float]:
    return (sum(m * v for m, v in zip(row, vector, strict=True)) for row in matrix)
