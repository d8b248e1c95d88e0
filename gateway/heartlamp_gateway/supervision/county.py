"""The line to the county, by how long nothing was heard of it."""

from heartlamp_protocol.escalation.decide import TAKEOVER_MS
from heartlamp_protocol.supervision import COUNTY_TROUBLE_MS

from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health

NAME = "county"


def judge(away_ms: int, refused: bool = False) -> Health:
    """`away_ms`: since when nothing is heard of it; `refused`: what it said last is that it does not know us."""
    s = away_ms // 1000
    if refused:
        return Health(
            NAME,
            FAULT,
            "县里不认这台网关的令牌：村里自行呼叫，记录都已保存。请在县里要新的加入码，运行 setup --again。",
            "The county refuses our token: the village calls by itself, all is kept. `setup --again` with a new code.",
        )
    if away_ms >= COUNTY_TROUBLE_MS:
        return Health(
            NAME,
            FAULT,
            f"与县里失去联系 {s} 秒：村里自行呼叫，记录都已保存。请检查上网设备和流量。",
            f"No word of the county for {s} s: the village calls by itself, all is kept. Look at modem and data plan.",
        )
    if away_ms >= TAKEOVER_MS:
        return Health(
            NAME,
            WARN,
            f"{s} 秒没有县里的消息，村里接手呼叫。",
            f"No word of the county for {s} s: the village takes over.",
        )
    return Health(NAME, OK, "与县里联系正常。", "In contact with the county.")
