"""The certificate that the broker shows to devices: whether its renewal comes in time. It is read when it changes."""

import time
from pathlib import Path

from heartlamp_gateway.install import openssl
from heartlamp_gateway.rules.dates import SET_FROM
from heartlamp_gateway.rules.health import ABSENT, FAULT, OK, WARN, Health

NAME = "certificate"
SOON_S = 30 * 24 * 3600.0


def judge(ends: float, now: float) -> Health:
    """Seconds since 1970. It is asked for anew in its last third, so what is close to its end could not be had."""
    day = time.strftime("%Y-%m-%d", time.gmtime(ends))
    if now < SET_FROM:
        return Health(NAME, ABSENT, "时钟未校准，证书日期无法判断。", "The clock was never set: nobody can say.")
    if now >= ends:
        return Health(
            NAME,
            FAULT,
            f"证书 {day} 已过期：设备照常报警并上报此事。请恢复与县里的联系，会自动换新。",
            f"The certificate ended on {day}: devices go on, and report it. It is renewed once the county is there.",
        )
    if now > ends - SOON_S:
        return Health(
            NAME,
            WARN,
            f"证书 {day} 到期，还没有换新。请检查与县里的联系，会自动换新。",
            f"The certificate ends on {day} and was not renewed: look at the uplink, then it renews itself.",
        )
    return Health(NAME, OK, f"证书有效到 {day}。", f"The certificate is good until {day}.")


class Paper:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, float] | None = None  # (when the file was written, the certificate's end)

    def look(self) -> Health:
        """Raises OSError."""
        written = self._path.stat().st_mtime_ns
        if self._read is None or self._read[0] != written:
            self._read = written, openssl.dates(self._path)[1]
        return judge(self._read[1], time.time())

    @property
    def ends(self) -> float | None:
        """Seconds since 1970, as of the last look."""
        return self._read[1] if self._read else None
