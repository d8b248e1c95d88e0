"""A county CA, and certificates of 127.0.0.1 made by it as the county makes them; also expired ones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from heartlamp_server.certificates import make_ca, make_server


class Authority:
    def __init__(self, folder: Path, name: str = "county") -> None:
        self._folder = folder
        self.ca, self._key = folder / f"{name}-ca.pem", folder / f"{name}-ca.key"
        make_ca(self.ca, self._key, name)

    def certificate(
        self, name: str, host: str = "127.0.0.1", days: int = 365, age: timedelta = timedelta(days=400)
    ) -> tuple[Path, Path]:
        """(certificate, key) files. `days` until it expires; negative: it has. `age`: since it began."""
        cert, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        now = datetime.now(UTC)
        make_server(self.ca, self._key, cert, key, [host], (now - age, now + timedelta(days=days)))
        return cert, key
