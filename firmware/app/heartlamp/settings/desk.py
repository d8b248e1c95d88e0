"""The serial line's other end: asks the rules, does what they say, answers. It never raises."""

import gc

from heartlamp_protocol.device.names import owner_of

from heartlamp.settings import serial
from heartlamp.settings.serial import Refused, View


class Desk:
    """`hal`: the board; `store`: of the settings; `outbox`: of the events. `config`: takes new settings at
    once, None as long as nothing runs with any. `changed()`: called instead of a restart until then."""

    def __init__(self, hal, store, outbox) -> None:
        self._hal = hal
        self._store = store
        self._outbox = outbox
        self._device = None
        self.config = None
        self.changed = None

    def run(self, device) -> None:
        """From now on the answers are about this device."""
        self._device = device
        self._outbox = device.outbox
        device.desk = self

    def take(self, said: object) -> None:
        """One line of the serial port: its text, or the object in it."""
        answer, restart = self.handle(said)
        self._hal.serial(answer)
        if restart and self.changed is not None:
            self.changed()
        elif restart:
            self._hal.trace("restart", why="settings")
            self._hal.reset()

    def handle(self, said: object) -> "tuple[dict, bool]":
        """(the answer, whether the device must start again)."""
        request = {}
        try:
            request = serial.read_line(said)
            answer, effects = serial.answer(request, self._view())
            restart = ("restart",) in effects
            for effect in effects:
                if effect[0] == "save":
                    answer.update(self._save(effect[1], restart))
                elif effect[0] == "wipe":
                    for record in list(self._outbox.records):
                        self._outbox.remove(record)
                elif effect[0] == "test":
                    answer["parts"] = self._test()
            if restart:
                answer["restart"] = 1
            return answer, restart
        except Refused as refused:
            return serial.refusal(request, refused), False
        except MemoryError:
            return serial.refusal(request, Refused("this device has not the memory for that", "send less")), False

    def reset(self, why: str) -> None:
        """The settings go, the events stay."""
        self._hal.trace("reset", why=why)
        try:
            self._store.save(None)
        except OSError:
            self._hal.trace("reset", failed=1)
        self._hal.reset()

    def _view(self) -> View:
        held = {}
        for record in self._outbox.records:
            held[owner_of(record.id)] = held.get(owner_of(record.id), 0) + 1
        store = self._store
        values, refused = [], ""
        if self._device is not None:
            values = self._device.health(self._hal.clock(), gc.mem_free())
            refused = getattr(self._device, "update_refused", "")
        return View(
            store.fields, store.why, store.left_out, self._hal.about(), held, list(self._hal.log.lines), values, refused
        )

    def _save(self, fields: "dict | None", restart: bool) -> dict:
        """A consent that is withdrawn counts at once, whatever the flash says."""
        if self.config is not None and not (fields and fields.get("consent")):
            self.config.take(dict(self.config.fields, consent=0))
        try:
            failed = self._store.save(fields)
        except ValueError as error:
            raise Refused(str(error), "send less; nothing was changed", field="settings")
        except OSError as error:
            raise Refused(str(error), "send it again; if that does not help, this board's flash is broken")
        if self.config is not None and not restart:
            self.config.take(self._store.fields)
        return {"unwritten": failed} if failed else {}

    def _test(self) -> "list[dict]":
        """Each part that can tests itself: (1 or 0, what it found)."""
        found = [{"part": "settings", "ok": int(self._store.agree()), "found": "copies that agree"}]
        for part in self._device.parts if self._device is not None else ():
            test = getattr(part, "self_test", None)
            if test is not None:
                ok, what = test()
                found.append({"part": type(part).__module__.split(".")[-1], "ok": ok, "found": what})
        return found
