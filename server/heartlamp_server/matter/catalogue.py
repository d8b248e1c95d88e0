"""The catalogue: what may be whistled for, which department answers, by when, and what proves it done. A document that
a county exports, edits and imports again; read strictly, with a reason for each bad row. Pure."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any

from heartlamp_server import plain

TIMES = {"work": ("工作时间", "working time"), "clock": ("自然时间", "clock time")}
PROOFS = {
    "photo": ("完成后照片", "a photo of it done"),
    "before_after": ("前后对比照片", "photos before and after"),
    "document": ("单据或编号", "a document's number"),
    "household": ("当事住户确认", "the household's own word"),
}
HOURS_MAX = 2000
ROWS_MAX = 500
_CODE = re.compile(r"[A-Z]{1,3}[0-9]{2,3}")
_GROUP = re.compile(r"[a-z]{2,20}")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_NEVER = re.compile(
    "重点人|上访|信访|稳控|维稳|布控|管控|盯防|跟踪|监视|信教|宗教|邪教|言论|舆情|思想动态"
    "|petition|watch ?list|belief|surveil"
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A matter that may be whistled for. `report_in`, `done`: hours from the whistle, as `time` (of TIMES) counts them;
    `proof`: of PROOFS, what its close-out needs; `on_request`: only a party can ask for it, and take it back."""

    code: str
    group: str
    zh: str
    en: str
    unit: str
    report_in: int
    done: int
    time: str
    urgent: bool = False
    proof: tuple[str, ...] = ()
    on_request: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """A group of matters, or a service that volunteers give."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Terms:
    """`windows`: minutes of the local day, (from, until); hours that the centres have for their own steps."""

    windows: tuple[tuple[int, int], ...] = ((510, 720), (810, 1080))
    whistle: int = 4
    decide: int = 8
    verify: int = 24


@dataclass(frozen=True, slots=True)
class Catalogue:
    terms: Terms
    groups: tuple[Named, ...]
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    services: Mapping[str, Named] = field(default_factory=dict)


def shipped_text() -> str:
    return resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")


@cache
def shipped() -> Catalogue:
    found, problems = read(shipped_text())
    assert found is not None, problems
    return found


def read(text: str) -> tuple[Catalogue | None, list[str]]:
    """The catalogue, or None and for each bad row its place, what is wrong and what to do: a half-read one would end
    matters that nobody meant to end."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        return None, [f"不是 TOML · not TOML: {wrong}"]
    names = ("groups", "matters", "services")
    problems = [f"{key}: 不认识 · not known" for key in sorted(document.keys() - {"terms", *names})]
    rows = {name: document.get(name, []) for name in names}
    for name, found in rows.items():
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found) or len(found) > ROWS_MAX:
            problems.append(f"{name}: 应为列表，最多 {ROWS_MAX} 行 · must be a list of at most {ROWS_MAX} rows")
            rows[name] = []
    terms = _terms(document.get("terms", {}), problems)
    groups = _each("groups", rows["groups"], _named, problems, _GROUP)
    kinds = _each("matters", rows["matters"], lambda row: kind(row, tuple(groups)), problems, _CODE)
    services = _each("services", rows["services"], _named, problems, _CODE)
    if not kinds:
        problems.append("matters: 没有任何事项 · there is no matter")
    if problems:
        return None, problems
    return Catalogue(terms, tuple(groups.values()), kinds, services), []


class Bad(ValueError):
    """What is wrong with a row, for who wrote it."""


def kind(row: Mapping[str, Any], groups: Sequence[str]) -> Kind:
    """Raises Bad."""
    known = set(Kind.__dataclass_fields__)
    if unknown := sorted(row.keys() - known):
        raise Bad(f"{', '.join(unknown)}: 不认识的列 · not a column")
    named = _named({name: row.get(name) for name in ("code", "zh", "en")})
    if row.get("group") not in groups:
        raise Bad(f"group: 没有这个分组，可填 · no such group, one of: {', '.join(groups)}")
    if row.get("time") not in TIMES:
        raise Bad("time: 请填 work 或 clock · work or clock")
    urgent, on_request = row.get("urgent", False), row.get("on_request", False)
    if not isinstance(urgent, bool) or not isinstance(on_request, bool):
        raise Bad("urgent, on_request: 请填 true 或 false · true or false")
    if urgent and row["time"] != "clock":
        raise Bad("time: 紧急事项按自然时间计 · an urgent matter does not wait for working hours: clock")
    report_in, done = _hours(row, "report_in"), _hours(row, "done")
    if report_in > done:
        raise Bad("done: 办结时限短于报到时限 · it would have to be done before anybody reports in")
    proof = row.get("proof", [])
    if not isinstance(proof, list | tuple) or not proof or not set(proof) <= set(PROOFS):
        raise Bad(f"proof: 至少填一项 · at least one of: {', '.join(PROOFS)}")
    return Kind(named.code, row["group"], named.zh, named.en, _text(row, "unit"), report_in, done, row["time"], urgent,
                tuple(p for p in PROOFS if p in proof), on_request)  # fmt: skip


