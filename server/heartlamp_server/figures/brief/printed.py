"""The daily brief as a page to print. Pure."""

from html import escape
from zoneinfo import ZoneInfo

from heartlamp_server.figures.brief.model import BriefView
from heartlamp_server.figures.report.fields import LEVELS, NONE
from heartlamp_server.figures.report.printed import table, whole
from heartlamp_server.incident.texts import WHAT
from heartlamp_server.responder.scope import ROLES

ENDED = {"": ("未了结", "open"), "closed": ("办结", "closed"), "false": ("误报", "false")}


def page(brief: BriefView, zone: ZoneInfo, lang: str) -> str:
    """`lang`: zh or en."""
    en = lang == "en"

    def at(moment: object) -> str:
        return moment.astimezone(zone).strftime("%m-%d %H:%M")  # type: ignore[attr-defined,no-any-return]

    title = f"{escape(brief.name)} " + ("Heart-Lamp: daily brief" if en else "心灯每日一报")
    kinds = ", ".join(f"{WHAT[what][en]} {many}" for what, many in sorted(brief.kinds.items())) or NONE
    heads: tuple[str, ...]
    lines = [
        f"<h1>{title}</h1>",
        f"<p>{at(brief.since)} – {at(brief.until)} ({escape(str(zone))})</p>",
        _p(en, f"警情 {brief.alarms} 起（{kinds}）", f"Alarms: {brief.alarms} ({kinds})"),
        _p(
            en,
            f"了结 {brief.ended}，其中误报 {brief.false}；此刻未了结 {brief.open}",
            f"Ended {brief.ended}, of them false {brief.false}; open at the moment {brief.open}",
        ),
    ]
    if brief.listed:
        rows = [
            [str(a.n), at(a.began_at), WHAT[a.what][en], escape(" ".join(a.place)), ENDED[a.ended][en],
             *(NONE if s is None else f"{s // 60}:{s % 60:02}" for s in (a.accept_s, a.arrive_s, a.close_s))]
            for a in brief.listed
        ]  # fmt: skip
        zh_heads = ("序号", "按下", "种类", "地点", "结果", "受理", "到场", "了结")
        en_heads = ("No.", "Press", "Kind", "Place", "End", "Accepted", "Arrived", "Ended")
        lines += [_h(en, "警情", "Alarms"), table(en_heads if en else zh_heads, rows)]
    if brief.opened:
        rows = [[WHAT[o.what][en], escape(" ".join(o.place)), at(o.began_at)] for o in brief.opened]
        lines += [_h(en, "未了结", "Open"), table(("Kind", "Place", "Since") if en else ("种类", "地点", "起"), rows)]
    if brief.sick:
        rows = [[escape(s.village), f"{s.missed}/{s.devices}", _yes(en, s.gateway)] for s in brief.sick]
        heads = ("Village", "Devices missed", "Gateway silent") if en else ("村", "失联设备", "网关失联")
        lines += [_h(en, "设备", "Devices"), table(heads, rows)]
    if brief.duty:
        rows = [
            [f"{LEVELS[d.level][en]} {ROLES[d.role][en]}", str(d.people), f"{d.uncovered_minutes}"] for d in brief.duty
        ]
        heads = ("Duty", "People", "Uncovered, min") if en else ("岗位", "人数", "无人值守（分钟）")
        lines += [_h(en, "值班", "On duty"), table(heads, rows)]
    if brief.late:
        rows = [
            [f"{m.matter} {escape(m.en if en else m.zh)}", escape(m.unit), escape(m.place), f"{m.late_minutes // 60} h"]
            for m in brief.matters
        ]
        heads = ("Matter", "Department", "Place", "Late") if en else ("事项", "部门", "地点", "逾期")
        lines += [_h(en, f"逾期事项 {brief.late}", f"Late matters: {brief.late}"), table(heads, rows)]
    return whole(title, lines, lang)


def _p(en: bool, zh: str, english: str) -> str:
    return f"<p>{english if en else zh}</p>"


def _h(en: bool, zh: str, english: str) -> str:
    return f"<h2>{english if en else zh}</h2>"


def _yes(en: bool, value: bool) -> str:
    return ("yes" if en else "是") if value else NONE
