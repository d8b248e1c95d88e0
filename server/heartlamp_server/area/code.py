"""Official division codes and levels of areas. Pure."""

import unicodedata

LEVELS = ("city", "county", "township", "village", "grid", "group")
DIGITS = {"city": 4, "county": 6, "township": 9, "village": 12, "grid": 15, "group": 15}
PARENTS = {
    "city": (),
    "county": ("city",),
    "township": ("county",),
    "village": ("township",),
    "grid": ("village",),
    "group": ("village",),
}
"""In which areas one of a level may be. A county may also be in none; a police grid may also be in a township."""
CHINESE = {"city": "市", "county": "县", "township": "乡镇", "village": "村", "grid": "网格", "group": "户组"}

_FILLED = (6, 12)  # civil affairs and statistics offices fill every code up with zeros to so many digits
_PARTS = (2, 4, 6, 9)  # of a province, which is no area here, city, county, township


def parents(level: str, police: bool) -> tuple[str, ...]:
    return (*PARENTS[level], "township") if police else PARENTS[level]


def clean(text: str) -> str:
    """A code as it was meant: full-width digits, spaces, invisible marks and Excel's apostrophe are none of it. The
    zeros that fill a code up to six or twelve digits go too."""
    shown = (c for c in unicodedata.normalize("NFKC", text) if not c.isspace() and unicodedata.category(c) != "Cf")
    code = "".join(shown).lstrip("'")
    if len(code) in _FILLED and _is_digits(code):
        return next((code[:part] for part in _PARTS if part < len(code) and not code[part:].strip("0")), code)
    return code


def level_of(code: str) -> str | None:
    """By its length alone: "city", "county", "township" or "village"; None where that does not say it."""
    return next((level for level in LEVELS[:4] if DIGITS[level] == len(code)), None)


def wrong(code: str, level: str, above: str) -> str | None:
    """Why this is no code of the level, "中文 · English"; `above`: the code of the area that it is in, "" unknown.
    None: it is one. "" is one: an area may have none."""
    if not code:
        return None
    if why := unreadable(code):
        return why
    if len(code) != DIGITS[level]:
        zh = f"{CHINESE[level]}的代码是 {DIGITS[level]} 位，这里有 {len(code)} 位"
        return f"{zh} · a code of a {level} has {DIGITS[level]} digits, this has {len(code)}"
    if above and not code.startswith(above):
        return f"代码不以上级代码 {above} 开头 · it does not begin with {above}, the code of where it is"
    return None


def unreadable(code: str) -> str | None:
    """Why this is no code of any level, "中文 · English". None: it is digits, or ""."""
    if not code or _is_digits(code):
        return None
    if "E+" in code.upper() or "E-" in code.upper():
        return "Excel 已把数字缩写，后面的数字丢失了 · Excel shortened the number, and its last digits are lost"
    return "代码只能是数字 · a code is digits only"


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
