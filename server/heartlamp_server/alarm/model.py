"""Which events are believed. Pure: what a frame says, who is known, what is stored -> a judgement."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from heartlamp_protocol.device.mac import digest16
from heartlamp_protocol.device.names import is_device_id
from heartlamp_protocol.inbound import Frame
from heartlamp_protocol.said_to_device import write_received

from heartlamp_server.device.model import Device, Keys

REMEMBERED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Stored:
    """The event that already has this id. `incident`: None while it waits for the incident that it speaks of."""

    incident: str | None
    body: bytes
    verified: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as stored. `incident` None: waits for the one it refers to; `detail`: an alarm's what, an answer's
    answer, a still's size and sum; `reminded`: gateways that brought it again, and were told that its incident is
    closed."""

    id: str
    incident: str | None
    refers_to: str
    kind: str
    detail: str
    device: str
    kv: int
    boot: str
    seq: int
    up: int
    verified: bool
    mac: str
    body: bytes
    gateway: str
    received_at: datetime
    observed_at: datetime | None
    reminded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What could not become an event, as it came. `gateway`: in whose batch."""

    gateway: str
    user: str
    verdict: str
    reason: str
    frame: bytes


NEW, AGAIN, REPLACE, CLASH, ASIDE = "new", "again", "replace", "clash", "aside"
"""What becomes of an event: stored · had it · takes the place of an unverified one · kept beside · evidence only."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`verdict`: one of uplink.VERDICTS; `fate`: one of the five above; `verified`: its MAC is the device's own."""

    verdict: str
    reason: str
    fate: str
    verified: bool = False


def verified(frame: Frame, keys: Keys | None) -> bool:
    if keys is None:
        return False
    return hmac.compare_digest(hmac.digest(keys.device, frame.body, "sha256").hex(), frame.mac)


def judge(frame: Frame, device: Device | None, stored: Stored | None, gateway: str, user: str) -> Judgement:
    """No clock and no counter takes part. A revoked device's old words stay; its new ones are shown, not believed.
    `user`: the MQTT user that brought it; another device may bring a frame that its maker signed, and no other."""
    name = frame.content.head.device
    if device is None:
        return Judgement("quarantined", f"unknown device {name}", ASIDE)
    if device.revoked:
        return Judgement("quarantined", f"device {name} was revoked", ASIDE)
    good = verified(frame, device.keys.get(frame.content.head.key_version))
    if not good and gateway not in device.gateways:
        return Judgement("quarantined", f"wrong mac for {name}, through another village's gateway", ASIDE)
    if not good and _device_of(user) not in ("", name):
        return Judgement("quarantined", f"{user} spoke in the name of {name}", ASIDE)
    return _against(frame, stored, good)


def _device_of(user: str) -> str:
    """The device that an MQTT user is; "" where the gateway did not say: no alarm is dropped for its sloppiness."""
    device, _, version = user.rpartition(".")
    return device if is_device_id(device) and version.isdigit() else ""


def _against(frame: Frame, stored: Stored | None, good: bool) -> Judgement:
    if stored is None:
        if good:
            return Judgement("received", "", NEW, True)
        return Judgement("unverified", "wrong mac", NEW)
    same = stored.body == frame.body
    if good and not stored.verified:
        return Judgement("received", "takes the place of an unverified one", REPLACE, True)
    if same:
        if stored.verified:
            return Judgement("duplicate", "", AGAIN, True)
        return Judgement("unverified", "wrong mac", AGAIN)
    return Judgement("unverified", "another body under the same id", CLASH, good)


def receipt(frame: Frame, event: str, device: Device, county_epoch: str) -> str:
    """The county's signed `received`, for exactly these bytes. Only for what the device itself signed: a receipt for
    bytes that failed the MAC could make a device forget its own."""
    head = frame.content.head
    key = device.keys[head.key_version].county
    sum16 = digest16(frame.body)
    return write_received(key, head.device, head.key_version, event, sum16, county_epoch).decode()


def observed_at(now: datetime, gateway_age: int, frame_age: int) -> datetime | None:
    """When it happened, or None where a part of its age (ms, -1 unknown) is unknown or beyond what is remembered."""
    if gateway_age < 0 or frame_age < 0 or gateway_age + frame_age > REMEMBERED.total_seconds() * 1000:
        return None
    return now - timedelta(milliseconds=gateway_age + frame_age)
