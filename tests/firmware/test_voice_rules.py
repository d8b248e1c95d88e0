"""Which clips a lamp plays, and when it says them: no clock, no file, no board."""

import random
from typing import Any

import pytest
from heartlamp.rules import saying, tones, voice, wav
from heartlamp.rules.lamp import Press
from heartlamp.rules.places import split
from heartlamp.rules.saying import Saying, cuts

from tests.firmware.waves import recording

SENTENCES = {
    "told", "accepted", "calling-next", "is-coming", "has-arrived", "somebody", "a-neighbour", "calls-for-help", "fire",
    "gas", "flood", "press-green", "shout", "drill",
}  # fmt: skip
ZH = {*SENTENCES, *(str(n) for n in range(11)), "group", "house"}
EN = {*SENTENCES, *(str(n) for n in range(21)), "30", "group-of", "house-of"}


def picture(meaning: str, answer: str = "none", who: str = "", *calls: dict[str, Any]) -> dict[str, object]:
    return {"meaning": meaning, "answer": answer, "who": who, "calls": list(calls)}


def near(place: str, what: str = "panic", answer: str = "none", who: str = "", role: str = "near") -> dict[str, Any]:
    return {"incident": f"lamp {place}", "role": role, "place": place, "what": what, "answer": answer, "who": who}


def spoken(shown: dict[str, object], *langs: str, **recorded: set[str]) -> str:
    """Clips as they are played. recorded: language -> names."""
    have = {f"{lang}/{name}.wav" for lang, names in recorded.items() for name in names}
    played = voice.files(voice.words(shown), list(langs) or ["zh"], have.__contains__)
    assert set(played) <= have
    return " ".join(path.removesuffix(".wav").removeprefix("zh/") for path in played)


def test_a_drill_says_so_first_or_nothing() -> None:
    shown = picture("drill", "none", "", near("三组 7号", role="drill"))
    assert spoken(shown, zh=ZH) == "drill 3 group 7 house calls-for-help press-green"
    assert spoken(shown, zh=ZH - {"drill"}) == ""


def test_of_a_drill_nothing_is_said_while_a_neighbour_calls() -> None:
    shown = picture("near", "none", "", near("三组 2号", role="drill"), near("三组 7号"))
    assert spoken(shown, zh=ZH) == "3 group 7 house calls-for-help press-green"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("三组 7号", [("group", 3), ("house", 7)]),
        ("三组7号", [("group", 3), ("house", 7)]),
        ("十二组二十三号", [("group", 12), ("house", 23)]),
        ("第十组 第九十九号", [("group", 10), ("house", 99)]),
        ("Group 3, house 7", [("group", 3), ("house", 7)]),
        ("２号楼 3单元 502室", [("building", 2), ("unit", 3), ("room", 502)]),
        ("五队 1号", [("team", 5), ("house", 1)]),
    ],
)
def test_a_places_numbers_are_read(name: str, parts: list[tuple[str, int]]) -> None:
    assert split(name) == (parts, True)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("柳树村三组 7号", [("group", 3), ("house", 7)]),
        ("7号桥村 2组", [("group", 2)]),
        ("三组 7-2号", [("group", 3)]),
        ("三组 7号之2", [("group", 3)]),
        ("三组 house 12B", [("group", 3)]),
        ("三组长家", []),
        ("一二组", []),
        ("一百零五号", []),
        ("1234567号", []),
        ("号", []),
        ("", []),
        ("城关派出所", []),
    ],
)
def test_what_is_not_certain_is_left_out(name: str, parts: list[tuple[str, int]]) -> None:
    assert split(name) == (parts, False)


@pytest.mark.parametrize("number", range(1, 100))
def test_every_number_to_99_is_the_same_in_chinese(number: int) -> None:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    text = ("" if tens == 0 else "十" if tens == 1 else digits[tens] + "十") + (digits[ones] if ones else "")
    assert split(f"{text}组") == split(f"{number}组") == ([("group", number)], True)


