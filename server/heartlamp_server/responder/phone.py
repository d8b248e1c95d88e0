"""Telephone numbers in E.164, as people write them. Pure."""

import re
import unicodedata

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def read(text: str) -> str | None:
    """+8613800138000 of 13800138000, 138-0013-8000, 0086 138 0013 8000, ０１０ 6555 0100; None where it is no number.
    Without a country it is one of mainland China."""
    plain = unicodedata.normalize("NFKC", text)
    digits = re.sub(r"[\s().\-‐-―]", "", plain)
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    elif re.fullmatch(r"1[3-9][0-9]{9}", digits):
        digits = f"+86{digits}"
    elif re.fullmatch(r"0[1-9][0-9]{8,10}", digits):
        digits = f"+86{digits[1:]}"
    if not _E164.fullmatch(digits):
        return None
    if digits.startswith("+861") and digits[4] in "3456789" and len(digits) != 14:
        return None  # a mobile number with a digit too few or too many
    return digits


def hidden(number: str) -> str:
    """For who must tell numbers apart and not read them: the last four digits."""
    return f"…{number[-4:]}"