def replaced(catalogue: Catalogue, wanted: Kind) -> Catalogue:
    return replace(catalogue, kinds={**catalogue.kinds, wanted.code: wanted})


def removed(catalogue: Catalogue, code: str) -> Catalogue:
    return replace(catalogue, kinds={c: k for c, k in catalogue.kinds.items() if c != code})


def write(catalogue: Catalogue) -> str:
    """The document, for `read`."""
    t = catalogue.terms
    windows = ", ".join(f'"{_clock(a)}-{_clock(b)}"' for a, b in t.windows)
    own = f"whistle = {t.whistle}, decide = {t.decide}, verify = {t.verify}"
    lines = [
        f"terms = {{ hours = [{windows}], {own} }}",
        "",
        "groups = [",
        *map(_row, catalogue.groups),
        "]",
        "",
        "matters = [",
    ]
    lines += [
        *map(_row, catalogue.kinds.values()),
        "]",
        "",
        "services = [",
        *map(_row, catalogue.services.values()),
        "]",
    ]
    return "\n".join(lines) + "\n"


def _row(of: Kind | Named) -> str:
    cells = [(name, getattr(of, name)) for name in of.__dataclass_fields__]
    shown = [f"{name} = {_value(value)}" for name, value in cells if value is not False]
    return f"    {{ {', '.join(shown)} }},"


def _value(value: Any) -> str:
    # A JSON string of characters that can be seen is a TOML string too.
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _each(
    name: str, rows: Sequence[Mapping[str, Any]], read_one: Any, problems: list[str], form: re.Pattern[str]
) -> Any:
    found: dict[str, Any] = {}
    for number, row in enumerate(rows, 1):
        try:
            one = read_one(row)
            if not form.fullmatch(one.code):
                raise Bad(f"code: 不符合 · does not look like {form.pattern}")
            if one.code in found:
                raise Bad("code: 已在前面出现 · stands above already")
            found[one.code] = one
        except Bad as wrong:
            problems.append(f"{name} 第 {number} 行 · row {number} ({str(row.get('code', ''))[:20]}): {wrong}")
    return found


def _named(row: Mapping[str, Any]) -> Named:
    if unknown := sorted(row.keys() - {"code", "zh", "en"}):
        raise Bad(f"{', '.join(unknown)}: 不认识的列 · not a column")
    named = Named(_text(row, "code"), _text(row, "zh"), _text(row, "en"))
    if _NEVER.search(f"{named.zh} {named.en}".lower()):
        raise Bad("事项只针对物或服务，不得以人为对象 · a matter is a thing or a service, never a person to be watched")
    return named


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value or plain.name(value) != value or len(value) > 120:
        raise Bad(f"{name}: 必填，不超过 120 字，一行 · needed, one line, at most 120 characters")
    return value


def _hours(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= HOURS_MAX:
        raise Bad(f"{name}: 请填整小时数 1–{HOURS_MAX} · whole hours")
    return value


def _terms(row: Any, problems: list[str]) -> Terms:
    default = Terms()
    try:
        if not isinstance(row, dict):
            raise Bad("应为一个表 · must be a table")
        if unknown := sorted(row.keys() - {"hours", "whistle", "decide", "verify"}):
            raise Bad(f"{', '.join(unknown)}: 不认识 · not known")
        own = {name: _hours(row, name) for name in ("whistle", "decide", "verify") if name in row}
        windows = _windows(row["hours"]) if "hours" in row else default.windows
        return replace(default, windows=windows, **own)
    except Bad as wrong:
        problems.append(f"terms: {wrong}")
        return default


def _windows(given: Any) -> tuple[tuple[int, int], ...]:
    found = []
    for text in given if isinstance(given, list) else [None]:
        match = _WINDOW.fullmatch(text) if isinstance(text, str) else None
        if match is None:
            raise Bad('hours: 请写成 ["08:30-12:00", "13:30-18:00"] · write it like this')
        a, b, c, d = map(int, match.groups())
        found.append((a * 60 + b, c * 60 + d))
    edges = [edge for window in found for edge in window]
    if not found or edges != sorted(set(edges)) or edges[-1] > 1440:
        raise Bad("hours: 时段须先后排列、互不重叠 · one after the other, none within another")
    return tuple(found)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
