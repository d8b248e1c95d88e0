"""The strip of the last press: it follows the press into the call that was open already, and over an outage."""

from typing import Any

from tests.village.journal import Seen
from tests.village.plan import VILLAGES
from tests.village.strip import Strip

HOUSES = VILLAGES[0].houses
FIRST, SECOND = "buttonliu2-0000000000000001", "lampliu2-0000000000000002"
MS = 1_000_000


class Story:
    def __init__(self) -> None:
        self.strip = Strip({h.device(k): h for h in HOUSES for k in h.kinds})
        self.now = 0

    def say(self, source: str, what: str, /, **fields: Any) -> None:
        self.now += 1
        self.strip.take(Seen(self.now * MS, source, what, fields))

    def press(self, device: str, event: str) -> None:
        self.say(device, "pressed", event=event, pin="red")

    def near(self, lamp: str, *incidents: str) -> None:
        calls = [{"incident": i, "role": "near", "what": "panic", "answer": "none"} for i in incidents]
        self.say(lamp, "show", calls=calls)

    def card(self, id: str, presses: int, answer: str = "none", aver: int = 0) -> None:
        card = {"id": id, "site": {"id": "liu-2"}, "what": "panic", "presses": presses, "answer": answer, "aver": aver}
        self.say("feed", "incident", **card)

    def reached(self) -> dict[str, float | None]:
        return {s.hop: s.ms for s in self.strip.stations}


def test_a_first_press_reaches_one_station_after_the_other() -> None:
    story = Story()
    story.press("buttonliu2", FIRST)
    for trace in ("stored", "sent", "heard"):
        story.say("buttonliu2", trace, event=FIRST)
    story.near("lampliu3", FIRST)
    story.near("lampliu4", FIRST)  # the strip tells of the first neighbour
    story.say("buttonliu2", "received", event=FIRST)
    story.card(FIRST, 1)
    story.card(FIRST, 1, "coming", 1)
    assert story.reached() == {
        "pressed": 0, "stored": 1, "sent": 2, "heard": 3, "neighbours lit": 4, "received": 6, "shown": 7, "coming": 8
    }  # fmt: skip


def test_a_second_press_finds_the_lamps_lit_already() -> None:
    story = Story()
    story.press("buttonliu2", FIRST)
    story.near("lampliu3", FIRST)
    story.card(FIRST, 1, "accepted", 1)
    story.press("lampliu2", SECOND)
    assert story.reached() == {"pressed": 0, "neighbours lit": None}
    story.near("lampliu3", FIRST)
    story.card(FIRST, 2, "accepted", 1)  # accepted was so before this press
    assert story.reached() == {"pressed": 0, "neighbours lit": None, "shown": 2}


def test_the_card_of_another_press_is_not_this_one_shown() -> None:
    story = Story()
    story.press("buttonliu2", FIRST)
    story.press("lampliu2", SECOND)
    story.card(FIRST, 1)
    assert "shown" not in story.reached()
    story.card(FIRST, 2)
    assert "shown" in story.reached()


def test_the_first_card_after_an_outage_tells_press_and_answer_at_once() -> None:
    story = Story()
    story.press("buttonliu2", FIRST)
    story.card(FIRST, 1, "coming", 1)
    assert story.reached() == {"pressed": 0, "shown": 1, "coming": 1}


def test_after_a_close_the_lamps_are_lit_anew() -> None:
    story = Story()
    story.press("buttonliu2", FIRST)
    story.near("lampliu3", FIRST)
    story.card(FIRST, 1, "closed", 1)
    story.press("lampliu2", SECOND)
    assert story.reached() == {"pressed": 0}
    story.near("lampliu3")
    story.near("lampliu3", SECOND)
    story.card(SECOND, 1)
    assert story.reached() == {"pressed": 0, "neighbours lit": 2, "shown": 3}


def test_a_neighbours_green_key_begins_no_strip() -> None:
    story = Story()
    story.press("buttonliu2", FIRST)
    story.say("lampliu3", "pressed", event="lampliu3-0000000000000003", pin="green", answer="coming", incident=FIRST)
    assert story.reached() == {"pressed": 0}
