"""A cable between two of the rig's parts: a TCP relay that stops carrying, in one direction or both, and tells nobody.

What is half-open looks so from either end: no octet comes, none is refused, no FIN and no RST. New connections are
accepted and treated the same. `heal` mends the cable for new connections; those of before stay dead, as after a NAT box
has forgotten them.
"""

import socket
import threading
from dataclasses import dataclass, field

UP, DOWN = "up", "down"
BOTH = frozenset((UP, DOWN))


@dataclass
class _Flow:
    """One connection. `dead`: directions that were cut while it was there."""

    dead: frozenset[str] = frozenset()
    ends: list[socket.socket] = field(default_factory=list)


class Cable:
    """Listens on `port` of the loopback and leads to `to`."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._flows: list[_Flow] = []
        self._cut: frozenset[str] = frozenset()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, directions: frozenset[str] = BOTH) -> None:
        """UP: from who connects. What is under way is lost, too."""
        with self._lock:
            self._cut = directions
            for flow in self._flows:
                flow.dead |= directions

    def heal(self) -> None:
        with self._lock:
            self._cut = frozenset()

    def close(self) -> None:
        self._listener.close()
        with self._lock:
            ends = [end for flow in self._flows for end in flow.ends]
        for end in ends:
            _end(end)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            try:
                called = socket.create_connection(("127.0.0.1", self._to), timeout=5)
            except OSError:
                _end(caller)
                continue
            with self._lock:
                flow = _Flow(self._cut, [caller, called])
                self._flows.append(flow)
            for source, sink, direction in ((caller, called, UP), (called, caller, DOWN)):
                for end in (source, sink):
                    end.settimeout(None)
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(flow, direction, source, sink), daemon=True).start()

    def _carry(self, flow: _Flow, direction: str, source: socket.socket, sink: socket.socket) -> None:
        try:
            while True:
                data = source.recv(65_536)
                if direction in flow.dead:
                    if not data:
                        return  # its end, too, is a word that does not get through
                    continue
                if not data:
                    break
                sink.sendall(data)
        except OSError:
            pass
        if not flow.dead:
            for end in flow.ends:
                _end(end)


def _end(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
