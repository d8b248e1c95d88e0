"""The numbers in a place's name: "三组 7号" is group 3, house 7. What is not certain is left out, because a wrong house
is worse than none: "7号桥" is no house, "三组长" no group, "12B" not 12."""

UNITS = ("group", "team", "house", "building", "unit", "room")  # written before a number in English
# Written after it in Chinese; the longer one of two stands first.
_AFTER = (
    ("号楼", "building"), ("单元", "unit"), ("组", "group"), ("队", "team"), ("号", "house"), ("栋", "building"),
    ("室", "room"),
)  # fmt: skip
_DIGITS = "0123456789"
_WIDE = "０１２３４５６７８９"
_CHINESE = "零一二三四五六七八九"
_NUMERALS = _DIGITS + _WIDE + _CHINESE + "十〇两百千万亿廿卅"
_GAPS = " \u3000,，、;；·()（）第"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BINDS = "-－/.之附#" + _LETTERS  # a number behind one of these is half a number


def split(text: str) -> "tuple[list[tuple[str, int]], bool]":
    """([(unit, number), ...] as they stand, whether that was all of the text)."""
    text = text.lower()
    parts: "list[tuple[str, int]]" = []
    whole, at = True, 0
    while at < len(text):
        end = _run(text, at, _NUMERALS)
        word = _run(text, at, _LETTERS)
        if end > at:
            number, unit, length = _number(text[at:end]), "", 0
            for written, name in _AFTER:
                if not unit and text[end : end + len(written)] == written:
                    unit, length = name, len(written)
            end += length
            if number is not None and unit and (at == 0 or text[at - 1] not in _BINDS) and _ends(text, end):
                parts.append((unit, number))
            else:
                whole = False
        elif word > at:
            start = _run(text, word, " ")
            end = _run(text, start, _DIGITS)
            if text[at:word] in UNITS and end > start > word and (end == len(text) or text[end] in _GAPS):
                parts.append((text[at:word], int(text[start:end])))
            else:
                end, whole = word, False
        else:
            end = at + 1
            whole = whole and text[at] in _GAPS
        at = end
    return parts, whole and len(parts) > 0


def _run(text: str, at: int, of: str) -> int:
    while at < len(text) and text[at] in of:
        at += 1
    return at


def _ends(text: str, at: int) -> bool:
    return at == len(text) or text[at] in _GAPS or text[at] in _NUMERALS


def _number(text: str) -> "int | None":
    """Digits, or 一 to 九十九; None: anything else, also 一二 that may mean one or two."""
    digits = "".join([str(_WIDE.find(c)) if c in _WIDE else c for c in text])
    if _run(digits, 0, _DIGITS) == len(digits):
        return int(digits) if len(digits) <= 3 else None
    if text == "十":
        return 10
    tens, _, ones = text.partition("十")
    if "十" not in text:
        tens, ones = "", text
    values = [_CHINESE.find(c) for c in tens + ones]
    if len(tens) > 1 or len(ones) > 1 or [v for v in values if v < 1]:
        return None
    ten = (_CHINESE.find(tens) if tens else 1) * 10 if "十" in text else 0
    return ten + (_CHINESE.find(ones) if ones else 0)
