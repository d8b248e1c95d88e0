"""What a piezo or a speaker sounds for each meaning, in step with the light, and how often it says it.

What must wake people begins at 520 Hz, which wakes more of the old and hard of hearing than a high tone (NFPA 72 asks
for it where people sleep); a piezo's square wave carries it to its own loud 2 to 3 kHz. Quiet hours are the gateway's.
"""

# sound: one round of notes, (Hz, ms), 0 Hz: silence. It is as long as the light's, and sounds only while that shines.
NOTES: "dict[str, list[tuple[int, int]]]" = {
    "sending": [(1500, 100), (0, 650)],
    "told": [(880, 200), (0, 200), (880, 200), (0, 1400)],
    "coming": [(523, 300), (659, 300), (784, 900), (0, 500)],
    "near": [(520, 200), (0, 200), (520, 200), (0, 200), (780, 700), (0, 500)],
    "drill": [(659, 600), (0, 400), (523, 600), (0, 2400)],
    "shout": [(2000, 200), (0, 200)],
}
BEFORE = {"sending": 14, "told": 1, "coming": 1, "near": 1, "drill": 1, "shout": 4}  # rounds that come before the words
ALONE = {"sending": 14, "told": 2, "coming": 2, "near": 3, "drill": 1, "shout": 10}  # rounds where there are no words

# ms between one saying and the next; the last gap goes on for ever, nothing after the first where there is none.
_GAPS: "dict[str, tuple[int, ...]]" = {
    "told": (30_000, 60_000),
    "coming": (30_000, 60_000),
    "near": (10_000, 10_000, 10_000, 60_000),
    "shout": (6_000,) * 9 + (30_000,),
}
# A lamp that lost the village while nobody calls: a short break is silent, a night without network wakes nobody twice.
IDLE_FIRST_MS, IDLE_GAP_MS = 60_000, 3_600_000


def due(meaning: str, needed: bool, said: int) -> "int | None":
    """When to say it, in ms since it began to show; None: not again. needed: somebody here or next door calls for help;
    said: how often it was said."""
    if meaning not in NOTES:
        return None
    if meaning == "shout" and not needed:
        return IDLE_FIRST_MS + said * IDLE_GAP_MS
    if said == 0:
        return 0
    gaps = _GAPS.get(meaning)
    if gaps is None:
        return None
    return sum(gaps[:said]) + max(0, said - len(gaps)) * gaps[-1]
