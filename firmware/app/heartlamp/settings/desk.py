"""The device's end of the serial line. What it answers is loaded when somebody asks: most devices are never asked."""


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
        from heartlamp.settings.answers import take

        take(self, said)
