"""The table of permissions as a page for people: docs/permissions.md, by `heartlamp-server permissions`. Pure."""

from collections.abc import Mapping

from heartlamp_server.responder.scope import IN_THE_VILLAGE, NEEDS_SECOND, ROLES, TABLE

_WHAT: Mapping[str, tuple[str, str]] = {
    "incident.see": ("查看警情", "see an incident"),
    "incident.silent": ("查看静默报警", "see one that is silent too"),
    "incident.past": ("查看已办结的警情", "see one that is closed too"),
    "incident.unhanded": ("查看未移交的警情", "see one that was not handed over too"),
    "incident.answer": ("为自己应答", "answer for oneself"),
    "incident.answer_for": ("替来电人记录应答", "record the answer of who telephones"),
    "incident.close": ("办结", "close"),
    "incident.report": ("上报警情", "report what one sees, with photos"),
    "hotline": ("接听报警电话", "take calls at the centre"),
    "drill.announce": ("宣布点位演练", "announce a drill of a site, and see which sites had theirs"),
    "incident.handover": ("移交 110/119/120", "hand over to 110, 119, 120; note number and outcome"),
    "shift": ("交接班", "hand a post over and take it over"),
    "picture.see": ("查看照片", "look at a picture"),
    "broadcast": ("向村大喇叭喊话", "speak to a village's loudspeakers"),
    "device.see": ("查看设备与读数", "see devices, gateways and readings"),
    "device.change": ("更改设备", "change devices"),
    "quarantine.see": ("查看隔离区", "see what could not be believed"),
    "area.see": ("查看区域", "see areas and sites"),
    "area.change": ("更改区域", "change areas and sites"),
    "household.see": ("查看住户须知", "see what a household gave of itself"),
    "household.change": ("登记住户信息", "enter it"),
    "household.export": ("导出住户名单", "ask for or release a list of households"),
    "person.see": ("查看人员", "see people and which levels are staffed"),
    "system.change": ("管理其他系统的接入与订阅", "let other systems in, subscribe them"),
    "number.see": ("查看电话号码", "see people's telephone numbers"),
    "person.change": ("管理账号与角色", "keep accounts and roles"),
    "family.see": ("查看住户选定的亲属", "see whom a household chose"),
    "family.change": ("登记住户选定的亲属", "enter whom a household chose"),
    "roster.see": ("查看值班表", "see duty rosters and who is on call"),
    "roster.change": ("编排值班表", "draw up duty rosters"),
    "channel.see": ("查看通知渠道状态", "see how the channels are by which people are told"),
    "policy.see": ("查看升级策略", "see escalation policies"),
    "policy.change": ("更改升级策略", "change escalation policies"),
    "matter.see": ("查看事项", "see matters"),
    "matter.answer": ("上报、报到、办理事项", "raise matters, report in to and work on them"),
    "order.see": ("查看志愿服务订单", "see orders for volunteers"),
    "order.answer": ("点单、派单、接单", "write down, offer, take up and do them"),
    "patrol.see": ("查看巡查打卡", "see check-ins of patrols"),
    "patrol.do": ("巡查打卡", "check in on a patrol"),
    "house.see": ("查看亲属家的页面", "see the page of the house whose family one is"),
    "house.code": ("签发点位二维码", "make a site's code"),
    "house.phones": ("查看和解除住户手机配对", "see and end the pairing of a household's phones"),
    "figures.see": ("查看统计", "see figures"),
    "figures.lock": ("锁定、更正月报", "lock a month's figures, and correct them openly"),
    "figures.keep": ("维护月报模板与流量卡费用", "keep the report's form and what SIM cards cost"),
    "wall.see": ("查看大屏", "see the wall's counts"),
    "retention.change": ("更改保存期限", "change how long what is kept"),
    "audit.read": ("查看审计日志", "read the audit log"),
    "self": ("管理自己的账号", "mind the own account"),
}
_ACTIONS_HEAD = "| action | 动作 | what it is | who | routes |"


def page(routes: Mapping[tuple[str, str], str]) -> str:
    """`routes`: (method, path) -> action."""
    names = " · ".join(f"`{role}` {zh}" for role, (zh, _) in ROLES.items())
    lines = [
        "# Who may do what",
        "",
        "Written by `heartlamp-server permissions`; a test holds it to the code.",
        "",
        "A person has roles, each in one area (or everywhere), from a date to a date. A role counts in its area and in",
        "all that is below it, also in the household groups of a grid, and nowhere else. What lies elsewhere does not",
        "exist for that person: it stands in no list, comes by no feed, and asking for it by its id says 404. A route",
        "whose action the person has nowhere says 403.",
        "",
        f"Roles: {names}.",
        "",
        f"- {_listed(NEEDS_SECOND)} count only in a session that was opened with the second factor.",
        "- `family` has no area: it is whom one household chose, and reaches that household.",
        "- `police` see an incident once it was handed over to them, and no other. `grid_worker`, `group_head`,",
        "  `volunteer` and `family` see the present: an incident leaves them when it is closed.",
        f"- Of a silent alarm nothing in the village may learn: at the levels {_listed(IN_THE_VILLAGE)} only",
        "  `police` have `incident.silent`.",
        "- `wall` is a screen on a wall: it sees counts and nothing else, and stays signed in for 400 days.",
        "- Who changes an account or gives a role must reach everywhere that account or role reaches.",
        "",
        _ACTIONS_HEAD,
        "|---|---|---|---|---|",
    ]
    for action, roles in TABLE.items():
        zh, en = _WHAT[action]
        who = "everybody" if set(roles) == set(ROLES) else " ".join(f"`{r}`" for r in ROLES if r in roles)
        ways = "<br>".join(f"{m} {p}" for (m, p), a in sorted(routes.items(), key=lambda r: r[0][1]) if a == action)
        lines.append(f"| `{action}` | {zh} | {en} | {who} | {ways or '–'} |")
    return "\n".join(
        [
            *lines,
            "",
            "`POST /api/login` is open to anybody. What is below `/api/house/{code}` asks for the code of a site's",
            "label: with it anybody reports a fault; all else there is for a phone that was paired by a press on the",
            "lamp, or for the house's `family`.",
            "",
        ]
    )


def _listed(names: frozenset[str]) -> str:
    *first, last = (f"`{name}`" for name in sorted(names))
    return f"{', '.join(first)} and {last}"
