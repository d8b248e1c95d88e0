"""The cable between a village and the county: a TCP relay that can be cut, or lie dead. Bytes are passed on unread."""

import socket
import threading

from tests.lane import Lane


class Uplink:
    """Listens on a free loopback port (`port`) and connects to `county` (host, port) for each caller."""

    def __init__(self, county: tuple[str, int]) -> None:
        self._county = county
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._lanes: tuple[Lane, Lane] | None = None
        self.up = True

    def start(self) -> None:
        threading.Thread(target=self._accept, name=f"uplink-{self.port}", daemon=True).start()

    def cut(self) -> None:
        """Every connection ends now, and new ones are refused until `mend`."""
        with self._lock:
            self.up = False
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            for end in pair:
                _end(end)

    def mend(self) -> None:
        self.up = True
        self._flows.set()

    def lead_to(self, county: tuple[str, int]) -> None:
        """New connections go there from now on: the county came back elsewhere."""
        self._county = county

    def thin(self, bits_per_s: float, there_and_back_s: float) -> None:
        """New connections are so from now on: up as wide as said, down four times that."""
        self._lanes = (Lane(bits_per_s, there_and_back_s / 2), Lane(4 * bits_per_s, there_and_back_s / 2))

    def freeze(self) -> None:
        """Nothing passes any more and nobody is told: every connection stays, new ones too, until `mend`."""
        self._flows.clear()

    def stop(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            try:
                if not self.up:
                    raise ConnectionRefusedError
                county = socket.create_connection(self._county, timeout=5)
            except OSError:
                _end(caller)
                continue
            for end in (caller, county):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                end.settimeout(None)
            pair = (caller, county)
            with self._lock:
                self._pairs.add(pair)
            lanes = self._lanes or (None, None)
            for (source, sink), lane in zip((pair, pair[::-1]), lanes, strict=True):
                threading.Thread(target=self._relay, args=(source, sink, pair, lane), daemon=True).start()

    def _relay(
        self,
        source: socket.socket,
        sink: socket.socket,
        pair: tuple[socket.socket, socket.socket],
        lane: Lane | None,
    ) -> None:
        try:
            if lane:
                lane.carry(source, sink)
            while data := source.recv(65536):
                self._flows.wait()
                sink.sendall(data)
        except OSError:
            pass
        with self._lock:
            self._pairs.discard(pair)
        for end in pair:
            _end(end)


def _end(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
