"""Figures of the running county for Prometheus: its text format, written here. Of no household, and of no person."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heartlamp_server.database.pool import Database, NotReady
from heartlamp_server.interop.store import Connection

FRESH_S = 5.0
"""So long an answer is given again: who asks often costs the database nothing."""
PATIENCE_MS = 3000


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels`: names of columns of `sql` before the last one, which is the value."""

    name: str
    kind: str
    help: str
    labels: tuple[str, ...] = ()
    sql: str = ""


FROM_ROWS: Sequence[Metric] = (
    Metric(
        "heartlamp_incidents_open",
        "gauge",
        "Open incidents by kind and answer.",
        ("what", "answer"),
        "SELECT what, answer, count(*) FROM incident WHERE closed_at IS NULL AND NOT drill GROUP BY 1, 2",
    ),
    Metric(
        "heartlamp_incident_unanswered_seconds",
        "gauge",
        "Age of the oldest open incident that nobody has answered; 0: none.",
        (),
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - opened_at)), 0)::float8 FROM incident "
        "WHERE closed_at IS NULL AND NOT drill AND answer IN ('none', 'unanswered')",
    ),
    Metric(
        "heartlamp_incidents_closed_1d",
        "gauge",
        "Incidents closed in the last 24 hours, by kind and verdict.",
        ("what", "verdict"),
        "SELECT what, CASE verdict WHEN '' THEN 'true' ELSE verdict END, count(*) FROM incident "
        "WHERE closed_at > clock_timestamp() - interval '1 day' AND NOT drill GROUP BY 1, 2",
    ),
    Metric(
        "heartlamp_escalation_waiting",
        "gauge",
        "Open incidents that no worker has looked at yet.",
        (),
        "SELECT count(*) FROM course_wanted w WHERE NOT EXISTS (SELECT FROM course c WHERE c.incident = w.incident)",
    ),
    Metric(
        "heartlamp_escalation_lag_seconds",
        "gauge",
        "How late the latest step of an open incident is; 0: none is late.",
        (),
        "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - c.look_at)), 0)::float8 FROM course c "
        "JOIN incident i ON i.id = c.incident WHERE i.closed_at IS NULL AND c.look_at < clock_timestamp()",
    ),
    Metric(
        "heartlamp_handovers_offered",
        "gauge",
        "Open incidents that were told to 110, 119 or 120 and not taken, by service.",
        ("service",),
        "SELECT h ->> 'service', count(*) FROM incident i, jsonb_array_elements(i.handovers) h "
        "WHERE i.closed_at IS NULL AND h ->> 'state' = 'offered' GROUP BY 1",
    ),
    Metric(
        "heartlamp_hotline_open",
        "gauge",
        "Calls that were taken and are not settled; late: past their time.",
        ("late",),
        "SELECT CASE WHEN due_at <= clock_timestamp() THEN 'yes' ELSE 'no' END, count(*) FROM hotline_call "
        "WHERE settled = '' GROUP BY 1",
    ),
    Metric(
        "heartlamp_outbox_waiting",
        "gauge",
        "Messages that are due and not sent, by channel.",
        ("channel",),
        "SELECT channel, count(*) FROM notification WHERE state = 'queued' AND due_at <= clock_timestamp() GROUP BY 1",
    ),
    Metric(
        "heartlamp_outbox_oldest_seconds",
        "gauge",
        "How long the oldest of them is due, by channel.",
        ("channel",),
        "SELECT channel, extract(epoch FROM clock_timestamp() - min(due_at))::float8 FROM notification "
        "WHERE state = 'queued' AND due_at <= clock_timestamp() GROUP BY 1",
    ),
    Metric(
        "heartlamp_hooks_waiting",
        "gauge",
        "What other systems are still to be told.",
        (),
        "SELECT count(*) FROM hook_delivery WHERE due_at IS NOT NULL",
    ),
    Metric(
        "heartlamp_gateways",
        "gauge",
        "Villages' gateways by state: heard within 90 s, silent, never heard.",
        ("state",),
        "SELECT CASE WHEN last_seen IS NULL THEN 'never' WHEN last_seen > clock_timestamp() - interval '90 s' "
        "THEN 'heard' ELSE 'silent' END, count(*) FROM gateway WHERE device IS NULL AND revoked_at IS NULL GROUP BY 1",
    ),
    Metric(
        "heartlamp_devices",
        "gauge",
        "Devices by kind and state.",
        ("kind", "state"),
        "SELECT kind, CASE WHEN online THEN 'online' WHEN online IS NULL THEN 'never' ELSE 'offline' END, count(*) "
        "FROM device WHERE revoked_at IS NULL GROUP BY 1, 2",
    ),
    Metric(
        "heartlamp_matters_open",
        "gauge",
        "Open matters; late: past what is waited for.",
        ("late",),
        "SELECT CASE WHEN due_at <= clock_timestamp() THEN 'yes' ELSE 'no' END, count(*) FROM matter "
        "WHERE ended = '' GROUP BY 1",
    ),
    Metric(
        "heartlamp_audit_waiting",
        "gauge",
        "Rows of the audit log that are not in its chain yet.",
        (),
        "SELECT count(*) FROM audit_waiting",
    ),
    Metric(
        "heartlamp_feed_rows_total",
        "counter",
        "What screens were told since the store was made.",
        (),
        "SELECT seq FROM feed_head",
    ),
    Metric(
        "heartlamp_sessions",
        "gauge",
        "Sessions of people that have not ended.",
        (),
        "SELECT count(*) FROM session WHERE expires_at > clock_timestamp()",
    ),
    Metric(
        "heartlamp_database_bytes",
        "gauge",
        "Size of the database.",
        (),
        "SELECT pg_database_size(current_database())",
    ),
)
OF_US: Sequence[Metric] = (
    Metric("heartlamp_database_up", "gauge", "Whether the database answered."),
    Metric("heartlamp_ingest_verdicts_total", "counter", "What gateways brought, by verdict.", ("verdict",)),
    Metric("heartlamp_gateway_streams", "gauge", "Gateways whose stream down is open."),
    Metric("heartlamp_memory_bytes", "gauge", "Resident memory of the server's process."),
    Metric("heartlamp_started_seconds", "gauge", "When the server's process was started, since 1970."),
)
METRICS = (*OF_US, *FROM_ROWS)

