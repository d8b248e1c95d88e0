"""The lamp's two rising axes, and the four things a person must learn from them. Pure; `now` is an argument.

machine receipt   ready -> sending -> heard and/or received
people's answer   none -> accepted -> coming -> arrived -> closed; falls back to `unanswered`
trouble           lies over both
"""

from heartlamp_protocol.device.limits import LINK_GRACE_MS, SECOND_PATH_MS, STALE_MS

RANK = {"none": 0, "unanswered": 1, "accepted": 2, "coming": 3, "arrived": 4, "closed": 5}

WORKING, TOLD, COMING, SHOUT, DARK = "working", "told", "coming", "shout", "dark"


def answer_shown(village: str, village_who: str, county: str, county_who: str, county_by: str) -> "tuple[str, str]":
    """(answer, who) out of the village's and the county's word. The higher is shown: a neighbour may be on the way
    before the county knows; where both say the same the county's word, which is signed, names the person.

    `county_by`: the site whose green key the county's answer is, "" for a person's own. Of its houses' keys the village
    knows more than the county does: once it has a word, a neighbour who withdrew while the uplink was cut is not coming
    any more, whatever the county said before."""
    if county_by and village != "none":
        return village, village_who
    if RANK.get(county, 0) >= RANK.get(village, 0):
        return county, county_who
    return village, village_who


def in_trouble(
    now: int, link_down_since: "int | None", refreshed_at: "int | None", answerable: bool, unheard_since: "int | None"
) -> bool:
    """True when the lamp must not be trusted to have told anybody.

    now, link_down_since, refreshed_at, unheard_since: milliseconds of one clock, None where it does not apply
    (link_down_since None: the session is up; refreshed_at None: never; unheard_since None: nothing unreceipted).
    """
    if refreshed_at is None or now - refreshed_at > STALE_MS or not answerable:
        return True
    if link_down_since is not None and now - link_down_since > LINK_GRACE_MS:
        return True
    return unheard_since is not None and now - unheard_since > SECOND_PATH_MS


def meaning(told: bool, sending: bool, answer: str, trouble: bool) -> str:
    """What a person at the victim's lamp must learn. `told`: heard or received; `sending`: pressed, no receipt yet."""
    if trouble:
        return SHOUT
    if told and answer in ("coming", "arrived"):
        return COMING
    if told and answer != "closed":
        return TOLD
    if sending:
        return DARK  # between press and receipt: a flicker of its own, and no promise yet
    return WORKING
