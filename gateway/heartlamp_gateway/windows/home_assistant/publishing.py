"""Keeps the broker's retained messages as they should be: what is wanted, what is there, the difference.

At each connection it first reads what is retained, so that the entities of a device that left while we were away vanish
too, and nothing is said twice.
"""

import json
import threading
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import paho.mqtt.client as mqtt
from heartlamp_protocol.registry import Registry
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from heartlamp_gateway.config import Broker
from heartlamp_gateway.county.tls import pinned_context
from heartlamp_gateway.say import log
from heartlamp_gateway.windows.eye import Eye
from heartlamp_gateway.windows.home_assistant import entities
from heartlamp_gateway.windows.home_assistant.users import DISCOVERY, PUBLISHER, STATES
from heartlamp_gateway.windows.readings import LastReadings
from heartlamp_gateway.windows.settings import HomeAssistant
from heartlamp_gateway.windows.view import Call, View

LOOK_S = 1.0
AGAIN_S = 30.0
AT_ONCE = 400  # messages between two looks, so that a village of 300 does not flood the broker that alarms use


class Publishing:
    """`password`: of our own user, at our own broker; `pause(seconds)`: waits, True when we stop. `run` never ends the
    gateway: what goes wrong is said, and tried again."""

    def __init__(
        self,
        gateway: str,
        settings: HomeAssistant,
        door: Broker,
        password: str,
        eye: Eye,
        last: LastReadings,
        registry: Callable[[], Registry],
        pause: Callable[[float], bool],
    ) -> None:
        self._gateway, self._settings, self._door, self._password = gateway, settings, door, password
        self._eye, self._last, self._registry, self._pause = eye, last, registry, pause
        self._there: dict[str, bytes] = {}  # retained at the broker, as far as we know
        self._before: dict[
            str, dict[str, Any]
        ] = {}  # device -> its state of before our start: a button sleeps for hours
        self._learnt = threading.Event()
        self._marker = -1
        self._configs: tuple[object, dict[str, bytes]] = (None, {})
        self._states: dict[str, tuple[object, bytes]] = {}

    def run(self) -> None:
        while True:
            try:
                if self._keep():
                    return
            except Exception as wrong:  # a window must never end the gateway
                log.error("Home Assistant: %s: %s; tried again", type(wrong).__name__, wrong)
            if self._pause(AGAIN_S):
                return

    def _keep(self) -> bool:
        """True: we stop, or everything is taken back as was asked."""
        client = self._client()
        client.loop_start()
        try:
            silent = False
            while not self._pause(LOOK_S):
                if not self._learnt.is_set():
                    if not client.is_connected() and not silent:
                        log.info("Home Assistant: no session with its broker yet")
                        silent = True
                    continue
                want = self._wanted(self._eye.look()) if self._settings.on else {}
                said = self._say(client, want)
                if not self._settings.on and not said:
                    log.info("Home Assistant: it is switched off, nothing of ours is left at its broker")
                    return True
            client.publish(entities.online_topic(self._gateway), "offline", 1, retain=True).wait_for_publish(2.0)
            return True
        finally:
            client.disconnect()
            client.loop_stop()

    def _say(self, client: mqtt.Client, want: Mapping[str, bytes]) -> int:
        """What is not as it should be, states before the discovery that names them; returns how many. The rest of a
        great many has its turn at the next look."""
        wrong = [(t, b"") for t in self._there.keys() - want.keys()]
        wrong += [(t, p) for t, p in want.items() if self._there.get(t) != p]
        for topic, payload in wrong[:AT_ONCE]:
            if client.publish(topic, payload, 1, retain=True).rc != mqtt.MQTT_ERR_SUCCESS:
                break
            if payload:
                self._there[topic] = payload
            else:
                self._there.pop(topic, None)
        return len(wrong)

    def _wanted(self, view: View) -> dict[str, bytes]:
        values, gateway = self._last.all(), self._gateway
        want = {entities.state_topic(gateway, "gateway"): entities.gateway_state(view)}
        kept: dict[str, tuple[object, bytes]] = {}
        at_site: dict[str, list[Call]] = {}
        for call in view.calls:
            at_site.setdefault(call.site, []).append(call)
        for seen in view.devices:
            # Made anew only where something differs: 300 devices a second would be felt.
            near = tuple(at_site.get(seen.site, ()))
            said, before = values.get(seen.id, {}), self._before.get(seen.id, {})
            key = (seen, near, said, before)
            old = self._states.get(seen.id)
            made = old[1] if old and old[0] == key else entities.device_state(seen, near, said, before)
            kept[seen.id] = (key, made)
            want[entities.state_topic(gateway, seen.id)] = made
        self._states = kept
        return want | self._discovery(view)

    def _discovery(self, view: View) -> dict[str, bytes]:
        registry = self._registry()
        if self._configs[0] is not registry:
            language, ours = self._settings.language, version("heartlamp-gateway")
            gateway, village = self._gateway, view.box.village
            configs = {entities.config_topic(gateway, ""): entities.gateway_config(gateway, village, language, ours)}
            for seen in view.devices:
                made = entities.device_config(gateway, seen, language, ours)
                configs[entities.config_topic(gateway, seen.id)] = made
            self._configs = (registry, configs)
        return self._configs[1]

    # --- the session

    def _client(self) -> mqtt.Client:
        other, door = self._settings.other, self._door
        local = other is None and door.socket is not None
        user, password = (other.user, self._settings.password) if other else (PUBLISHER, self._password)
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"heartlamp-{self._gateway}" if other else PUBLISHER,
            transport="unix" if local else "tcp",
        )
        client.username_pw_set(user, password)
        if self._settings.on:
            client.will_set(entities.online_topic(self._gateway), "offline", 1, retain=True)
        client.reconnect_delay_set(1, 60)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        self._learnt.clear()
        if other is not None:
            if other.ca is not None:
                client.tls_set_context(pinned_context(other.ca))
            client.connect_async(other.host, other.port)
        elif local:
            client.connect_async(str(door.socket))
        else:
            client.tls_set_context(pinned_context(door.ca))
            client.connect_async(door.host, door.port)
        return client

    def _on_connect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._learnt.clear()
        if reason.is_failure:
            log.error("Home Assistant: its broker refuses us: %s", reason)
            return
        self._there = {}
        client.subscribe([(f"{DISCOVERY}/device/+/config", 0), (f"{STATES}/{self._gateway}/#", 0)])
        # Its acknowledgement comes after everything that is retained.
        word = "online" if self._settings.on else ""
        self._marker = client.publish(entities.online_topic(self._gateway), word, 1, retain=True).mid

    def _on_message(self, client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        topic, payload = message.topic, bytes(message.payload)
        if not message.retain or not payload or topic == entities.online_topic(self._gateway):
            return
        if not entities.is_ours(self._gateway, topic):
            return
        self._there[topic] = payload
        device = entities.of_state_topic(self._gateway, topic)
        if device and device not in self._before:
            try:
                fields = json.loads(payload)
            except ValueError:
                return
            if isinstance(fields, dict):
                self._before[device] = fields

    def _on_publish(self, client: mqtt.Client, _: object, mid: int, reason: ReasonCode, properties: object) -> None:
        if mid == self._marker and not self._learnt.is_set():
            client.unsubscribe([f"{DISCOVERY}/device/+/config", f"{STATES}/{self._gateway}/#"])
            self._learnt.set()
            log.info("Home Assistant: session with its broker, %d messages of ours were there", len(self._there))

    def _on_disconnect(
        self, client: mqtt.Client, _: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self._learnt.clear()
