"""One connection to a D-Bus, used by one thread: calls that never take longer than they are given, and signals."""

import socket
import time
from collections import deque
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Any, Self

from jeepney import (  # type: ignore[import-untyped]
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    Parser,
    new_method_call,
)
from jeepney.auth import AuthenticationError  # type: ignore[import-untyped]
from jeepney.bus import get_bus  # type: ignore[import-untyped]
from jeepney.io.blocking import prep_socket  # type: ignore[import-untyped]

from heartlamp_gateway.outputs.modem.names import SERVICE

CALL_S = 5.0  # for a call that touches no network; ModemManager answers these in milliseconds
DAEMON, DAEMON_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"


class BusError(Exception):
    """The other side's no. `name`: the error's D-Bus name; `text`: what it said."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{text} ({name})")
        self.name, self.text = name, text


@dataclass(frozen=True, slots=True)
class Signal:
    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """To the call that `send` gave this number. `error`: None where it went well."""

    serial: int
    error: BusError | None
    body: tuple[Any, ...]


class Bus:
    """Use as a context. jeepney's blocking connection waits for ever for its first answer and would hold signals back
    while a call is out; so only its codec and its login are taken."""

    def __init__(self, address: str) -> None:
        """`address`: as D-Bus writes them, "unix:path=…"; "" the system's bus."""
        self._address = address
        self._parser = Parser()
        self._serials = count(1)
        self._waiting: deque[Signal | Reply] = deque()

    def __enter__(self) -> Self:
        """Raises OSError; a TimeoutError is one."""
        try:
            self._socket: socket.socket = prep_socket(get_bus(self._address or "SYSTEM"), timeout=CALL_S)
        except AuthenticationError as wrong:
            raise ConnectionError(f"the bus does not let us in: {wrong}") from None
        try:
            self.call(DAEMON_PATH, DAEMON, "Hello", to=DAEMON)
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, what: BaseException | None, at: TracebackType | None) -> None:
        self._socket.close()

    def listen(self) -> None:
        """From now on `next` gives every signal of ModemManager, and NameOwnerChanged when it comes or goes."""
        for rule in (
            f"type='signal',sender='{SERVICE}'",
            f"type='signal',sender='{DAEMON}',member='NameOwnerChanged',arg0='{SERVICE}'",
        ):
            self.call(DAEMON_PATH, DAEMON, "AddMatch", "s", rule, to=DAEMON)

    def call(
        self,
        path: str,
        interface: str,
        member: str,
        signature: str = "",
        *args: Any,
        to: str = SERVICE,
        within_s: float = CALL_S,
    ) -> tuple[Any, ...]:
        """What it answers; signals that come meanwhile are kept. Raises BusError, OSError (a TimeoutError is one)."""
        serial = self.send(path, interface, member, signature, *args, to=to)
        until = time.monotonic() + within_s
        while True:
            found = self._receive(until)
            if isinstance(found, Reply) and found.serial == serial:
                if found.error is not None:
                    raise found.error
                return found.body
            self._waiting.append(found)

    def send(self, path: str, interface: str, member: str, signature: str = "", *args: Any, to: str = SERVICE) -> int:
        """Does not wait: the answer comes from `next`, as a Reply with this number. Raises OSError."""
        serial = next(self._serials)
        where = DBusAddress(path, bus_name=to, interface=interface)
        message = new_method_call(where, member, signature or None, args)
        self._socket.settimeout(CALL_S)
        self._socket.sendall(message.serialise(serial))
        return serial

    def next(self, within_s: float) -> Signal | Reply | None:
        """None: nothing came. Raises OSError."""
        if self._waiting:
            return self._waiting.popleft()
        try:
            return self._receive(time.monotonic() + within_s)
        except TimeoutError:
            return None

    def properties(self, path: str, interface: str) -> dict[str, Any]:
        """All of an object. Raises BusError, OSError."""
        (found,) = self.call(path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface)
        return plain(found)

    def _receive(self, until: float) -> Signal | Reply:
        while True:
            while (message := self._parser.get_next_message()) is not None:
                if (found := _read(message)) is not None:
                    return found
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("no answer")
            self._socket.settimeout(left)
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("the bus has gone")
            self._parser.add_data(data)


def plain(fields: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    """An a{sv} without the signatures, also of those inside it."""
    return {k: plain(v) if signature == "a{sv}" else v for k, (signature, v) in fields.items()}


def _read(message: Message) -> Signal | Reply | None:
    fields, kind = message.header.fields, message.header.message_type
    if kind is MessageType.signal:
        return Signal(
            fields[HeaderFields.path], fields[HeaderFields.interface], fields[HeaderFields.member], message.body
        )
    if kind is MessageType.method_return:
        return Reply(fields[HeaderFields.reply_serial], None, message.body)
    if kind is MessageType.error:
        text = str(message.body[0]) if message.body else ""
        return Reply(fields[HeaderFields.reply_serial], BusError(fields[HeaderFields.error_name], text), message.body)
    return None  # a call: we serve nobody
