"""The table of docs/incident.md, drawn from life.TABLE: `python -m heartlamp_server.incident.page` prints it."""

from heartlamp_server.incident.life import ACTS, BY, NEEDS, STAGES, TABLE

_WHOSE = ("设备 device", "响应人 responder", "值班员 operator", "住户 household", "时钟 clock", "110/119/120")
_BY = dict(zip(BY, _WHOSE, strict=True))


def table() -> str:
    """Markdown. One row for each act, one column for each stage: `→` and the stage that it leads to, `·` where the
    stage then follows from who stands by the incident, nothing where it is refused."""
    head = ["act", *(f"{zh} {en}" for zh, en in STAGES.values()), "needs", "by"]
    rows = [head, ["---"] * len(head)]
    for act, rule in TABLE.items():
        leads = f"→ {STAGES[rule.to][0]}" if rule.to else "·"
        cells = [leads if stage in rule.stages else "" for stage in STAGES]
        needs = "; ".join(" ".join(NEEDS[need]) for need in rule.needs)
        rows.append([" ".join(ACTS[act]), *cells, needs, ", ".join(_BY[who] for who in rule.by)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
