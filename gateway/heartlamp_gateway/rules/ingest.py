"""What a frame is, before anything is done with it (docs/protocol.md §10)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import FRAME_MAX, UNKNOWN_AGE
from heartlamp_protocol.device.names import user
from heartlamp_protocol.inbound import Alarm, Answer, Cancel, Event, Reading, read_frame

EVIDENCE_MAX = 6000  # bytes of an unreadable frame that go up; base64 of it fits the wire's 8192

NEW, DUPLICATE, CLASH, KNOWN_CLASH = "new", "duplicate", "clash", "known clash"


@dataclass(frozen=True, slots=True)
class Judged:
    """`event`: what it says, None where it is none; `reading`: True for a good reading; `reason`: what is wrong
    with it, or ""; `frame`: the bytes that go up; `digest`: 32 bytes over mac and body, so that a new
    age is the same event and another mac is not; `kind`, `values`: of a good reading; `age`: ms
    since the event, -1 unknown."""

    device: str
    user: str
    frame: bytes
    digest: bytes
    event: Event | None
    reading: bool
    reason: str
    kind: str = ""
    values: Mapping[str, int] = field(default_factory=dict)
    age: int = UNKNOWN_AGE


def judge(device: str, payload: bytes, key_version: int | None) -> Judged:
    """`device`: of the topic; `key_version`: the registry's, to name the user when the frame does not say it."""
    try:
        frame = read_frame(payload)
        if frame.content.head.device != device:
            raise FrameError(f"a frame of {frame.content.head.device} on the topic of {device}")
    except FrameError as wrong:
        return unreadable(device, payload, key_version, str(wrong))
    name = user(device, frame.content.head.key_version)
    digest = hashlib.sha256(frame.mac.encode() + frame.body).digest()
    if isinstance(frame.content, Reading):
        read = frame.content
        return Judged(device, name, payload, digest, None, True, "", read.kind, read.values)
    return Judged(device, name, payload, digest, frame.content, False, "", age=frame.age)


def unreadable(device: str, payload: bytes, key_version: int | None, reason: str) -> Judged:
    """What only goes up as evidence. Arguments as of `judge`."""
    cut = payload[:EVIDENCE_MAX]
    if len(payload) > FRAME_MAX:
        reason = f"{reason}; {len(cut)} of {len(payload)} bytes go up"
    return Judged(device, bringer(device, key_version), cut, hashlib.sha256(payload).digest(), None, False, reason)


def bringer(device: str, key_version: int | None) -> str:
    """The MQTT user, as far as it is known: a subscriber does not see who published."""
    return user(device, key_version) if key_version else device


def compare(digest: bytes, history: list[bytes]) -> str:
    """`history`: digests kept under this event id, oldest first. No counter and no clock is asked."""
    if not history:
        return NEW
    if digest == history[0]:
        return DUPLICATE
    return KNOWN_CLASH if digest in history else CLASH


__all__ = ["Alarm", "Answer", "Cancel", "Judged", "compare", "judge"]
