"""What Mosquitto reads, as text: its configuration, who may log in, and what each may touch. Pure."""

import re
from collections.abc import Sequence

from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.names import CARRIED_DOWN, DOWN, PULSE, UP, is_device_id, topic
from heartlamp_protocol.registry import Registry
from heartlamp_protocol.topics import CARRIED_UP, relay_topic

from heartlamp_gateway.config import Config
from heartlamp_gateway.rules.relay import carrying
from heartlamp_gateway.rules.untold import SILENT

ALARMS, TELEMETRY, FILES = "gateway-alarms", "gateway-telemetry", "gateway-files"  # a device's has no hyphen
DOCTOR, DOCTOR_TOPIC = "gateway-doctor", "hl/1/doctor"  # logs in only while `doctor` tries the broker
OWN = (ALARMS, TELEMETRY, FILES, DOCTOR)
_WORDS = ("event", "state", "ask", "shown")
ALARM_TOPICS = (*(f"hl/1/+/{way}{what}" for way in ("", "relay/+/") for what in _WORDS), "hl/1/+/want")
TELEMETRY_TOPICS = ("hl/1/+/reading", "hl/1/+/relay/+/reading", PULSE)  # our own pulse: does the broker pass it on?
FILE_TOPICS = ("hl/1/+/picture",)

_HASH = re.compile(r"\$7\$[0-9]{1,7}\$[A-Za-z0-9+/=]{1,64}\$[A-Za-z0-9+/=]{1,128}")


def mosquitto_conf(config: Config, run_as: str, registry: Registry) -> str:
    """`run_as`: the system user whose files these are; Mosquitto started as root becomes this one. Where the village
    has a silent button, nobody's coming and going is logged: it has a session only when it is pressed."""
    here = config.broker_dir
    door = config.broker
    lines = [
        "# Written by heartlamp-gateway; changes are lost.",
        f"user {run_as}",
        f"pid_file {here / 'mosquitto.pid'}",
        "per_listener_settings false",
        "allow_anonymous false",
        f"password_file {here / 'passwords'}",
        f"acl_file {here / 'acl'}",
        "# Nothing depends on a broker's memory: it acknowledges before it saves.",
        "persistence false",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "# A frame has 1,024 bytes at most; what is longer is evidence, what is much longer ends the connection.",
        "message_size_limit 262144",
        "max_packet_size 270000",
        "max_queued_bytes 64000000",
        "max_inflight_messages 200",
        "max_queued_messages 10000",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        "log_type notice",
        f"connection_messages {'false' if any(d.kind == SILENT for d in registry.devices) else 'true'}",
        "",
        f"listener {door.port} {door.host}",
        "use_username_as_clientid true",
        f"certfile {door.cert}",
        f"keyfile {door.key}",
        "tls_version tlsv1.2",
    ]
    if door.socket is not None:
        lines += ["", "# Ours alone, in a folder that only this user can enter.", f"listener 0 {door.socket}"]
        lines += ["use_username_as_clientid true"]
    return "\n".join(lines) + "\n"


def passwords(registry: Registry, own: dict[str, str]) -> str:
    """`own`: our own users and their hashes. A name or hash that would break the file is left out: it cannot log in."""
    users = dict(own)
    for device in registry.devices:
        users.update({user: hash for user, hash in device.users.items() if _is_good(device.id, user, hash)})
    return "".join(f"{user}:{hash}\n" for user, hash in sorted(users.items()))


def acl(registry: Registry, more: Sequence[str] = ()) -> str:
    """One device, its own topics, whatever version of its key it comes with. A lamp that carries may do so for anybody
    here: what it may not carry is judged, and kept, by the gateway. `more`: lines for users who are no devices."""
    lines = [f"user {ALARMS}"]
    lines += [f"topic read {name}" for name in ALARM_TOPICS]
    lines += [f"topic write hl/1/+/{what}" for what in DOWN]
    lines += [f"topic write hl/1/+/relay/+/{what}" for what in CARRIED_DOWN]
    lines += [f"topic write {PULSE}", "", f"user {TELEMETRY}"]
    lines += [f"topic read {name}" for name in TELEMETRY_TOPICS]
    lines += ["", f"user {FILES}", *(f"topic read {name}" for name in FILE_TOPICS)]
    lines += ["topic write hl/1/+/have", "topic write hl/1/+/piece"]
    lines += ["", f"user {DOCTOR}", f"topic readwrite {DOCTOR_TOPIC}"]
    carriers = carrying(registry)
    for device in sorted(registry.devices, key=lambda d: d.id):
        for user, hash in sorted(device.users.items()):
            if not _is_good(device.id, user, hash):
                continue
            down = DOWN if device.kind in LAMPS else tuple(what for what in DOWN if what != "lamp")
            lines += ["", f"user {user}"]
            lines += [f"topic write {topic(device.id, what)}" for what in UP]
            lines += [f"topic read {topic(device.id, what)}" for what in down]
            lines += [f"topic read {PULSE}"]
            if device.id in carriers:
                lines += [f"topic write {relay_topic(device.id, '+', what)}" for what in CARRIED_UP]
                lines += [f"topic read {relay_topic(device.id, '+', what)}" for what in CARRIED_DOWN]
    return "\n".join([*lines, *more]) + "\n"


def left_out(registry: Registry) -> list[str]:
    """Users whose name or hash is none, for the log."""
    return [u for d in registry.devices for u, h in d.users.items() if not _is_good(d.id, u, h)]


def _is_good(device: str, user: str, hash: str) -> bool:
    name, dot, version = user.partition(".")
    numbered = bool(dot) and version.isascii() and version.isdigit()
    return is_device_id(device) and name == device and numbered and _HASH.fullmatch(hash) is not None
