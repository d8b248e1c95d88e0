"""The matters' room asks for what the server's rule needs, act by act."""

import json

from heartlamp_server.matter import life, order

from tests.console.browse import ROOT


def test_the_room_asks_what_the_rule_needs() -> None:
    kept = json.loads((ROOT / "server/console/src/matter/needs.json").read_text("utf-8"))
    by_people = {act: rule for act, rule in life.TABLE.items() if rule.by != ("clock",)}
    assert kept["matter"] == {act: list(rule.needs) for act, rule in by_people.items()}
    assert kept["order"] == {act: list(rule.needs) for act, rule in order.TABLE.items()}


def test_the_room_has_a_word_for_each_act_stage_and_limit() -> None:
    words = (ROOT / "server/console/src/matter/words.ts").read_text("utf-8")
    for name in (*life.STAGES, *order.STAGES, *(a for a in life.ACTS if a not in ("raise", "climb")), *life.LIMITS):
        assert words.count(f" {name}: ") >= 2, name  # once in each language
