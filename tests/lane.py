"""A thin line of long ways, for the relays of the rigs: what `tc netem` would do where the kernel has it."""

import queue
import socket
import threading
import time

CHUNK = 4096  # bytes that one connection sends before another's turn
QUEUE = 16  # chunks that wait before their senders must: a router's buffer of 64 kB


class Lane:
    """One direction. All connections share it, first come first served: `bits_per_s`, and then `delay_s`."""

    def __init__(self, bits_per_s: float, delay_s: float) -> None:
        self._bits_per_s, self._delay_s = bits_per_s, delay_s
        self._waiting: queue.Queue[tuple[socket.socket, bytes, float]] = queue.Queue(QUEUE)
        self._under_way: queue.Queue[tuple[socket.socket, bytes, float]] = queue.Queue()
        for work in (self._send, self._arrive):
            threading.Thread(target=work, daemon=True).start()

    def carry(self, source: socket.socket, sink: socket.socket) -> None:
        """Until `source` ends. Raises OSError as it does."""
        while data := source.recv(CHUNK):
            self._waiting.put((sink, data, time.monotonic()))

    def _send(self) -> None:
        free = 0.0
        while True:
            sink, data, came = self._waiting.get()
            free = max(free, came) + len(data) * 8 / self._bits_per_s
            _sleep_until(free)
            self._under_way.put((sink, data, free + self._delay_s))

    def _arrive(self) -> None:
        while True:
            sink, data, due = self._under_way.get()
            _sleep_until(due)
            try:
                sink.sendall(data)
            except OSError:
                pass  # that end is gone, and whoever sent it learns it from its own


def _sleep_until(due: float) -> None:
    left = due - time.monotonic()
    if left > 0:
        time.sleep(left)
