"""The device's end of the serial line. What it answers is loaded when somebody asks: most devices are never asked."""

from heartlamp import boot_state


class Desk:
    """`hal`: the board; `store`: of the settings; `outbox`: of the events. `config`: takes new settings at once, None
    as long as nothing runs with any; `device`: None until then. `changed()`: called instead of a restart until then.
    `asked_at`: ms, when somebody last spoke to it."""

    def __init__(self, hal, store, outbox) -> None:
        self.hal = hal
        self.store = store
        self.outbox = outbox
        self.config = None
        self.device = None
        self.changed = None
        self.asked_at = None

    def run(self, device) -> None:
        """From now on the answers are about this device."""
        self.device = device
        self.outbox = device.outbox
        device.desk = self

    def take(self, said: object) -> None:
        """One line of the serial port: its text, or the object in it. Never raises, but to start the device anew."""
        self.asked_at = self.hal.clock()
        answer, restart = self.handle(said)
        self.hal.serial(answer)
        if restart and self.changed is not None:
            self.changed()
        elif restart:
            self.hal.trace("restart", why="settings")
            self._restart()

    def handle(self, said: object) -> "tuple[dict, bool]":
        """(the answer, whether the device must start again)."""
        from heartlamp.settings.answers import handle

        return handle(self, said)

    def reset(self, why: str) -> None:
        """The settings go, the events stay. Never returns: the device starts anew."""
        self.hal.trace("reset", why=why)
        try:
            self.store.save(None)
        except OSError:
            self.hal.trace("reset", failed=1)
        self._restart()

    def _restart(self) -> None:
        """Somebody wants it: no crash, and the end of safe mode."""
        boot_state.settle(self.hal.nvs())
        self.hal.reset()
