"""All that is kept of a household, as a page that it can read and print: no script, nothing from elsewhere. Pure."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from heartlamp_server.area.erase import HELD

_STYLE = """body{font:14px/1.5 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:2em;color:#222}
table{border-collapse:collapse;margin:0 0 1.5em;width:100%}
th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top;
overflow-wrap:anywhere}th{background:#f2f2f2}h2{font-size:1.1em;margin:1.2em 0 .3em}
p{margin:.2em 0 .6em}@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}}"""
TITLES = {
    "household": "联系人、须知、同意 · contacts, what to know, consents",
    "site": "住址 · the house",
    "site_was": "所属户组的变更 · groups it was in",
    "device": "设备 · devices",
    "incident": "求助记录 · calls for help",
    "timeline": "处置过程 · what was done about them",
    "event": "设备发出的报文 · what the devices said",
    "picture": "照片 · pictures",
    "reading": "设备读数 · readings",
    "person_role": "选定的亲属 · whom it chose to be called",
    "notification": "通知记录 · who was told",
    "matter": "事项 · matters",
    "matter_line": "事项经过 · what was done about them",
    "volunteer_order": "志愿服务 · orders for volunteers",
    "volunteer_order_line": "志愿服务经过 · what was done about them",
    "not in here": "未列出的内容及原因 · what is not listed, and why",
}


def page(site: str, rows: Mapping[str, Any]) -> str:
    """`rows`: as the export has them."""
    what = {held.table: held.what for held in HELD}
    parts = [_part(TITLES.get(name, name), what.get(name, ""), found) for name, found in rows.items()]
    title = f"住户信息 · what is kept of the household {escape(site)}"
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>"
        f"<body><h1>{title}</h1>{''.join(parts)}</body></html>"
    )


def _part(title: str, what: str, found: Any) -> str:
    head = f"<h2>{escape(title)}</h2>" + (f"<p>{escape(what)}</p>" if what else "")
    if isinstance(found, Mapping):
        body = "".join(f"<tr><th>{escape(str(k))}</th><td>{_cell(v)}</td></tr>" for k, v in found.items())
        return f"{head}<table>{body}</table>"
    if not found:
        return f"{head}<p>没有 · nothing</p>"
    names = list(found[0])
    top = "".join(f"<th>{escape(str(name))}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row.get(name))}</td>" for name in names) + "</tr>" for row in found)
    return f"{head}<table><tr>{top}</tr>{body}</table>"


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "–"
    return escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
