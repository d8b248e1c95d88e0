"""The certificate that the broker shows to devices: whether its renewal comes in time. It is read when it changes."""

import ssl
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


def no_pair(cert: Path, key: Path) -> Health:
    return Health(
        NAME,
        FAULT,
        f"证书 {cert} 与私钥 {key} 不是一对：消息服务下次启动会失败，设备全部断开。请改正 [broker] 的 cert 和 key。",
        f"{cert} and {key} are no pair: the broker will not start again, and no device get through. Correct `cert` and "
        "`key` of [broker] now.",
    )


class Paper:
    def __init__(self, path: Path, key: Path) -> None:
        self._path, self._key = path, key
        self._read: tuple[int, int] | None = None  # when the files were written
        self._ends: float | None = None
        self._pair = True

    def look(self) -> Health:
        """Raises OSError."""
        written = self._path.stat().st_mtime_ns, self._key.stat().st_mtime_ns
        if self._ends is None or self._read != written:
            self._ends, self._pair = openssl.dates(self._path)[1], _is_pair(self._path, self._key)
            self._read = written
        return judge(self._ends, time.time()) if self._pair else no_pair(self._path, self._key)

    @property
    def ends(self) -> float | None:
        """Seconds since 1970, as of the last look."""
        return self._ends


def _is_pair(cert: Path, key: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except ssl.SSLError:
        return False
    return True
