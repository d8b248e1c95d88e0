"""What is read out on the telephone to 110, 119 or 120: as data, and as lines in two languages. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from heartlamp_server.area.household import Needs
from heartlamp_server.incident import handover
from heartlamp_server.incident.model import Incident
from heartlamp_server.incident.texts import WHAT

_BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Script:
    """`needs`: what who comes must know, only what the household consented to; `hidden`: it is kept and could not be
    unsealed; `callback`: the centre's number, "" the desk says its own; `point`: (latitude, longitude) WGS-84."""

    incident: Incident
    service: str
    now: datetime
    kind: str = "household"
    point: tuple[float, float] | None = None
    needs: Needs = field(default_factory=Needs)
    hidden: bool = False
    callback: str = ""


_KINDS = {
    "household": ("住户", "a household"),
    "post": ("公共报警点", "a public alarm post"),
    "nursing": ("养老院", "a nursing home"),
    "school": ("学校", "a school"),
    "elsewhere": ("电话或人员报告的地点", "a place that somebody described"),
}
_NEEDS = (
    ("key_holder", "钥匙在", "The key is with"),
    ("dog", "狗", "Dog"),
    ("stairs", "楼层与通道", "Stairs and way in"),
    ("hazards", "危险", "Hazards"),
)


def lines(script: Script) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(Chinese, English), each in the order in which they are asked for: what, where, since when, what to beware of."""
    pairs = [*_who(script), *_where(script), *_since(script), *_beware(script), *_after(script)]
    return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)


def _who(script: Script) -> Sequence[tuple[str, str]]:
    incident = script.incident
    zh, en = WHAT[incident.what]
    found = [
        (
            f"这里是{incident.place['path'][0]}综治中心，心灯报警转{handover.SERVICES[script.service][0]}：{zh}。",
            f"This is the command centre of {incident.place['path'][0]}, handing over a Heart-Lamp alarm: {en}.",
        )
    ]
    if incident.what == "silent":
        found.append(
            (
                "这是静默报警：不要鸣笛，不要开警灯靠近，不要回拨住户电话，不要联系邻居。报警人可能不便说话。",
                "This is a silent alarm: no siren, no lights near the house, do not call the house back, ask no "
                "neighbour. Who called may not be able to speak.",
            )
        )
    if incident.doubts:
        found.append(("报文未通过验证，仍按真实警情处理。", "Its message is not verified; treat it as real."))
    return found


def _where(script: Script) -> Sequence[tuple[str, str]]:
    place = script.incident.place
    path = "".join(place["path"])
    kind_zh, kind_en = _KINDS.get(script.kind, _KINDS["household"])
    found = [
        (
            f"地点：{path}，{place['name']}（{kind_zh}）。",
            f"Where: {', '.join(reversed(place['path']))}: {place['name']} ({kind_en}).",
        )
    ]
    if place["address"] and place["address"] != place["name"]:
        found.append((f"地址：{place['address']}。", f"Address: {place['address']}."))
    if place["landmark"]:
        found.append((f"标志物：{place['landmark']}。", f"Landmark: {place['landmark']}."))
    if script.point is not None:
        at = f"{script.point[0]:.6f}, {script.point[1]:.6f}"
        found.append((f"坐标（WGS-84，纬度、经度）：{at}。", f"Coordinates (WGS-84, latitude, longitude): {at}."))
    return found


def _since(script: Script) -> Sequence[tuple[str, str]]:
    incident = script.incident
    at = incident.observed_at or incident.opened_at
    clock = at.astimezone(_BEIJING).strftime("%H:%M")
    minutes = max(0, int((script.now - at).total_seconds() // 60))
    doubt = ("", "")
    if incident.observed_at is None:
        doubt = ("（收到时间，实际可能更早）", " (when it came; it may have been earlier)")
    found = [
        (
            f"时间：{clock} 起，已 {minutes} 分钟，共报 {incident.presses} 次{doubt[0]}。",
            f"Since {clock}, {minutes} min ago, {incident.presses} time(s){doubt[1]}.",
        )
    ]
    if incident.cancelled:
        found.append(("曾表示按错，尚无人核实。", "They said once that it was a mistake; nobody has seen to it yet."))
    near = [r for r in incident.responders if r.answer in ("coming", "arrived")]
    there = [r.name for r in near if not r.key.startswith("site:")]
    if there and incident.what != "silent":
        names = "、".join(there)
        found.append((f"已去的人：{names}。", f"On the way or there: {', '.join(there)}."))
    return found


def _beware(script: Script) -> Sequence[tuple[str, str]]:
    said = [(zh, en, getattr(script.needs, name)) for name, zh, en in _NEEDS]
    found = [(f"{zh}：{text}。", f"{en}: {text}.") for zh, en, text in said if text]
    if script.hidden:
        found.append(("住户须知无法解封，不详。", "What the household gave of itself cannot be unsealed."))
    return found


def _after(script: Script) -> Sequence[tuple[str, str]]:
    if script.callback:
        call = (f"回拨本中心：{script.callback}。", f"Call the centre back at {script.callback}.")
    else:
        call = ("回拨：请报出本席位电话。", "Callback: say the number of your desk.")
    return [
        call,
        ("请告知接警编号和接警人，我复述一遍。", "Please give the case number and your desk; I read it back."),
    ]
