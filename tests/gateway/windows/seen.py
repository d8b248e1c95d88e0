"""A village whose gateway has windows, and a visitor who looks through them."""

import contextlib
import http.client
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.gateway.rig.village import Rig
from tests.gateway.rig.waiting import until
from tests.ports import free_port

CODE = "84613305"


class Village(Rig):
    """`more`: further tables of gateway.toml."""

    def __init__(self, folder: Path, more: str = "", code: str = CODE) -> None:
        self.code = code
        self.office_port = free_port()
        self.more = more
        super().__init__(folder)

    def _write_config(self) -> None:
        super()._write_config()
        table = f'[http]\nhost = "127.0.0.1"\nport = {self.office_port}\ncode = "{self.code}"\n'
        with self.config.open("a", encoding="utf-8") as file:
            file.write(f"\n{table}\n{self.more}")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.office_port}"

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.office_port, timeout=8)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def get(self, path: str) -> Any:
        """The document at this address, by the access code."""
        status, _, body = self.ask(path, Authorization=f"Bearer {CODE}")
        assert status == 200, (path, status, body)
        return json.loads(body)

    def incidents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/v1/incidents")["incidents"]
        return found

    def incident(self, id: str, **fields: object) -> dict[str, Any]:
        """Waits until it is shown so."""

        def find() -> dict[str, Any] | None:
            for one in self.incidents():
                if one["id"] == id and all(one[name] == value for name, value in fields.items()):
                    return one
            return None

        return until(f"incident {id} {fields}", find)

    def metrics(self) -> dict[str, float]:
        status, _, body = self.ask("/metrics", Authorization=f"Bearer {CODE}")
        assert status == 200
        lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    @contextlib.contextmanager
    def live(self) -> Iterator[Iterator[tuple[str, Any]]]:
        """(event, document) as they come."""
        connection = http.client.HTTPConnection("127.0.0.1", self.office_port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/api/v1/live", headers={"Authorization": f"Bearer {CODE}"})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()

            def events() -> Iterator[tuple[str, Any]]:
                name = ""
                for line in answer:
                    if line.startswith(b"event: "):
                        name = line[7:].strip().decode()
                    elif line.startswith(b"data: "):
                        yield name, json.loads(line[6:])

            yield events()


@contextlib.contextmanager
def village(more: str = "", code: str = CODE) -> Iterator[Village]:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder:
        made = Village(Path(folder), more, code)
        try:
            made.start()
            made.gateway.says("the office's page is at")
            yield made
        finally:
            made.close()
            print((made.folder / "gateway.log").read_text())
