"""The SIM card's record: what was written down of it, and what it used this month. Pure."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from heartlamp_gateway.outputs.modem.config import Sim
from heartlamp_gateway.rules.dates import FIRST_DAY

AHEAD_DAYS = 30
USED_PERCENT = 80
BALANCE_OLD_DAYS = 40
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Used:
    """`octets` of `month` ("2026-11"); `seen`: the last reading of each connection's own counter."""

    month: str = ""
    octets: int = 0
    seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_fields(cls, fields: Any) -> "Used":
        """Raises ValueError, TypeError or KeyError on what is none."""
        seen = {str(name): int(octets) for name, octets in fields["seen"].items()}
        return cls(str(fields["month"]), int(fields["octets"]), seen)

    def to_fields(self) -> dict[str, Any]:
        return {"month": self.month, "octets": self.octets, "seen": self.seen}


def counted(used: Used, readings: dict[str, int], today: date) -> Used:
    """`readings`: octets since each connection began, by a name that no later connection gets again. A box without the
    date goes on with the month that it knows."""
    month = f"{today:%Y-%m}" if today >= FIRST_DAY else used.month
    grown = sum(_since(used.seen.get(name, 0), octets) for name, octets in readings.items())
    # of one that is not there any more nothing is needed; of one that hides for a while, all
    seen = {**dict(list(used.seen.items())[-20:]), **readings}
    before = used.octets if month == used.month else 0
    return replace(used, month=month, octets=before + grown, seen=seen)


def _since(before: int, now: int) -> int:
    """A counter that fell began anew."""
    return now - before if now >= before else now


def warnings(sim: Sim, used: Used, today: date) -> list[str]:
    """For people; none while this box does not know what day it is."""
    if today < FIRST_DAY:
        return []
    found = []
    payer = f"，付费：{sim.payer}" if sim.payer else ""
    paid_by = f" (paid by {sim.payer})" if sim.payer else ""
    if sim.expires is not None:
        left = (sim.expires - today).days
        if left < 0:
            found.append(
                f"SIM 卡套餐 {sim.expires} 已到期{payer}，请续费并改配置。 "
                f"The SIM card's plan ended on {sim.expires}{paid_by}: renew it, then change the configuration."
            )
        elif left <= AHEAD_DAYS:
            found.append(
                f"SIM 卡套餐 {sim.expires} 到期，还有 {left} 天{payer}。 "
                f"The SIM card's plan ends on {sim.expires}, in {left} days{paid_by}."
            )
    if sim.balance is not None and sim.balance <= sim.balance_low:
        found.append(
            f"SIM 卡记录的余额是 {sim.balance:g}{payer}。 The SIM card's balance on record is {sim.balance:g}{paid_by}."
        )
    if sim.balance is not None and sim.balance_on is not None and (today - sim.balance_on).days > BALANCE_OLD_DAYS:
        found.append(
            f"SIM 卡余额是 {sim.balance_on} 查的，请再查。 The SIM card's balance is of {sim.balance_on}: look again."
        )
    percent = _percent(sim, used, today)
    if percent >= USED_PERCENT:
        found.append(
            f"本月流量已用 {percent}%（{used.octets // MEGABYTE} / {sim.megabytes} MB）{payer}。 "
            f"{percent} % of this month's data is used ({used.octets // MEGABYTE} of {sim.megabytes} MB){paid_by}."
        )
    return found


def _percent(sim: Sim, used: Used, today: date) -> int:
    if not sim.megabytes or used.month != f"{today:%Y-%m}":
        return 0
    return used.octets * 100 // (sim.megabytes * MEGABYTE)
