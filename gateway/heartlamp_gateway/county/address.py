"""Where the county is. A lookup hangs for up to a minute where no resolver answers, and cannot be ended: it has a
thread of its own, and an address that was good once is used while it lasts."""

import socket
import threading

from heartlamp_gateway.say import log

PATIENCE_S = 2.0


class Address:
    """Used by one thread. `host`: a name or a number."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
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
        if self._wrong and not self._said:
            more = "; we go on with the address that it had" if self._known else ""
            log.warning("the county's name cannot be looked up: %s%s", self._wrong, more)
        self._said = bool(self._wrong)
        if not self._known:
            raise OSError(f"{self._host} cannot be looked up: {self._wrong}")
        return self._known

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
