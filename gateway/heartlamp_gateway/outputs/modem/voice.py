"""The telephone call: rings, says what it is where the modem has a sound card, and hears one key."""

import time
from collections.abc import Callable
from pathlib import Path

from heartlamp_gateway.outputs.adapter import Order, Report
from heartlamp_gateway.outputs.modem import call as rule
from heartlamp_gateway.outputs.modem import speech, trouble
from heartlamp_gateway.outputs.modem.bus import CALL_S, Bus, BusError, Reply, Signal
from heartlamp_gateway.outputs.modem.config import ModemConfig
from heartlamp_gateway.outputs.modem.names import CALL, MODEM, OBJECT_MANAGER, SERVICE, VOICE
from heartlamp_gateway.outputs.modem.numbers import dialled
from heartlamp_gateway.outputs.modem.ready import ENABLE_S, Unable, find, in_words, ready
from heartlamp_gateway.outputs.modem.trouble import Modem
from heartlamp_gateway.outputs.modem.turn import Turn
from heartlamp_gateway.say import log

LOOK_S = 0.25  # how late it may notice that a call is not wanted any more, or that its time is over
AROUND_S = ENABLE_S + 4 * CALL_S  # before it rings, and to hang up: each a D-Bus call with a limit of its own


class Voice:
    """outputs.adapter.Adapter. `turn`: shared with the Inbox, which ends calls that nobody owns. `rings_on(order)`:
    asked often while it rings, never blocks: what is not wanted any more is hung up; who has taken it is heard out.
    `say(order)`: the WAV files of one round; `player`: the command that plays them, given their names. Both are the
    configuration's unless others are given."""

    channel = "voice"
    at_once = False

    def __init__(
        self,
        config: ModemConfig,
        turn: Turn,
        rings_on: Callable[[Order], bool] = lambda order: True,
        say: Callable[[Order], list[Path]] | None = None,
        player: tuple[str, ...] | None = None,
    ) -> None:
        self.deadline_s = config.ring_s + config.answer_s + AROUND_S
        self._config, self._turn, self._rings_on = config, turn, rings_on
        audio = config.audio
        self._say = say or (speech.recorded(audio.prompts) if audio else lambda order: [])
        self._player = player or (speech.player_of(audio.device) if audio else ())
        self._barred = ""

    def perform(self, order: Order, report: Callable[[Report], None]) -> Report:
        if order.what == "silent":
            return Report("failed", trouble.SILENT)
        until = time.monotonic() + self.deadline_s - 2 * CALL_S
        try:
            with self._turn.taking(self.deadline_s - AROUND_S) as ours:
                if not ours:
                    return Report("failed", rule.TOO_LONG)
                return self._called(order, report, until)
        except (Unable, BusError, OSError) as wrong:
            words = in_words(wrong)
            self._barred = words if trouble.is_barred(words) else self._barred
            return Report("failed", words)
        except ValueError as wrong:
            return Report("failed", str(wrong))

    def health(self) -> str:
        try:
            with Bus(self._config.bus) as bus:
                modem = find(bus, self._config.imei)
                wrong = trouble.of_modem(modem, self._config.imei, VOICE)
                if modem is None or wrong:
                    return wrong
                # a call that is created and not started touches no network
                (path,) = bus.call(modem.path, VOICE, "CreateCall", "a{sv}", {"number": ("s", "000")})
                bus.call(modem.path, VOICE, "DeleteCall", "o", path)
        except (BusError, OSError) as failed:
            return in_words(failed)
        audio = self._config.audio
        return self._barred or (speech.fault(self._player, audio.prompts) if audio else "")

    def _called(self, order: Order, report: Callable[[Report], None], until: float) -> Report:
        number = dialled(order.address)
        with Bus(self._config.bus) as bus:
            modem = ready(bus, self._config.imei, VOICE)
            for left in bus.call(modem.path, VOICE, "ListCalls")[0]:
                end_call(bus, modem.path, left)  # of a gateway that was killed: it rings on without us
            bus.listen()
            (path,) = bus.call(modem.path, VOICE, "CreateCall", "a{sv}", {"number": ("s", number)})
            speaking = speech.Speaking(self._player, self._say(order) if self._player else [])
            try:
                ended = self._follow(bus, modem, path, order, speaking, report, until)
            finally:
                speaking.stop()
                end_call(bus, modem.path, path)
        if trouble.is_barred(ended.why):
            self._barred = ended.why
        elif ended.state != "failed":
            self._barred = ""
        return ended

    def _follow(
        self,
        bus: Bus,
        modem: Modem,
        path: str,
        order: Order,
        speaking: speech.Speaking,
        report: Callable[[Report], None],
        until: float,
    ) -> Report:
        start = bus.send(path, CALL, "Start")  # its answer may come long after it rings
        call = rule.begun(time.monotonic(), self._config.ring_s, self._config.answer_s, until)
        speaks = False
        while True:
            came = bus.next(LOOK_S)
            now = time.monotonic()
            if call.answered is None and not self._rings_on(order):
                return Report("failed", rule.UNWANTED)
            if came is not None and (gone := _gone(came, modem.path)):
                return Report("failed", gone)
            step = _step(call, came, start, path, now)
            call, speaks = step.call, speaks or step.speak
            for said in step.reports:
                report(said)
            ended = step.end or rule.at(call, now).end
            if ended:
                return ended
            if speaks:
                speaking.go_on()


def end_call(bus: Bus, modem: str, path: str) -> None:
    """Hung up and forgotten, whatever it was; a modem that does not let us is told of in the log."""
    for where, interface, member, args in (
        (path, CALL, "Hangup", ()),
        (modem, VOICE, "DeleteCall", ("o", path)),
    ):
        try:
            bus.call(where, interface, member, *args)
        except BusError:
            pass  # it was over already
        except OSError as wrong:
            log.error("voice: a call could not be hung up (%s); it is ended when the modem is back", wrong)
            return


def _step(call: rule.Call, came: Signal | Reply | None, start: int, path: str, now: float) -> rule.Next:
    if isinstance(came, Reply):
        if came.serial != start:
            return rule.Next(call)
        return rule.started(call, (came.error.name, came.error.text) if came.error else None, now)
    if came is None or came.path != path or came.interface != CALL:
        return rule.Next(call)
    if came.member == "StateChanged":
        _, new, reason = came.body
        return rule.changed(call, new, reason, now)
    if came.member == "DtmfReceived":
        return rule.key(call, came.body[0], now)
    return rule.Next(call)


def _gone(came: Signal | Reply, modem: str) -> str:
    """Why nothing more can be heard of this call; "" it goes on."""
    if isinstance(came, Reply):
        return ""
    if came.interface == OBJECT_MANAGER and came.member == "InterfacesRemoved":
        path, interfaces = came.body
        return trouble.VANISHED if path == modem and MODEM in interfaces else ""
    if came.member == "NameOwnerChanged" and came.body[0] == SERVICE:
        return trouble.LEFT
    return ""
