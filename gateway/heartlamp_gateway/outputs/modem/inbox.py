"""What comes to the modem: answers by SMS, delivery reports, calls; and how much data its connections carry.

A signal only says that it is time to look; what is there is the truth. So nothing is missed that came while this box,
the bus, ModemManager or the modem were away.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import date
from typing import Any

from heartlamp_gateway.clock import boot_id
from heartlamp_gateway.outputs.modem import names
from heartlamp_gateway.outputs.modem.answers import read_answer
from heartlamp_gateway.outputs.modem.bus import DAEMON, DAEMON_PATH, Bus, BusError, Reply, Signal
from heartlamp_gateway.outputs.modem.config import ModemConfig
from heartlamp_gateway.outputs.modem.names import BEARER, MESSAGING, MODEM, OBJECT_MANAGER, SERVICE, SMS, VOICE
from heartlamp_gateway.outputs.modem.numbers import e164, masked
from heartlamp_gateway.outputs.modem.ready import find, in_words, switched_on
from heartlamp_gateway.outputs.modem.reports import Reports
from heartlamp_gateway.outputs.modem.trouble import Modem
from heartlamp_gateway.outputs.modem.turn import Turn
from heartlamp_gateway.outputs.modem.usage import Usage
from heartlamp_gateway.outputs.modem.voice import end_call
from heartlamp_gateway.say import log

LOOK_S = 60.0  # at the latest, signal or not
AGAIN_S = 5.0  # after the bus or ModemManager went away
STORE_MOST = 500  # messages; a card and a modem have room for fewer

LIVE = (names.DIALING, names.RINGING_OUT, names.ACTIVE, names.HELD)
WAKING = {
    (MESSAGING, "Added"),
    (VOICE, "CallAdded"),
    (OBJECT_MANAGER, "InterfacesAdded"),
    (OBJECT_MANAGER, "InterfacesRemoved"),
    (DAEMON, "NameOwnerChanged"),
}


class NotKept(Exception):
    """What was to be handed on was not taken; ends the thread, and with it the gateway, which then finds it again."""


class Inbox:
    """`run` in a thread of its own. `on_answer(number, answer, text)`: E.164, "coming" or "cannot", what was written;
    called from that thread; the message is deleted after it returned, so it may come twice and is never lost. What it
    raises ends the thread. `wait(seconds)`: true when the gateway stops; `today()`: the date, also a wrong one."""

    def __init__(
        self,
        config: ModemConfig,
        turn: Turn,
        reports: Reports,
        usage: Usage,
        on_answer: Callable[[str, str, str], None],
        wait: Callable[[float], bool],
        today: Callable[[], date] = date.today,
    ) -> None:
        self._config, self._turn, self._reports, self._usage = config, turn, reports, usage
        self._on_answer, self._wait, self._today = on_answer, wait, today
        self._boot, self._said = "", "not looked for yet"
        self._taken: deque[tuple[object, ...]] = deque(maxlen=STORE_MOST)

    def run(self) -> None:
        self._boot = boot_id()
        while not self._wait(0):
            try:
                with Bus(self._config.bus) as bus:
                    bus.listen()
                    self._follow(bus)
            except (BusError, OSError) as wrong:
                self._tell(in_words(wrong))
            if self._wait(AGAIN_S):
                return

    def _follow(self, bus: Bus) -> None:
        while not self._wait(0):
            self._look(bus)
            until = time.monotonic() + LOOK_S  # a modem tells of its signal's strength all the time
            while (left := until - time.monotonic()) > 0 and (came := bus.next(left)) is not None and not _wakes(came):
                pass

    def _look(self, bus: Bus) -> None:
        modem = switched_on(bus, find(bus, self._config.imei), self._config.imei)
        if modem is None:
            self._tell("no modem")
            return
        self._tell("")
        if VOICE in modem.properties:
            self._refuse_calls(bus, modem)
        if MESSAGING in modem.properties:
            for path, message in _received(bus, modem):
                try:
                    self._take(path, message)
                except NotKept:
                    raise
                except Exception:  # what nobody foresaw in one message must not keep the others from being read
                    log.exception("a message in the modem cannot be read, it stays there: %s", path)
                    continue
                _delete(bus, modem, path)
        self._count(bus, modem)

    def _take(self, path: str, message: dict[str, Any]) -> None:
        """Once, also where the modem does not let go of it: an old answer must not undo a newer one every minute."""
        name = (path, message.get("Number"), message.get("Timestamp"), message.get("Text"))
        if name in self._taken:
            return
        number, said = e164(str(message.get("Number", "")), self._config.country), str(message.get("Text", ""))
        kind, short = message.get("PduType"), " ".join(said.split())[:160]
        if kind == names.STATUS_REPORT:
            self._reports.came(int(message["MessageReference"]), number, int(message["DeliveryState"]))
        elif kind in (names.DELIVER, names.CDMA_DELIVER):
            if answer := read_answer(said):
                log.info("sms from %s: %s (%s)", masked(number), answer, short)
                self._hand_on(number, answer, said)
            else:
                log.info("sms from %s is no answer, nothing is done: %s", masked(number), short)
        self._taken.append(name)

    def _hand_on(self, number: str, answer: str, said: str) -> None:
        try:
            self._on_answer(number, answer, said)
        except Exception as wrong:
            raise NotKept("an answer was not kept; it stays in the modem until it is") from wrong

    def _refuse_calls(self, bus: Bus, modem: Modem) -> None:
        for path in bus.call(modem.path, VOICE, "ListCalls")[0]:
            try:
                call = bus.properties(path, names.CALL)
            except BusError:
                continue
            if call.get("Direction") == names.INCOMING:
                log.info("call from %s: hung up, this number only calls", masked(str(call.get("Number", ""))))
            elif self._turn.taken or call.get("State") not in LIVE:
                continue
            else:
                log.warning("a call that nobody owns is hung up: its gateway was killed")
            end_call(bus, modem.path, path)

    def _count(self, bus: Bus, modem: Modem) -> None:
        (owner,) = bus.call(DAEMON_PATH, DAEMON, "GetNameOwner", "s", SERVICE, to=DAEMON)
        readings = {}
        for path in modem.get(MODEM, "Bearers", []):
            try:
                stats = bus.properties(path, BEARER).get("Stats", {})
            except BusError:
                continue
            readings[f"{self._boot} {owner} {path}"] = _octets(stats)
        self._usage.count(readings, self._today())

    def _tell(self, wrong: str) -> None:
        """Once, not every minute."""
        if wrong != self._said:
            log.warning("modem: %s", wrong) if wrong else log.info("modem: there")
        self._said = wrong


def _received(bus: Bus, modem: Modem) -> list[tuple[str, dict[str, Any]]]:
    """Whole ones, the oldest first: of two answers of one person the later counts. ModemManager lists the newest
    first, and those from before its start in no order."""
    found = []
    for path in bus.call(modem.path, MESSAGING, "List")[0]:
        try:
            message = bus.properties(path, SMS)
        except BusError:
            continue  # deleted meanwhile: one that was being sent
        if message.get("State") == names.RECEIVED:  # else it is ours, or its other half is still to come
            found.append((path, message))
    return sorted(found, key=lambda m: (str(m[1].get("Timestamp", "")), len(m[0]), m[0]))


def _delete(bus: Bus, modem: Modem, path: str) -> None:
    try:
        bus.call(modem.path, MESSAGING, "Delete", "o", path)
    except BusError as wrong:
        log.warning("a read message cannot be deleted from the modem, whose store may fill: %s", wrong)


def _octets(stats: dict[str, Any]) -> int:
    """Since the connection was made for the first time; from modems that do not sum it up, since the last time."""
    if "total-rx-bytes" in stats:
        return int(stats["total-rx-bytes"]) + int(stats.get("total-tx-bytes", 0))
    return int(stats.get("rx-bytes", 0)) + int(stats.get("tx-bytes", 0))


def _wakes(came: Signal | Reply) -> bool:
    if isinstance(came, Reply):
        return False
    if came.member == "PropertiesChanged":
        return bool(came.body) and came.body[0] in (SMS, names.CALL)
    return (came.interface, came.member) in WAKING
