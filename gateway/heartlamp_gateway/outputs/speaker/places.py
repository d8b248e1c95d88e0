"""The numbers in a place's name: "三组 7号" is group 3, house 7. As lamps read them (docs/prompts.md, "Order and
numbers"): what is not certain is left out, because a wrong house is worse than none. Pure; a test holds it against the
lamps' own."""

import re

_NUMERALS = "0-9０-９零一二三四五六七八九十〇两百千万亿廿卅"
_GAPS = " \u3000,，、;；·()（）第"
_BINDS = frozenset("-－/.之附#abcdefghijklmnopqrstuvwxyz")  # a number behind one of these is half a number
_AFTER = {
    "号楼": "building",
    "单元": "unit",
    "组": "group",
    "队": "team",
    "号": "house",
    "栋": "building",
    "室": "room",
}
_WORDS = "group|team|house|building|unit|room"
_TOKEN = re.compile(
    rf"(?P<number>[{_NUMERALS}]+)(?P<unit>{'|'.join(_AFTER)})?"
    rf"|(?P<word>{_WORDS}) +(?P<digits>[0-9]+)(?=[{_GAPS}]|$)|(?P<other>[a-z]+)|(?P<gap>[{_GAPS}]+)|."
)
_ENDS = re.compile(rf"[{_GAPS}{_NUMERALS}]|$")
_CHINESE = "零一二三四五六七八九"
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


def numbers(text: str) -> tuple[tuple[str, int], ...]:
    """(unit, number) as they stand."""
    text = text.lower()
    found: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(text):
        if token["word"]:
            found.append((token["word"], int(token["digits"])))
        elif token["unit"]:
            bound = token.start() > 0 and text[token.start() - 1] in _BINDS
            number = _value(token["number"])
            if number is not None and not bound and _ENDS.match(text, token.end()):
                found.append((_AFTER[token["unit"]], number))
    return tuple(found)


def _value(text: str) -> int | None:
    """Digits, or 一 to 九十九; None: anything else, also 一二 that may mean one or two."""
    digits = text.translate(_WIDE)
    if re.fullmatch("[0-9]+", digits):
        return int(digits) if len(digits) <= 3 else None
    chinese = re.fullmatch("([一二三四五六七八九]?)(十?)([一二三四五六七八九]?)", text)
    if chinese is None or not text:
        return None
    tens, ten, ones = chinese.groups()
    if not ten:
        return _CHINESE.index(text) if len(text) == 1 else None
    return (_CHINESE.index(tens) if tens else 1) * 10 + (_CHINESE.index(ones) if ones else 0)
