"""One connection to the village's Mosquitto: paho for the protocol, this file for the waiting.

The loop is our own for two reasons. All messages that have arrived share one commit, and `heard` is written to the
socket by the thread that committed, without a hand-off. A mutex guards paho: other threads publish directly too.
"""

import os
import select
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.config import Broker
from heartlamp_gateway.county.tls import pinned_context
from heartlamp_gateway.say import log

GROUP_MAX = 200  # messages that share a commit
KEEPALIVE_S = 10
AGAIN_S = (0.05, 0.1, 0.2, 0.4)  # the broker is on this machine: a short knock costs nothing

Receive = Callable[[Sequence[tuple[str, bytes]]], None]


@dataclass(frozen=True, slots=True)
class Login:
    """`topics` are subscribed at `qos`. At QoS 1 a message is acknowledged after `receive` returned."""

    user: str
    password: str
    topics: tuple[str, ...]
    qos: int


class Link:
    def __init__(
        self,
        door: Broker,
        login: Login,
        receive: Receive,
        up: Callable[[], None],
        down: Callable[[], None],
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._door, self._login, self._receive, self._up, self._down = door, login, receive, up, down
        self._alive = alive
        self.since: int | None = None
        """BOOTTIME ms since which our session is up; None: it is not."""
        self._mutex = threading.Lock()
        self._client: mqtt.Client | None = None
        self._ready = False
        self._inbox: list[mqtt.MQTTMessage] = []
        self._wake = -1
        self._stopping = False

    @property
    def is_up(self) -> bool:
        return self._ready

    def say(self, name: str, payload: bytes, qos: int = 1) -> bool:
        """Publishes now, from any thread. False: no session, nothing is queued; who said it says it again."""
        with self._mutex:
            if self._client is None or not self._ready:
                return False
            result = self._client.publish(name, payload, qos)
            unsent = self._client.want_write()
        if unsent:
            os.eventfd_write(self._wake, 1)
        return result.rc == mqtt.MQTT_ERR_SUCCESS

    def run(self) -> None:
        """Connects, and connects again, until `stop`."""
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        failures = 0
        while not self._stopping:
            self._alive()
            try:
                was_up = self._session()
            except (OSError, ValueError) as wrong:  # ValueError: paho on a socket that closed in between
                if failures == 0:
                    log.warning("%s: no broker: %s", self._login.user, wrong)
                was_up = False
            failures = 0 if was_up else failures + 1
            select.select([self._wake], [], [], AGAIN_S[min(failures, len(AGAIN_S) - 1)])

    def stop(self) -> None:
        self._stopping = True
        if self._wake >= 0:
            os.eventfd_write(self._wake, 1)

    def _session(self) -> bool:
        """One session from connect to its end. True: it was up."""
        client = self._connect()
        sock: Any = client.socket()
        was_up = False
        try:
            while not self._stopping:
                self._alive()
                writing: list[Any] = [sock] if client.want_write() else []
                hidden = self._door.socket is None and sock.pending()
                select.select([sock, self._wake], writing, [], 0 if hidden else 1.0)
                self._drain_wake()
                with self._mutex:
                    self._read(client)
                    client.loop_write()
                    client.loop_misc()
                    alive = client.socket() is sock
                    batch, self._inbox = self._inbox, []
                    up = self._ready and not was_up
                if up:
                    was_up, self.since = True, boottime()
                    log.info("%s: session with the broker", self._login.user)
                    self._up()
                if batch:
                    self._receive([(m.topic, bytes(m.payload)) for m in batch])
                    with self._mutex:
                        for m in batch:
                            client.ack(m.mid, m.qos)
                if not alive:
                    break
        finally:
            with self._mutex:
                self._ready, self.since = False, None
                self._client = None
            if self._stopping:
                client.disconnect()
            sock.close()
            if was_up:
                log.warning("%s: session with the broker ended", self._login.user)
                self._down()
        return was_up

    def _connect(self) -> mqtt.Client:
        local = self._door.socket is not None
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._login.user,
            transport="unix" if local else "tcp",
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.username_pw_set(self._login.user, self._login.password)
        client.max_inflight_messages_set(10_000)  # Mosquitto has its own limits; ours would only add a delay
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_open = _without_delay
        client.connect_timeout = 2.0
        if local:
            client.connect(str(self._door.socket), keepalive=KEEPALIVE_S)
        else:
            client.tls_set_context(pinned_context(self._door.ca))
            client.connect(self._door.host, self._door.port, keepalive=KEEPALIVE_S)
        self._inbox = []
        with self._mutex:
            self._client = client
        return client

    def _read(self, client: mqtt.Client) -> None:
        """All that has arrived, so that it shares one commit."""
        while True:
            before = len(self._inbox)
            client.loop_read()
            sock: Any = client.socket()
            if sock is None or len(self._inbox) >= GROUP_MAX:
                return
            if len(self._inbox) == before and not (self._door.socket is None and sock.pending()):
                return  # nothing more has arrived, neither at the socket nor inside TLS, where select() is blind

    def _drain_wake(self) -> None:
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            log.error("%s: the broker refuses us: %s; is it running with our files?", self._login.user, reason)
            return
        client.subscribe([(name, self._login.qos) for name in self._login.topics])

    def _on_subscribe(
        self, client: mqtt.Client, _: object, mid: int, reasons: list[ReasonCode], properties: object
    ) -> None:
        refused = [r for r in reasons if r.is_failure]
        if refused:
            log.error("%s: the broker refuses our subscriptions: %s", self._login.user, refused)
        self._ready = not refused

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        self._inbox.append(message)


class _Client(mqtt.Client):
    def _create_unix_socket_connection(self) -> socket.socket:
        """Paho's own waits for ever where a broker that hangs has its queue of callers full."""
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self.connect_timeout)
        try:
            sock.connect(self.host)
        except BaseException:
            sock.close()
            raise
        return sock


def _without_delay(client: mqtt.Client, _: object, sock: Any) -> None:
    """Measured: without this a QoS 1 round trip over TCP takes 44 ms (Nagle against delayed acknowledgement)."""
    if sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
