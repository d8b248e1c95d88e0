"""Where the county is. A lookup hangs for up to a minute where no resolver answers, and cannot be ended: it has a
thread of its own, and an address that was good once is used while it lasts, also after a restart."""

import ipaddress
import json
import socket
import threading
from pathlib import Path

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.say import log

PATIENCE_S = 2.0
FILE = "county-address.json"


class Address:
    """Used by one thread. `host`: a name or a number; `file`: where the address of a name is kept, others may keep it
    there too."""

    def __init__(self, host: str, port: int, file: Path) -> None:
        self._host, self._port, self._file = host, port, file
        self._asking: threading.Thread | None = None
        self._known: list[tuple[str, int]] = []
        self._wrong = ""
        self._said = False

    def open(self, timeout: float) -> socket.socket:
        """A TCP connection to it; `timeout`: seconds, for each address that it has. Raises OSError."""
        wrong: OSError | None = None
        for address in self._find():
            try:
                return socket.create_connection(address, timeout)
            except OSError as refused:
                wrong = wrong or refused
        raise wrong or OSError("the county's name has no address")

    def _find(self) -> list[tuple[str, int]]:
        """(number, port), best first. Raises OSError where nothing is known."""
        if self._asking is None or not self._asking.is_alive():
            self._wrong = "no resolver answers"
            self._asking = threading.Thread(target=self._look_up, name="lookup", daemon=True)
            self._asking.start()
            self._asking.join(PATIENCE_S)
        elif not self._known:
            self._asking.join(PATIENCE_S)
        known = self._known or self._remembered()  # a lookup that comes back meanwhile is not overwritten
        if self._wrong and not self._said:
            more = "; we go on with the address that it had" if known else ""
            log.warning("the county's name cannot be looked up: %s%s", self._wrong, more)
        self._said = bool(self._wrong)
        if not known:
            raise OSError(f"{self._host} cannot be looked up: {self._wrong}")
        return known

    def _look_up(self) -> None:
        try:
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as wrong:
            self._wrong = str(wrong)
        except UnicodeError as wrong:
            self._wrong = f"no name of a host: {wrong}"
        else:
            self._known = [(str(each[4][0]), self._port) for each in found]
            self._wrong = ""
            self._remember()

    def _remembered(self) -> list[tuple[str, int]]:
        """Of this name, by whoever looked it up last; whose certificate is shown there is looked at as ever."""
        try:
            fields = json.loads(self._file.read_text(encoding="utf-8"))
            if fields["host"] == self._host:
                return [(str(ipaddress.ip_address(number)), self._port) for number in fields["numbers"]]
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return []

    def _remember(self) -> None:
        """Where what is kept is none of the present ones: a name whose addresses take turns wears out no card."""
        if _is_number(self._host) or set(self._remembered()) & set(self._known):
            return
        numbers = list(dict.fromkeys(number for number, _ in self._known))
        try:
            write_atomically(self._file, json.dumps({"host": self._host, "numbers": numbers}))
        except (OSError, ValueError) as wrong:  # a full disk: it is asked for again as long as there is a resolver
            log.debug("%s cannot be written: %s", self._file, wrong)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
