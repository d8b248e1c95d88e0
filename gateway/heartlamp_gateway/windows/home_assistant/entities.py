"""What Home Assistant is told, as retained messages by topic: one discovery message for each device, one state. Pure.

Never of a silent button or a silent alarm (a view has neither), and no picture. An entity's alarm says that a call for
help is open at its site, in the class that fits the device.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heartlamp_protocol.device.kinds import BATTERY_MS, heartbeat_ms

from heartlamp_gateway.windows.home_assistant.users import DISCOVERY, STATES
from heartlamp_gateway.windows.view import Call, Seen, View

Fields = dict[str, Any]
Values = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Entity:
    """`more`: discovery's fields beside the usual; `diagnostic`: not for the front page; `measured`: the device
    says it, so that it is unavailable while the device is away."""

    platform: str
    zh: str
    en: str
    more: tuple[tuple[str, str], ...]
    diagnostic: bool = True
    measured: bool = True


def _binary(zh: str, en: str, device_class: str, diagnostic: bool = True, measured: bool = True) -> Entity:
    return Entity("binary_sensor", zh, en, (("device_class", device_class),), diagnostic, measured)


def _sensor(zh: str, en: str, device_class: str, unit: str, diagnostic: bool = True) -> Entity:
    classes = (("device_class", device_class),) if device_class else ()
    more = (*classes, ("state_class", "measurement"), ("unit_of_measurement", unit))
    return Entity("sensor", zh, en, more, diagnostic)


ALL = {
    "online": _binary("在线", "Online", "connectivity", measured=False),
    "tamper": _binary("防拆", "Tamper", "tamper"),
    "battery_low": _binary("电池电量低", "Battery low", "battery"),
    "battery_mv": _sensor("电池电压", "Battery voltage", "voltage", "mV"),
    "rssi": _sensor("信号强度", "Signal strength", "signal_strength", "dBm"),
}
ON_MAINS = {"mains": _binary("市电", "Mains", "power")}
OF_KIND = {
    "door": {"door": _binary("门", "Door", "door", diagnostic=False)},
    "temperature": {"temperature": _sensor("温度", "Temperature", "temperature", "°C", diagnostic=False)},
    "slope": {
        "rain": _sensor("雨强", "Rain", "precipitation_intensity", "mm/h", diagnostic=False),
        "tilt": _sensor("倾斜", "Tilt", "", "°", diagnostic=False),
    },
}
ALARM_CLASS = {"smoke": "smoke", "gas": "gas", "flood": "moisture", "temperature": "heat"}
ALARM_WHAT = {"smoke": "fire", "temperature": "fire", "gas": "gas", "flood": "flood", "slope": "slope"}
OF_GATEWAY = {
    "county": _binary("与县里的联系", "County", "connectivity", diagnostic=False, measured=False),
    "trouble": _binary("网关故障", "Gateway trouble", "problem", diagnostic=False, measured=False),
    "waiting": Entity("sensor", "待上报", "Waiting for the county", (("state_class", "measurement"),), measured=False),
}
KINDS = {
    "button": ("按钮", "Button"),
    "lamp": ("心灯", "Heart-Lamp"),
    "camera": ("心灯（摄像头）", "Heart-Lamp with camera"),
    "smoke": ("烟感", "Smoke detector"),
    "gas": ("燃气探测器", "Gas detector"),
    "flood": ("水浸探测器", "Flood detector"),
    "door": ("门磁", "Door contact"),
    "temperature": ("温度计", "Thermometer"),
    "slope": ("边坡监测", "Slope sensor"),
}


def online_topic(gateway: str) -> str:
    """Whether the gateway itself is there: its last will."""
    return f"{STATES}/{gateway}/online"


def state_topic(gateway: str, device: str) -> str:
    return f"{STATES}/{gateway}/{device}/state"


def config_topic(gateway: str, device: str) -> str:
    """`device` "": the gateway's own."""
    return f"{DISCOVERY}/device/{_name(gateway, device)}/config"


def is_ours(gateway: str, topic: str) -> bool:
    """One of the retained messages that this gateway publishes."""
    name = topic.removeprefix(f"{DISCOVERY}/device/").removesuffix("/config")
    if topic.startswith(f"{DISCOVERY}/"):
        return name == _name(gateway, "") or name.startswith(_name(gateway, "") + "_")
    return topic.startswith(f"{STATES}/{gateway}/")


def of_state_topic(gateway: str, topic: str) -> str:
    """The device, "" where it is no state topic of ours."""
    device = topic.removeprefix(f"{STATES}/{gateway}/").removesuffix("/state")
    return device if topic == state_topic(gateway, device) else ""


