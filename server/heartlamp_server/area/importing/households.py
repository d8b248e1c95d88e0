"""A table of households: whom to call, what to know, what they consented to. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from heartlamp_protocol.registry import SITE_ID_MAX

from heartlamp_server.area.household import (
    CONSENTS,
    CONTACTS_MAX,
    Consent,
    Contact,
    Household,
    Needs,
    Refused,
    checked,
    given,
)
from heartlamp_server.area.importing.columns import Bad, Cells, Column, choice, day, text, words
from heartlamp_server.area.importing.report import Outcome
from heartlamp_server.area.importing.sheet import Value
from heartlamp_server.area.phone import e164

_LANGUAGES = {"普通话": "zh", "国语": "zh", "汉语": "zh", "英语": "en"}
_HOW = choice({"witness": ("见证", "见证人", "见证签字", "书面"), "recording": ("录音", "语音")})
_CONSENTS_ZH = {"camera": "摄像", "data": "信息", "voice": "语音"}


def _contact_columns() -> Iterable[Column]:
    for n in range(1, CONTACTS_MAX + 1):
        first = n == 1
        yield Column(
            f"role{n}", (f"联系人{n}", f"关系{n}", f"contact {n}", *(("联系人", "关系", "contact") if first else ()))
        )
        yield Column(
            f"number{n}", (f"电话{n}", f"联系电话{n}", f"phone {n}", *(("电话", "联系电话", "phone") if first else ()))
        )
        yield Column(
            f"language{n}", (f"语言{n}", f"方言{n}", f"language {n}", *(("语言", "方言", "language") if first else ()))
        )


def _consent_columns() -> Iterable[Column]:
    for kind in CONSENTS:
        zh = _CONSENTS_ZH[kind]
        yield Column(f"{kind}_day", (f"{zh}同意日期", f"{kind} consent", f"{kind} consent date"))
        yield Column(f"{kind}_how", (f"{zh}同意方式", f"{kind} consent how"))
        yield Column(f"{kind}_evidence", (f"{zh}同意凭据", f"{kind} consent evidence"))


COLUMNS = (
    Column("site", ("点位编号", "编号", "户编号", "site", "site id", "id"), needed=True),
    *_contact_columns(),
    Column("key_holder", ("钥匙", "钥匙保管", "谁有钥匙", "key holder", "key")),
    Column("dog", ("狗", "犬", "养狗", "dog")),
    Column("stairs", ("楼梯", "台阶", "出入", "stairs")),
    Column("hazards", ("危险", "注意事项", "隐患", "hazards")),
    *_consent_columns(),
)


@dataclass(frozen=True, slots=True)
class Known:
    """A site as it is. `kind`: only a household has anything here; `household` None: what is kept is not readable."""

    kind: str
    household: Household | None


_SITE = text(SITE_ID_MAX, needed=True)


def named(rows: Iterable[Cells]) -> list[str]:
    """The sites that a table speaks of."""
    return sorted({cells.peek("site", _SITE, "") for cells in rows} - {""})


def plan(rows: Iterable[Cells], known: Mapping[str, Known], today: date) -> tuple[dict[str, Household], Outcome]:
    """site -> the household as it shall be, where that differs. What a table has no column for stays as it is."""
    outcome = Outcome()
    changed: dict[str, Household] = {}
    seen: dict[str, int] = {}
    for cells in rows:
        site = cells.get("site", _SITE, "")
        place = known.get(site)
        if site and place is None:
            cells.refuse(
                "site", "没有这个点位 · no such site", "核对编号，或先导入点位 · check it, or import sites first"
            )
        elif site and place is not None and place.kind != "household":
            cells.refuse("site", "这个点位不是住户 · this site is no household", "核对编号 · check the id")
        elif site in seen:
            why = f"第 {seen[site]} 行已是这一户 · row {seen[site]} is this household"
            cells.refuse("site", why, "每户一行 · one row for each household")
        elif place is not None and place.household is None:
            why = "这一户的信息解不开：密钥文件不符，或被改动 · it cannot be unsealed: another key file, or changed"
            cells.refuse("site", why, "恢复密钥文件，或先删除 · bring the key file back, or erase it first")
        before = place.household if place is not None else None
        after = _read(cells, before, today) if before is not None and not cells.refused else None
        if after is None:
            outcome.refused += cells.refused
            continue
        seen[site] = cells.number
        if after == before:
            outcome.same += 1
        else:
            changed[site] = after
            fresh = before == Household()
            outcome.added, outcome.changed = outcome.added + fresh, outcome.changed + (not fresh)
    return changed, outcome


def _read(cells: Cells, before: Household, today: date) -> Household | None:
    there = set(cells.fields())
    contacts = _contacts(cells) if "number1" in there else before.contacts
    needs = Needs(
        *(
            cells.get(name, text(200), "") if name in there else getattr(before.needs, name)
            for name in ("key_holder", "dog", "stairs", "hazards")
        )
    )
    consents = [(kind, c) for kind in CONSENTS if (c := _consent(cells, kind)) is not None]
    if cells.refused:
        return None
    household = before
    try:
        for kind, consent in consents:
            field = f"{kind}_day"
            household = given(household, consent, today)
        field = "number1" if contacts else "site"
        return checked(household, contacts, needs)
    except Refused as why:
        cells.refuse(field, str(why), why.do)
        return None


def _contacts(cells: Cells) -> tuple[Contact, ...]:
    found = []
    for n in range(1, CONTACTS_MAX + 1):
        number = cells.get(f"number{n}", _number, "")
        role, language = cells.get(f"role{n}", text(20), ""), cells.get(f"language{n}", text(20), "")
        if number:
            found.append(Contact(role, number, _LANGUAGES.get(language, language)))
        elif role and not cells.refused:
            cells.refuse(
                f"number{n}",
                "有联系人，没有电话 · a contact without a number",
                "填写电话，或删去联系人 · give it, or drop the contact",
            )
    return tuple(found)


def _number(value: Value) -> str:
    said = words(value)
    try:
        return e164(said) if said else ""
    except ValueError as why:
        raise Bad(str(why), "写成 11 位手机号，或区号加电话 · a mobile's 11 digits, or area code and number") from None


def _consent(cells: Cells, kind: str) -> Consent | None:
    on = cells.get(f"{kind}_day", day, None)
    how = cells.get(f"{kind}_how", _HOW, "")
    evidence = cells.get(f"{kind}_evidence", text(100), "")
    if on is None and not how and not evidence:
        return None
    if not cells.refused and (on is None or not how):
        cells.refuse(
            f"{kind}_day",
            "同意要有日期和方式 · a consent needs its day and how it was given",
            "填写日期、见证或录音、凭据 · give the day, witness or recording, and the evidence",
        )
    return Consent(kind, on, how, evidence) if on is not None else None
