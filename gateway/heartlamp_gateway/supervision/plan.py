"""The county's plan, as this box has it: what nobody planned, nobody is called for."""

from heartlamp_protocol.escalation.plan import Plan

from heartlamp_gateway.rules.health import ABSENT, OK, WARN, Health

NAME = "plan"


def judge(plan: Plan, has_outputs: bool) -> Health:
    """`has_outputs`: this box could telephone or make itself heard."""
    if plan.policies:
        many = f"version {plan.version}: {len(plan.policies)} policies, {len(plan.targets)} targets"
        return Health(NAME, OK, f"呼叫预案第 {plan.version} 版，{len(plan.policies)} 条。", many)
    if not has_outputs:
        return Health(NAME, ABSENT, "还没有呼叫预案，只有灯。", "none yet; only lamps call")
    return Health(
        NAME,
        WARN,
        "这个村还没有呼叫预案：报警时只有灯会亮，警报器、大喇叭、电话都不会动。"
        "请县里用 heartlamp-server plan load 下发。",
        "This village has no plan: at an alarm the lamps light, and siren, loudspeakers and telephone do nothing. "
        "The county hands one down with `heartlamp-server plan load`.",
    )
