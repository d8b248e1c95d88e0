"""Who listens to what the gateway publishes for a Home Assistant, as that would: at the real broker, over TLS."""

import json
import ssl
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.gateway.rig.waiting import Board
from tests.gateway.windows.seen import Village

PASSWORD = "lamp-reader-1"
TABLE = f'[home_assistant]\non = true\npassword = "{PASSWORD}"\n'


class Home:
    """`retained`: the last message of each topic, as long as it is not empty."""

    def __init__(
        self, seen: Village, port: int = 0, topics: tuple[str, ...] = ("homeassistant/#", "hl-ha/1/#")
    ) -> None:
        self.board = Board()
        self.retained: dict[str, bytes] = {}
        self.all: list[tuple[str, bytes]] = []
        self.granted: list[Any] = []
        self._topics = topics
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="homeassistant")
        if not port:
            self._client.username_pw_set("homeassistant", PASSWORD)
            self._client.tls_set_context(ssl.create_default_context(cafile=str(seen.authority.ca)))
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port or seen.port)
        self._client.loop_start()
        self.board.wait("the subscription", lambda: self.granted)

    def config(self, device: str, seconds: float = 30.0) -> dict[str, Any]:
        return self._wait(f"homeassistant/device/heartlamp_gwliu1_{device}/config", seconds)

    def state(self, device: str, seconds: float = 30.0, **fields: object) -> dict[str, Any]:
        """Waits until its state has these fields."""
        topic = f"hl-ha/1/gwliu1/{device}/state"

        def find() -> dict[str, Any] | None:
            found = json.loads(self.retained.get(topic, b"{}"))
            return found if found and fields.items() <= found.items() else None

        return self.board.wait(f"{topic} with {fields}", find, seconds)

    def say(self, topic: str, payload: str) -> None:
        """Returns when the broker has taken it, whatever it does with it."""
        self._client.publish(topic, payload, 1, retain=True).wait_for_publish(8)

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _wait(self, topic: str, seconds: float) -> dict[str, Any]:
        return self.board.wait(topic, lambda: json.loads(self.retained.get(topic, b"{}")), seconds)

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(topic, 1) for topic in self._topics])

    def _on_subscribe(self, client: mqtt.Client, _: object, mid: int, reasons: list[Any], __: object) -> None:
        with self.board:
            self.granted = reasons

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        payload = bytes(message.payload)
        with self.board:
            self.all.append((message.topic, payload))
            if payload:
                self.retained[message.topic] = payload
            else:
                self.retained.pop(message.topic, None)