def of_kind(kind: str) -> dict[str, Entity]:
    """The entities of a device of this kind, by the name of their field in its state."""
    alarm = _binary("警情", "Alarm", ALARM_CLASS.get(kind, "safety"), diagnostic=False, measured=False)
    mains = {} if heartbeat_ms(kind) == BATTERY_MS else ON_MAINS
    return {"alarm": alarm, **OF_KIND.get(kind, {}), **ALL, **mains}


def device_config(gateway: str, seen: Seen, language: str, version: str) -> bytes:
    zh, en = KINDS.get(seen.kind, (seen.kind, seen.kind))
    model = zh if language == "zh" else en
    place = seen.place or seen.site
    device = {
        "identifiers": [_name(gateway, seen.id)],
        "name": f"{place} {model} {seen.id}",
        "manufacturer": "Heart-Lamp",
        "model": model,
        "serial_number": seen.id,
        "suggested_area": place,
        "via_device": _name(gateway, ""),
    }
    return _config(gateway, seen.id, device, of_kind(seen.kind), language, version)


def gateway_config(gateway: str, village: str, language: str, version: str) -> bytes:
    model = "村网关" if language == "zh" else "Village gateway"
    device = {
        "identifiers": [_name(gateway, "")],
        "name": f"{village} {model}",
        "manufacturer": "Heart-Lamp",
        "model": model,
        "serial_number": gateway,
        "sw_version": version,
    }
    return _config(gateway, "gateway", device, OF_GATEWAY, language, version)


def device_state(seen: Seen, calls: tuple[Call, ...], values: Values, before: Fields) -> bytes:
    """Fields as of `of_kind`; null: not known. `values`: what it said last; `before`: its state as it was published
    before we started, for what it has not said since."""
    what = ALARM_WHAT.get(seen.kind)
    measured: Fields = {
        "tamper": _flag(values, "tamper"),
        "battery_low": _flag(values, "battery_low"),
        "battery_mv": values.get("battery_mv"),
        "rssi": values.get("rssi_dbm"),
        "mains": _flag(values, "mains"),
        "door": _on(values["door"] == 0) if "door" in values else None,  # 1: it is closed
        "temperature": _thousandth(values, "temp_mc"),
        "rain": _thousandth(values, "rain_um_h"),
        "tilt": _thousandth(values, "tilt_mdeg"),
    }
    fields: Fields = {}
    for name in of_kind(seen.kind):
        if name == "alarm":
            # What it sets off cannot say that it is a drill.
            here = any(c.site == seen.site and c.site and what in (None, c.what) and not c.drill for c in calls)
            fields[name] = _on(here)
        elif name == "online":
            fields[name] = {"online": "ON", "asleep": "ON", "offline": "OFF", "missed": "OFF"}.get(seen.state)
        else:
            fields[name] = before.get(name) if measured[name] is None else measured[name]
    return json.dumps(fields, separators=(",", ":")).encode()


def gateway_state(view: View) -> bytes:
    box = view.box
    troubles = any(trouble.code != "county" for trouble in box.troubles)
    fields = {"county": _on(box.county), "trouble": _on(troubles), "waiting": box.waiting}
    return json.dumps(fields, separators=(",", ":")).encode()


def _config(
    gateway: str, device: str, about: Fields, entities: Mapping[str, Entity], language: str, version: str
) -> bytes:
    state = state_topic(gateway, device)
    there = [{"topic": online_topic(gateway)}]
    awake = {
        "topic": state,
        "value_template": "{{ 'offline' if value_json.online == 'OFF' else 'online' }}",
    }
    components = {}
    for name, entity in entities.items():
        fields: Fields = {
            "platform": entity.platform,
            "name": entity.zh if language == "zh" else entity.en,
            "unique_id": f"{_name(gateway, device)}_{name}",
            "value_template": f"{{{{ value_json.{name} }}}}",
            **dict(entity.more),
        }
        if entity.diagnostic:
            fields["entity_category"] = "diagnostic"
        if entity.measured:
            fields |= {"availability": [*there, awake], "availability_mode": "all"}
        components[name] = fields
    config = {
        "device": about,
        "origin": {"name": "heartlamp-gateway", "sw_version": version},
        "availability": there,
        "state_topic": state,
        "components": components,
    }
    return json.dumps(config, ensure_ascii=False, separators=(",", ":")).encode()


def _name(gateway: str, device: str) -> str:
    return "_".join(part for part in ("heartlamp", gateway, device) if part)


def _on(truth: bool) -> str:
    return "ON" if truth else "OFF"


def _flag(values: Values, name: str) -> str | None:
    return None if name not in values else _on(values[name] != 0)


def _thousandth(values: Values, name: str) -> float | None:
    return None if name not in values else values[name] / 1000
