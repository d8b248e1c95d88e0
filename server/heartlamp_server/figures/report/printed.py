"""The month's report as a page to print: A4, without a script or anything from elsewhere. Pure."""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

from heartlamp_server.audit.model import Head
from heartlamp_server.figures.compute import Told
from heartlamp_server.figures.definition import FIGURES, Value
from heartlamp_server.figures.report.fields import LEVELS, NONE, fields, text

STYLE = """
@page{size:A4;margin:16mm}
body{font:11pt/1.4 'Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#111;margin:0 auto;max-width:180mm}
h1{font-size:17pt;margin:0 0 4mm}h2{font-size:13pt;margin:8mm 0 2mm}p{margin:1mm 0}small{color:#555}
table{border-collapse:collapse;width:100%;font-size:9.5pt}thead{display:table-header-group}tr{break-inside:avoid}
th,td{border-bottom:.3mm solid #bbb;padding:1mm 1.5mm;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}code{font-size:8pt;word-break:break-all}
"""
BELOW = ("alarms", "completed", "on_time", "arrive.p50", "false", "said.satisfied", "online", "drilled")


def page(told: Told, zone: ZoneInfo, head: Head, locked_by: str, lang: str) -> str:
    """`lang`: zh or en."""
    en = lang == "en"
    about = {name: escape(str(value)) for name, value in fields(told, zone, head, locked_by).items()}
    title = f"{about['area']} {about['month']} " + ("Heart-Lamp: the month's report" if en else "心灯月报")
    lines = [f"<h1>{title}</h1>", _signed(told, about, en)]
    heads: tuple[str, ...] = (
        ("Figure", "This month", "among", "Last year", "among") if en else ("指标", "本月", "分母", "去年同期", "分母")
    )
    rows = []
    for name, figure in FIGURES.items():
        now, last = told.own.values.get(name, Value(None)), told.own.last.get(name, Value(None))
        what, how = (figure.en, figure.how_en) if en else (figure.zh, figure.how_zh)
        what = f"{escape(what)}<br><small>{escape(how)}</small>"
        rows.append([what, text(figure, now, en), _of(now), text(figure, last, en), _of(last)])
    lines.append(table(heads, rows))
    if told.below:
        lines.append(f"<h2>{'By area' if en else '分区'}</h2>")
        heads = ("Area" if en else "区域", *(FIGURES[n].en if en else FIGURES[n].zh for n in BELOW))
        lines.append(
            table(
                heads,
                [
                    [
                        f"{escape(b.area.name)} <small>{LEVELS[b.area.level][en]}</small>",
                        *(text(FIGURES[n], b.values.get(n, Value(None)), en) for n in BELOW),
                    ]
                    for b in told.below
                ],
            )
        )
    return whole(title, lines, lang)


def whole(title: str, lines: Sequence[str], lang: str) -> str:
    """A page around these lines. `title`: escaped."""
    language = "en" if lang == "en" else "zh-CN"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(lines)}</body></html>"
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """All but the first column are numbers."""
    head = "".join(f'<th class="n">{h}</th>' if n else f"<th>{h}</th>" for n, h in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(f'<td class="n">{c}</td>' if n else f"<td>{c}</td>" for n, c in enumerate(row)) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _signed(told: Told, about: dict[str, str], en: bool) -> str:
    if told.lock is None:
        zh_note, en_note = "未锁定：数字仍会变化", "Not locked: these numbers may still change"
        signed = en_note if en else zh_note
    elif en:
        signed = f"Version {about['version']}, locked {about['locked_at']} by {about['locked_by']}"
    else:
        signed = f"第 {about['version']} 版，{about['locked_by']}于 {about['locked_at']} 锁定"
    lines = [signed]
    if told.lock is not None and told.lock.reason:
        lines.append(f"{'Reason of the correction' if en else '更正原因'}: {about['reason']}")
    made = f"{'Made' if en else '制表'} {about['made_at']} ({about['zone']})"
    log = f"{'Audit log up to' if en else '审计日志截至'} <code>{about['head']}</code>"
    return "".join(f"<p>{line}</p>" for line in (*lines, made, log))


def _of(value: Value) -> str:
    return NONE if value.of is None else str(value.of)