def test_names_of_noise_never_raise() -> None:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    dice = random.Random(seed)
    letters = "一十二百组号队第楼单元室 0 7７-/.aBgroup house之\u202e\0"
    for _ in range(3000):
        text = "".join(dice.choice(letters) for _ in range(dice.randrange(14)))
        parts, whole = split(text)
        assert all(0 <= number <= 999 for _, number in parts), (seed, text)
        assert not whole or parts, (seed, text)


def test_it_says_whose_house_calls_and_what_to_press() -> None:
    shown = picture("near", "none", "", near("三组 7号"))
    assert spoken(shown, zh=ZH) == "3 group 7 house calls-for-help press-green"


def test_english_says_the_word_before_the_number() -> None:
    shown = picture("near", "none", "", near("三组 37号", "fire"))
    played = spoken(shown, "en", "zh", en=EN, zh=ZH)
    assert played == "en/group-of en/3 en/house-of en/30 en/7 en/fire en/press-green"


def test_ten_clips_are_enough_for_ninety_nine_houses() -> None:
    assert spoken(picture("coming", "coming", "三组 23号"), zh=ZH) == "3 group 2 10 3 house is-coming"
    assert spoken(picture("coming", "coming", "三组 17号"), zh=ZH) == "3 group 10 7 house is-coming"
    assert spoken(picture("coming", "coming", "三组 40号"), zh=ZH) == "3 group 4 10 house is-coming"
    assert spoken(picture("coming", "coming", "三组 502号"), zh=ZH) == "3 group 5 0 2 house is-coming"


def test_a_clip_for_the_whole_is_better_than_its_pieces() -> None:
    shown = picture("near", "none", "", near("三组 7号"))
    assert spoken(shown, zh=ZH | {"group-3"}).startswith("group-3 7 house")
    assert spoken(shown, zh=ZH | {"places/三组7号"}).startswith("places/三组7号 calls-for-help")


def test_half_an_address_is_not_said_as_if_it_were_all() -> None:
    assert spoken(picture("near", "none", "", near("三组 7号")), zh=ZH - {"7"}) == (
        "a-neighbour calls-for-help press-green"
    )


def test_a_person_is_named_only_where_the_village_recorded_the_name() -> None:
    coming = picture("coming", "coming", "某某 三组 9号")
    assert spoken(coming, zh=ZH) == "somebody is-coming"
    assert spoken(coming, zh=ZH | {"names/某某三组9号"}) == "names/某某三组9号 is-coming"
    assert spoken(picture("told", "accepted", "城关派出所"), zh=ZH) == "somebody accepted"
    assert spoken(picture("coming", "arrived", ""), zh=ZH) == "somebody has-arrived"


def test_a_name_never_leaves_its_folder() -> None:
    for name in ("../../config", "/etc/passwd", "..", "a\\b", "x" * 49, "a\0b"):
        assert spoken(picture("coming", "coming", name), zh=ZH | {f"names/{name}"}) == "somebody is-coming"
    assert voice.languages("../../x") == ["zh"]


def test_a_neighbours_call_that_somebody_goes_to_says_who() -> None:
    shown = picture(
        "near", "none", "", near("三组 7号", "flood", "coming", "三组 9号"), near("三组 2号", answer="closed")
    )
    assert spoken(shown, zh=ZH) == "3 group 7 house flood 3 group 9 house is-coming press-green"


def test_what_a_dialect_lacks_comes_from_the_language_clip_by_clip() -> None:
    assert voice.languages("zh-wenzhou") == ["zh-wenzhou", "zh"]
    assert voice.languages("ug") == ["ug", "zh"]
    assert voice.languages("") == ["zh"]
    shown = picture("near", "none", "", near("三组 7号"))
    dialect = {"calls-for-help", "3", "group"}
    played = spoken(shown, "wz", "zh", wz=dialect, zh=ZH)
    assert played == "wz/3 wz/group 7 house wz/calls-for-help press-green"


def test_without_its_sentence_nothing_is_said_and_the_tones_stand_alone() -> None:
    assert spoken(picture("shout"), zh=set()) == ""
    assert spoken(picture("near", "none", "", near("三组 7号")), zh=ZH - {"calls-for-help"}) == ""


