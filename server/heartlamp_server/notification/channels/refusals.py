"""What a provider's codes mean to us."""

from collections.abc import Mapping, Sequence

from heartlamp_server.notification.channels.channel import AGAIN, Failed

Meaning = tuple[str, str, float]
"""(what to do next, why in our words, seconds until it may be tried again)"""


def meaning(
    code: str, message: str, codes: Mapping[str, Meaning], firsts: Sequence[tuple[str, str, str, float]]
) -> Failed:
    """By the whole code, else by how it begins. One that we do not know is tried again, and elsewhere too."""
    what, why, after = codes.get(code) or next(
        ((what, why, after) for first, what, why, after in firsts if code.startswith(first)),
        (AGAIN, message[:100], 10.0),
    )
    return Failed(what, f"{why} ({code})", after)
