"""Keeps the broker's certificate and the token fresh while the gateway runs. A thread of its own, mostly asleep."""

import os
import ssl
import time
from collections.abc import Callable
from pathlib import Path

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.join import Certificate, NewToken, Renewal

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.config import Config
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.county.line import AWAY, Line, Reply
from heartlamp_gateway.install import openssl
from heartlamp_gateway.rules.papers import is_due
from heartlamp_gateway.say import log

FIRST_S, LOOK_S = 1.0, 30.0
DAY_MS = 24 * 3600 * 1000


def wanted_token(config: Config) -> Path:
    """A token in this file takes the place of the one in force: of a restored backup, whose first box may live yet."""
    return config.token_file.with_name(config.token_file.name + ".new")


class Papers:
    """`reload`: tells the broker, True where one runs; `pause(seconds)`: waits, True when we stop."""

    def __init__(
        self,
        config: Config,
        line: Line,
        contact: Contact,
        reload: Callable[[], bool],
        pause: Callable[[float], bool],
    ) -> None:
        self._config, self._line, self._contact = config, line, contact
        self._reload, self._pause = reload, pause

    def run(self) -> None:
        looked: int | None = None
        while not self._pause(FIRST_S if looked is None else LOOK_S):
            if not self._contact and not wanted_token(self._config).exists():
                continue
            try:
                self._token()
                if looked is None or boottime() - looked > DAY_MS:
                    self._certificate()
                    looked = boottime()
            except (*AWAY, FrameError) as wrong:  # of openssl and the disk too
                log.error("papers: %s; what is in force stays, tried again", wrong or type(wrong).__name__)
                looked = boottime()  # a new token again in half a minute, the rest in a day
            finally:
                self._line.close()
        self._line.close()

    def _token(self) -> None:
        wanted = wanted_token(self._config)
        if not wanted.exists():
            return
        token = wanted.read_text(encoding="ascii", errors="replace").strip()
        reply = self._line.post("/gateway/v1/token", NewToken(token).to_json())
        if reply.status == 401:
            # Asked before a power cut, and granted: then the new one is in force. If not, both are refused.
            log.warning("papers: the token of before is refused, the new one is taken now")
        elif reply.status != 200:
            log.error("papers: the county gives no new token: %s", _text(reply))
            return
        self._line.close()
        wanted.rename(self._config.token_file)
        log.info("papers: a new token is in force; a box that still has the one before is refused by the county")

    def _certificate(self) -> None:
        door = self._config.broker
        begins, ends = openssl.dates(door.cert)
        if not is_due(begins, ends, time.time()):
            return
        asked = Renewal(door.host, openssl.request(door.key, self._config.id))
        reply = self._line.post("/gateway/v1/certificate", asked.to_json())
        if reply.status != 200:
            log.error("papers: the county gives no new certificate for the broker: %s", _text(reply))
            return
        self._take(Certificate.from_json(reply.body).certificate)

    def _take(self, certificate: str) -> None:
        """Only what the broker can use: with a certificate that is not of its key it would not start again."""
        door = self._config.broker
        beside = door.cert.with_name(door.cert.name + ".new")
        write_atomically(beside, certificate)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(beside, door.key)
        except ssl.SSLError as wrong:
            raise FrameError(f"the county's new certificate is not of our key: {wrong}") from None
        if not openssl.is_signed_by(beside, door.ca):
            raise FrameError("the county's new certificate is not signed by its CA")
        os.replace(beside, door.cert)
        running = self._reload()
        log.info("papers: the broker has a new certificate%s", "" if running else "; it runs not, and will read it")


def _text(reply: Reply) -> str:
    return f"{reply.status}: {reply.body[:300].decode('utf-8', 'replace')}"
