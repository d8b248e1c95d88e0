"""So that a village does not speak in one breath."""


def jittered(ms: int, random16: int) -> int:
    """From 90 to 100 % of `ms`. random16: 0..65535."""
    tenth = ms // 10
    return ms - tenth + tenth * random16 // 65536
