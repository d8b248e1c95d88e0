"""The tables of docs/matters.md, drawn from the rules: `python -m heartlamp_server.matter.page` prints them."""

from collections.abc import Mapping, Sequence

from heartlamp_server.matter import life, order
from heartlamp_server.matter.catalogue import PROOFS, TIMES, shipped
from heartlamp_server.matter.life import Rule

Words = Mapping[str, tuple[str, str]]


def life_table() -> str:
    return _acts(life.TABLE, life.ACTS, life.STAGES, life.NEEDS, life.BY)


def order_table() -> str:
    return _acts(order.TABLE, order.ACTS, order.STAGES, order.NEEDS, order.BY)


def limits_table() -> str:
    rows = [["stage", "what is waited for"]]
    rows += [[_both(life.STAGES, stage), _both(life.LIMITS, name)] for stage, name in life.AWAITED.items()]
    return _table(rows)


def catalogue_table() -> str:
    """The one that is shipped."""
    found = shipped()
    rows = [["code", "事项 matter", "责任部门 department", "报到 report in", "办结 done", "time", "proof", ""]]
    for group in found.groups:
        rows.append([f"**{group.code}**", f"**{group.zh} {group.en}**", "", "", "", "", "", ""])
        for kind in (k for k in found.kinds.values() if k.group == group.code):
            marks = [
                words
                for words, so in (("紧急 urgent", kind.urgent), ("应当事人请求 on request", kind.on_request))
                if so
            ]
            proof = ", ".join(PROOFS[p][0] for p in kind.proof)
            rows.append([kind.code, f"{kind.zh} {kind.en}", kind.unit, f"{kind.report_in} h", f"{kind.done} h",
                         TIMES[kind.time][0], proof, ", ".join(marks)])  # fmt: skip
    return _table(rows)


def _acts(table: Mapping[str, Rule], acts: Words, stages: Words, needs: Words, by: Words) -> str:
    """One row for each act, one column for each stage: `→` and the stage that it leads to, `·` where the stage follows
    from what was done before, nothing where it is refused."""
    rows = [["act", *(_both(stages, stage) for stage in stages), "needs", "by"]]
    for act, rule in table.items():
        leads = f"→ {stages[rule.to][0]}" if rule.to else "·"
        cells = [leads if stage in rule.stages else "" for stage in stages]
        rows.append([_both(acts, act), *cells, "; ".join(_both(needs, n) for n in rule.needs),
                     ", ".join(_both(by, who) for who in rule.by)])  # fmt: skip
    return _table(rows)


def _both(words: Words, key: str) -> str:
    return " ".join(words[key])


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = [rows[0], ["---"] * len(rows[0]), *rows[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


if __name__ == "__main__":
    print("\n".join((life_table(), limits_table(), order_table(), catalogue_table())), end="")
