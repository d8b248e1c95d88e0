"""What every part of a device offers. All of it is optional."""


class Part:
    """`hal`: the board; `device`: what it knows. A constructor only remembers."""

    PINS = ()  # whose raw edges it wants
    TOPICS = ()  # of names.DOWN, whose messages it wants
    run = None  # or `async def run(self, alive)`, a task of its own that calls alive() at least every 10 s

    def __init__(self, hal, device) -> None:
        self.hal = hal
        self.device = device

    def check(self) -> None:
        """Once, before radio and outbox are used."""

    def start(self) -> None:
        """Once, before the tasks."""

    def edge(self, pin: str, level: int, at: int, stamp: object) -> None:
        """A raw edge of one of PINS. at: ms of the hal's clock; stamp: the same for the trace."""

    def settle(self, now: int) -> "int | None":
        """Acts on what has settled; returns when to look again."""
        return None

    def message(self, what: str, payload: bytes) -> None:
        """One of TOPICS. Raises FrameError, nothing else."""

    def pulse(self, payload: bytes) -> None:
        """The village's pulse, when it came."""

    def awake(self) -> bool:
        """Whether a battery device must not sleep yet."""
        return False

    def values(self) -> "list[tuple[str, int]]":
        """For the heartbeat; names end with their unit."""
        return []