@pytest.mark.parametrize("meaning", ["working", "sending", "dark", "unprovisioned"])
def test_nothing_is_said_where_there_is_nothing_to_say(meaning: str) -> None:
    assert spoken(picture(meaning), zh=ZH) == ""


def test_nobody_coming_any_more_is_said() -> None:
    assert spoken(picture("told", "unanswered"), zh=ZH) == "calling-next"


def turn(old: Saying | None, shown: dict[str, object], press: Press | None, now: int) -> Saying:
    """On a board with a speaker."""
    return saying.turn(old, shown, voice.words(shown), press, now)


def said_until(shown: Saying, until: int) -> list[int]:
    times = []
    while (at := shown.due()) is not None and at <= until:
        times.append(at)
        shown.said += 1
    return times


CALL = near("三组 7号")


def test_the_same_picture_goes_on_and_a_new_one_begins_anew() -> None:
    first = turn(None, picture("near", "none", "", CALL), None, 1000)
    assert said_until(first, 15_000) == [1000, 11_000]
    same = turn(first, picture("near", "none", "", CALL), None, 12_000)
    assert same is first
    more = turn(same, picture("near", "none", "", CALL, near("三组 9号")), None, 15_000)
    assert more.due() == 15_000
    assert not cuts(same, more)  # it lets the sentence end, then says both houses
    assert cuts(more, turn(more, picture("shout"), None, 16_000))


def test_a_press_is_answered_by_sound_also_where_the_light_stays_as_it_was() -> None:
    idle = turn(None, picture("shout"), None, 0)
    assert idle.due() == 60_000  # nobody needs help: no sound for a short break
    pressed = turn(idle, picture("shout"), Press("a", 5_000), 5_000)
    assert pressed.due() == 5_000
    pressed.said = 1
    assert turn(pressed, picture("shout"), Press("a", 5_000), 6_000) is pressed
    assert turn(pressed, picture("shout"), Press("b", 5_000), 7_000).due() == 7_000  # and the next press too


def test_a_press_that_the_lamps_state_took_over_is_not_said_twice() -> None:
    own = near("三组 7号", role="own") | {"incident": "a"}
    told = turn(None, picture("told"), Press("a", 0), 0)
    told.said = 1
    assert turn(told, picture("told", "none", "", own), None, 500) is told


def test_a_press_of_yesterday_makes_no_broken_line_loud() -> None:
    press = Press("a", 0)
    press.received = True
    assert turn(None, picture("shout"), press, 60_000).due() == 60_000  # at once
    assert turn(None, picture("shout"), press, 60_001).due() == 120_001  # a minute later, once


def test_only_the_one_wav_format_is_played_and_whatever_else_is_refused() -> None:
    head = recording(100)[: wav.HEAD]
    assert wav.sound_in(head) == (44, 3200)
    tagged = head[:36] + b"LIST" + (6).to_bytes(4, "little") + b"INFOxy" + head[36:]
    assert wav.sound_in(tagged) == (58, 3200)
    for wrong in (b"", b"RIFF", b"ID3" + bytes(500), head[:40], head.replace(b"data", b"fact"), b"x" * 512):
        with pytest.raises(ValueError, match=r"WAV|sound"):
            wav.sound_in(wrong)
    with pytest.raises(ValueError, match="16 kHz"):
        wav.sound_in(head[:22] + b"\x02" + head[23:])  # two channels


def test_a_second_house_that_calls_is_sounded_at_once_also_without_words() -> None:
    first = saying.turn(None, picture("near", "none", "", CALL), [], None, 0)
    assert said_until(first, 5_000) == [0]
    going = saying.turn(first, picture("near", "none", "", CALL | {"answer": "coming"}), [], None, 4_000)
    assert going is first
    both = saying.turn(first, picture("near", "none", "", CALL, near("三组 9号")), [], None, 5_000)
    assert both.due() == 5_000
    assert saying.turn(both, picture("near", "none", "", CALL), [], None, 6_000) is both  # one less is no news


def test_every_sound_has_its_rounds() -> None:
    assert tones.NOTES.keys() == tones.BEFORE.keys() == tones.ALONE.keys()