Sample = tuple[tuple[str, ...], float]


def text(samples: Mapping[str, Sequence[Sample]]) -> str:
    """`samples`: name of a metric -> (values of its labels, value)."""
    lines = []
    for metric in METRICS:
        if metric.name in samples:
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
            for labels, value in samples[metric.name]:
                named = ",".join(f'{n}="{_escaped(v)}"' for n, v in zip(metric.labels, labels, strict=True))
                lines.append(f"{metric.name}{'{' + named + '}' if named else ''} {value:.15g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


async def from_rows(conn: Connection) -> dict[str, list[Sample]]:
    """Of one snapshot, within PATIENCE_MS for each."""
    found: dict[str, list[Sample]] = {}
    async with conn.transaction():
        await conn.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        for metric in FROM_ROWS:
            rows = await (await conn.execute(metric.sql)).fetchall()
            found[metric.name] = [(tuple(map(str, row[:-1])), float(row[-1])) for row in rows]
    return found


class Metrics:
    """`token`: who has it may ask, "" only who is on this machine and comes by no proxy; `verdicts`: of the ingest;
    `streams`: how many gateways' are open."""

    def __init__(self, database: Database, token: str, verdicts: Mapping[str, int], streams: Callable[[], int]) -> None:
        self._database, self._token, self._verdicts, self._streams = database, token, verdicts, streams
        self._started, self._one = time.time(), asyncio.Lock()
        self._rows: dict[str, list[Sample]] = {}
        self._until = 0.0

    def routes(self) -> list[Route]:
        return [Route("/metrics", self._metrics, methods=["GET"])]

    async def _metrics(self, request: Request) -> Response:
        if not self._may(request):
            said = {"error": "无权读取 · not for you", "do": "[metrics] token_file，见 docs/interop.md"}
            return JSONResponse(said, 403)
        samples = {**self._own(), **await self._of_the_store()}
        return Response(text(samples), media_type="text/plain; version=0.0.4; charset=utf-8")

    def _may(self, request: Request) -> bool:
        if self._token:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and compare_digest(given.encode(), self._token.encode())
        forwarded = any(name in request.headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"))
        return not forwarded and request.client is not None and request.client.host in ("127.0.0.1", "::1")

    def _own(self) -> dict[str, list[Sample]]:
        return {
            "heartlamp_ingest_verdicts_total": [((v,), float(n)) for v, n in sorted(self._verdicts.items())],
            "heartlamp_gateway_streams": [((), float(self._streams()))],
            "heartlamp_memory_bytes": [((), float(_memory()))],
            "heartlamp_started_seconds": [((), self._started)],
        }

    async def _of_the_store(self) -> dict[str, list[Sample]]:
        async with self._one:
            if time.monotonic() < self._until:
                return self._rows
            try:
                async with self._database.connection() as conn:
                    self._rows = {"heartlamp_database_up": [((), 1.0)], **await from_rows(conn)}
            except NotReady:
                self._rows = {"heartlamp_database_up": [((), 0.0)]}
            self._until = time.monotonic() + FRESH_S
            return self._rows


def _memory() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
