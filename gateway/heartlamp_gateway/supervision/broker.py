"""The broker: both our sessions, and whether it passes on what it is given: our own pulse must come back to us."""

from heartlamp_protocol.device.limits import PULSE_MS

from heartlamp_gateway.rules.health import FAULT, OK, Health

NAME = "broker"
LOST_MS = PULSE_MS * 5 // 2
AWAKE_MS = 10_000  # more than a new session takes


def judge(
    now: int, alarms_since: int | None, telemetry_since: int | None, pulse_at: int | None, woke: int = 0
) -> Health:
    """BOOTTIME ms. `…_since`: since when our sessions are up, None: they are not; `pulse_at`: when one came back;
    `woke`: since when we have not stood still. It is no fault of the broker's that it ended our sessions meanwhile."""
    if now - woke < AWAKE_MS:
        return Health(
            NAME, OK, "网关刚恢复运行，正在重新连接消息服务。", "The gateway has just woken: it asks the broker."
        )
    if alarms_since is None or telemetry_since is None:
        return Health(
            NAME,
            FAULT,
            "连不上消息服务（Mosquitto）：设备无法报警到村里。请检查该服务，或重启网关。",
            "No session with the broker (Mosquitto), no device reaches the village: see that it runs, or restart.",
        )
    since = max(alarms_since, telemetry_since, pulse_at or 0)
    if now - since >= LOST_MS:
        return Health(
            NAME,
            FAULT,
            "消息服务（Mosquitto）在线但不转发消息。请重启该服务。",
            "The broker (Mosquitto) holds our sessions but passes nothing on: restart it.",
        )
    return Health(NAME, OK, "消息服务正常。", "The broker passes messages on.")
