"""Telephone numbers. Pure."""

SHORT = 6  # digits: at most so long are the operators' own and the emergency services'


def e164(number: str, country: str) -> str:
    """One way of writing each: "+8613800138000" for 13800138000, 8613800138000, 008613800138000 and 138-0013-8000.
    Short ones (10086) as they are; "" where no digit is. `country`: the calling code of who dials, "86"."""
    digits = "".join(c for c in number if c in "0123456789")
    if number.strip().startswith("+"):
        return "+" + digits
    if len(digits) <= SHORT:
        return digits
    if digits.startswith("00"):
        return "+" + digits[2:]
    if digits.startswith("0"):
        return f"+{country}{digits[1:]}"
    if digits.startswith(country) and len(digits) > 11:
        return "+" + digits
    return f"+{country}{digits}"


def dialled(number: str) -> str:
    """As a telephone takes it: digits, and + at the front. Raises ValueError where that leaves nothing to dial."""
    digits = "".join(c for c in number if c in "0123456789")
    if len(digits) < 3:
        raise ValueError(f"{number!r} is no telephone number")
    return ("+" if number.strip().startswith("+") else "") + digits


def masked(number: str) -> str:
    """For logs: enough to find whose it is in the roster."""
    return "…" + number[-4:]
