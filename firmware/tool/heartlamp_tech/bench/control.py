"""The bench's fingers for another process: JSON lines on a socket of its owner's."""

import contextlib
import json
import os
import socketserver
import threading
from pathlib import Path
from time import sleep
from typing import Self

from heartlamp_tech.bench.board import BenchBoard

FINGER_S = 0.1  # how long a finger stays on a key, and away from it: sooner again would be a key that bounces


class Control:
    """{"port": a board's, "do": "press"|"move"|"boot"|"reset", "pin", "level"} -> {} or {"error"}."""

    def __init__(self, path: Path, boards: list[BenchBoard]) -> None:
        self._boards = {str(board.port): board for board in boards}
        boards_of = self._do

        class Line(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    self.wfile.write(json.dumps(boards_of(json.loads(line))).encode() + b"\n")

        path.unlink(missing_ok=True)
        self._path = path
        self._server = socketserver.ThreadingUnixStreamServer(str(path), Line)
        self._server.daemon_threads = True
        os.chmod(path, 0o600)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _do(self, said: dict[str, object]) -> dict[str, str]:
        board = self._boards.get(str(said.get("port")))
        if board is None:
            return {"error": f"the bench has no board at {said.get('port')}"}
        match said.get("do"):
            case "press":
                board.move(str(said["pin"]), 1)
                sleep(FINGER_S)  # a finger: this duration is the input itself
                board.move(str(said["pin"]), 0)
                sleep(FINGER_S)
            case "move":
                board.move(str(said["pin"]), int(str(said["level"])))
            case "boot":
                board.boot_held = bool(said.get("level"))
            case "reset":
                board.power_on()
            case other:
                return {"error": f"the bench cannot {other}"}
        return {}
