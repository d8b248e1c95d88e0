"""Siren, loudspeakers, telephone and its card: what they say of themselves, as parts of the box, so that it goes where
the box's own troubles go, up to the county too."""

from collections.abc import Mapping, Sequence
from functools import partial

from heartlamp_gateway.outputs.opening import Opened
from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health
from heartlamp_gateway.rules.languages import both, listed
from heartlamp_gateway.supervision.box import Check

CHANNELS = {
    "voice": ("电话", "telephone"),
    "sms": ("短信", "SMS"),
    "siren": ("警报器", "siren"),
    "speaker": ("大喇叭", "loudspeakers"),
}
SPEAKERS, CARD = "speakers", "card"


def checks(opened: Opened) -> Mapping[str, Check]:
    """Of what this box has; none of them waits for anything: each channel is asked elsewhere."""
    found: dict[str, Check] = {}
    for adapter in opened.adapters:
        found[adapter.channel] = partial(_asked, opened, adapter.channel)
    if "speaker" in found:
        found[SPEAKERS] = lambda: speakers(opened.runner.faults()["speaker"], opened.speaker_troubles())
    if "voice" in found:
        found[CARD] = lambda: card(opened.warnings())
    return found


def _asked(opened: Opened, name: str) -> Health:
    return channel(name, opened.runner.faults()[name])


def channel(name: str, fault: str) -> Health:
    """`fault`: "" none."""
    zh, en = CHANNELS.get(name, (name, name))
    if not fault:
        return Health(name, OK, f"{zh}正常。", f"{en}: works.")
    zh_why, en_why = both(fault)
    if zh_why == en_why:  # of an adapter that broke, in words that nobody foresaw
        zh_why = "检查时出错，详情见 heartlamp-gateway doctor。"
    return Health(name, FAULT, f"{zh}：{zh_why}", f"{en}: {en_why}")


def speakers(all_of_them: str, single: Mapping[str, str]) -> Health:
    """`all_of_them`: what is wrong with the channel, which then says so itself; `single`: loudspeaker -> what is wrong
    with it."""
    if all_of_them or not single:
        return Health(SPEAKERS, OK, "没有个别大喇叭不响。", "No single loudspeaker fails.")
    zh, en = listed(single)
    return Health(SPEAKERS, WARN, f"有的大喇叭不响：{zh}。", f"Some loudspeakers fail: {en}.")


def card(warnings: Sequence[str]) -> Health:
    if not warnings:
        return Health(CARD, OK, "电话卡正常。", "The telephone card is well.")
    said = [both(text) for text in warnings]
    return Health(CARD, WARN, " ".join(zh for zh, _ in said), " ".join(en for _, en in said))
