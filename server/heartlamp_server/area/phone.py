"""Telephone numbers as E.164: + and the country's code first. Pure."""

import re
import unicodedata

COUNTRY = "+86"
_ASIDE = re.compile(r"[\s().\-–—·/]")


def e164(text: str) -> str:
    """A number as people write it in China: a mobile's eleven digits, or a landline with its area code; any other
    country's with + or 00. Raises ValueError: why not, "中文 · English"."""
    said = unicodedata.normalize("NFKC", text)
    said = _ASIDE.sub("", "".join(c for c in said if unicodedata.category(c) != "Cf")).lstrip("'")
    if "E+" in said.upper():
        raise ValueError("Excel 已把号码缩写 · Excel shortened the number")
    if said.startswith("00"):
        said = "+" + said[2:]
    if re.fullmatch(r"861[3-9]\d{9}", said):
        said = "+" + said
    if said.startswith("+"):
        if not re.fullmatch(r"\+[1-9]\d{6,14}", said):
            raise ValueError("不是完整的国际号码 · no whole international number")
        if said.startswith(COUNTRY) and not _chinese(said[3:]):
            raise ValueError("不是中国的电话号码 · no number of China")
        return said
    if not said.isascii() or not said.isdigit():
        raise ValueError("号码里有不是数字的字 · there are other signs than digits in it")
    if re.fullmatch(r"1[3-9]\d{9}", said):
        return COUNTRY + said
    if re.fullmatch(r"0[1-9]\d{9,10}", said) and _chinese(said[1:]):
        return COUNTRY + said[1:]
    if len(said) in (7, 8):
        raise ValueError("固定电话缺区号 · a landline needs its area code")
    raise ValueError(f"{len(said)} 位不是电话号码 · {len(said)} digits are no telephone number")


def _chinese(national: str) -> bool:
    """Without the leading 0."""
    return bool(re.fullmatch(r"1[3-9]\d{9}|10\d{8}|2\d{9}|[3-9]\d{2}\d{7,8}", national))


def masked(number: str) -> str:
    """Enough to recognise, too little to call."""
    return number[: max(0, len(number) - 8)] + "****" + number[-4:] if len(number) > 8 else "****"
