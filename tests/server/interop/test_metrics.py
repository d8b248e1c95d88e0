"""Prometheus can read the county, Grafana's dashboards ask for what there is, and each route says what it does."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from heartlamp_server import config
from heartlamp_server.config import ConfigError
from heartlamp_server.interop.metrics import METRICS, Metrics, text
from heartlamp_server.screens import openapi
from starlette.requests import Request

from tests.server.county import County, Village

BOARDS = sorted((Path(__file__).parents[3] / "server/grafana").glob("*.json"))
LINE = re.compile(r'^(heartlamp_\w+)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')


def board(name: str) -> Any:
    return json.loads((BOARDS[0].parent / name).read_text(encoding="utf-8"))


def queries(name: str, key: str) -> list[str]:
    return [target[key] for panel in board(name)["panels"] for target in panel["targets"]]


def test_the_running_county_tells_prometheus_what_it_does(county: County, village: Village) -> None:
    village.send(village.keys[0].press())
    reply = httpx.get(f"{county.console}/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    seen: dict[str, float] = {}
    for line in reply.text.splitlines():
        if not line.startswith("#"):
            found = LINE.match(line)
            assert found, line
            seen[found[1]] = max(float(found[3]), seen.get(found[1], 0.0))
    assert set(seen) <= {m.name for m in METRICS}
    always = {"incidents_open", "incident_unanswered_seconds", "gateways", "devices", "database_bytes", "memory_bytes"}
    assert {f"heartlamp_{name}" for name in always} <= set(seen)
    assert seen["heartlamp_ingest_verdicts_total"] >= 1
    assert seen["heartlamp_database_up"] == 1
    for house in (*village.sites, village.keys[0].id, village.name):
        assert house not in reply.text, "of no household"


def test_who_comes_by_a_proxy_or_without_the_token_learns_nothing(county: County) -> None:
    assert httpx.get(f"{county.console}/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403

    def may(token: str, host: str, *headers: tuple[bytes, bytes]) -> bool:
        scope = {"type": "http", "client": (host, 1), "headers": headers}
        return Metrics(None, token, {}, lambda: 0)._may(Request(scope))  # type: ignore[arg-type]

    assert may("", "::1")
    assert not may("", "203.0.113.7")
    assert not may("t" * 20, "127.0.0.1")
    assert not may("t" * 20, "127.0.0.1", (b"authorization", b"Bearer x"))
    assert may("t" * 20, "203.0.113.7", (b"authorization", b"Bearer " + b"t" * 20))


def test_a_token_that_anybody_guesses_is_refused(county: County, tmp_path: Path) -> None:
    (tmp_path / "short").write_text("guess")
    file = tmp_path / "server.toml"
    file.write_text(county.config.read_text() + '\n[metrics]\ntoken_file = "short"\n')
    with pytest.raises(ConfigError, match="at least 20"):
        config.read(file)


def test_what_a_label_holds_breaks_no_line() -> None:
    said = text({"heartlamp_incidents_open": [(('a"b\\', "c\nd"), 1.0)]})
    assert 'what="a\\"b\\\\",answer="c\\nd"} 1' in said


def test_no_figure_has_a_label_that_names_a_house() -> None:
    assert {label for m in METRICS for label in m.labels} <= {
        "what", "answer", "verdict", "service", "late", "channel", "state", "kind"
    }  # fmt: skip
    assert len({m.name for m in METRICS}) == len(METRICS)
    assert all(m.name.endswith("_total") == (m.kind == "counter") for m in METRICS)


@pytest.mark.parametrize("file", BOARDS, ids=lambda f: f.name)
def test_a_dashboard_is_whole(file: Path) -> None:
    found = json.loads(file.read_text(encoding="utf-8"))
    inputs = {i["name"] for i in found["__inputs"]}
    assert len({p["id"] for p in found["panels"]}) == len(found["panels"])
    for panel in found["panels"]:
        assert panel["title"]
        assert panel["datasource"]["uid"].strip("${}") in inputs
    assert found["title"]


def test_every_figure_of_the_countys_dashboard_is_told_and_the_other_way_round() -> None:
    asked = {name for q in queries("county.json", "expr") for name in re.findall(r"heartlamp_\w+", q)}
    assert asked == {m.name for m in METRICS}
    labels = {label for q in queries("county.json", "expr") for label in re.findall(r"by \(([^)]*)\)", q)}
    assert {x.strip() for one in labels for x in one.split(",")} <= {label for m in METRICS for label in m.labels}


def test_every_query_of_the_postgresql_dashboard_runs(county: County, village: Village) -> None:
    found = board("readings-postgresql.json")
    asked = queries("readings-postgresql.json", "rawSql") + [v["query"] for v in found["templating"]["list"]]
    for query in asked:
        plain = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 > now() - interval '1 day'", query)
        county.sql(plain.replace("$device", village.lamps[0].id))


def test_the_influxdb_dashboard_asks_for_what_is_written_there() -> None:
    found = board("readings-influxdb.json")
    asked = queries("readings-influxdb.json", "query") + [v["query"] for v in found["templating"]["list"]]
    for query in asked:
        assert set(re.findall(r'"(\w+)"', query)) <= {"reading", "device", "name", "value"}, query


def test_each_route_says_what_it_does() -> None:
    paths = openapi()["paths"]
    silent = [(m, p) for p, methods in paths.items() for m, said in methods.items() if not said.get("description")]
    assert silent == []


def test_each_route_of_other_systems_says_what_it_does(county: County) -> None:
    document = httpx.get(f"{county.console}/open/v1/openapi.json").json()
    silent = [(m, p) for p, ms in document["paths"].items() for m, said in ms.items() if not said.get("description")]
    assert silent == []
