"""An escalation plan is handed down to its village's gateway, and what the village did by it is on the timeline."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from heartlamp_protocol.escalation.plan import NO_PLAN, Plan

from tests.protocol.test_escalation import PLAN
from tests.server.county import County, Operator, Village


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_bytes(PLAN.to_json())
    return path


def handed(village: Village) -> Plan:
    answer = village.http.get("/gateway/v1/plan")
    assert answer.status_code == 200
    return Plan.from_json(answer.content)


def load_for(county: County, gateway: str, file: Path) -> "subprocess.CompletedProcess[str]":
    return county.cli("plan", "load", gateway, "--file", file, "--config", county.config, check=False)


def load(county: County, village: Village, file: Path) -> "subprocess.CompletedProcess[str]":
    return load_for(county, village.gateway, file)


def test_a_village_without_a_plan_is_told_so(village: Village) -> None:
    assert handed(village) == NO_PLAN


def test_a_loaded_plan_is_handed_down_with_a_version(county: County, village: Village, file: Path) -> None:
    done = load(county, village, file)
    assert (done.returncode, done.stdout) == (0, f"plan 1: 2 policies, 6 targets; {village.gateway} is told of it\n")
    assert handed(village) == replace(PLAN, version=1)
    load(county, village, file)
    assert handed(village).version == 2


def test_a_plan_that_cannot_be_is_refused_and_the_old_one_stays(county: County, village: Village, file: Path) -> None:
    load(county, village, file)
    wrong = json.loads(file.read_text())
    wrong["policies"][1]["steps"][0]["targets"].append("nobody")
    file.write_text(json.dumps(wrong))
    done = load(county, village, file)
    assert (done.returncode, "calls nobody, which is no target; nothing was changed" in done.stderr) == (1, True)
    assert handed(village).version == 1
    assert (
        county.cli("plan", "load", "gwnobody", "--file", file, "--config", county.config, check=False).returncode == 1
    )


def test_what_the_village_did_is_on_the_timeline(village: Village, operator: Operator) -> None:
    press = village.keys[0].press()
    village.send(press)
    said = [
        ("step", "7/1/grid1/voice/0 rang 网格员"),
        ("step", "7/1/grid1/voice/0 failed 网格员 · no signal"),
        ("duty", "coming 三组户长"),
        ("lapsed", "coming 三组户长"),
    ]
    notes = [village.note(n + 1, press.id, what, subject) for n, (what, subject) in enumerate(said)]
    assert [v.verdict for v in village.send_items([], notes)] == ["received"] * 4
    lines = [line for line in operator.get(f"incidents/{press.id}")["timeline"] if line["kind"].startswith("village_")]
    assert [(line["text_zh"], line["text_en"]) for line in lines] == [
        ("村里第1步：打电话给网格员，已响铃。", "village, step 1: telephone to 网格员: rang."),
        ("村里第1步：打电话给网格员，未成功。no signal", "village, step 1: telephone to 网格员: failed. no signal"),
        ("村里值班：三组户长 正在赶来", "on duty in the village: 三组户长 is coming"),
        ("三组户长 说要来，逾时未到", "三组户长 was coming and has not arrived in time"),
    ]
    assert operator.card(press.id)["answer"] == "none"  # the village's word, and not the county's


def test_such_a_note_of_anothers_incident_or_of_none_is_rejected(village: Village, county: County) -> None:
    press = village.keys[0].press()
    village.send(press)
    other = county.village()
    assert other.send_items([], [other.note(1, press.id, "duty", "coming 网格员")])[0].verdict == "rejected"
    assert village.send_items([], [village.note(1, "", "step", "7/1/a/voice/0 rang x")])[0].verdict == "rejected"
