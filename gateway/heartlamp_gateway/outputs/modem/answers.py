"""What somebody wrote back: do they go? Pure.

In doubt it is no `coming`: nobody must wait for a person who does not come. A `cannot` by mistake only calls the next
one earlier.
"""

import re
import unicodedata

CANNOT = re.compile(
    "去不了|去不成|不能去|不去|来不了|不能来|过不来|过不去|没法去|没办法|不在家|不行|不方便|"
    r"\bcan ?not\b|\bcan'?t\b|\bunable\b|\bnot coming\b|\bwon'?t\b|\bno\b(?! problem)"
)
COMING = re.compile(
    "我去|我来|我马上|马上[到去来]|这就[去来]|就[到来]|在路上|已出发|出发了|"
    r"\bi go\b|\bi'?m going\b|\bi will go\b|\bi'?ll go\b|\bi'?m coming\b|\bcoming\b|\bon my way\b"
)
KEY = re.compile(r"^\W*([12一二])(?![.:]?\d)(.*)$", re.DOTALL)
COUNTED = re.compile("^(点|分|个|位|人|小时|楼|号|组|月|日|时|天|次|些|下|样|定|起|直|般)")  # 1点到, 一定: not the key
ASKED = re.compile("[?吗呢]")
SHORT = 24  # characters: without a key, a longer text is a letter and no answer


def read_answer(text: str) -> str:
    """ "coming", "cannot", or "" where it is neither."""
    said = unicodedata.normalize("NFKC", text).replace("’", "'").strip().lower()
    key = KEY.match(said)
    if key and not COUNTED.match(key[2]):
        if key[1] in "2二" or CANNOT.search(key[2]):
            return "cannot"
        return "" if ASKED.search(said) or (key[1] == "一" and re.search(r"\w", key[2])) else "coming"
    if len(said) > SHORT or key:
        return ""
    if CANNOT.search(said):
        return "cannot"
    return "coming" if COMING.search(said) and not ASKED.search(said) else ""
