"""What a loudspeaker says: where and what, never who."""

import sys
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.speaker.places import numbers
from heartlamp_gateway.outputs.speaker.words import Clips, clips, languages, sentence, vague
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "firmware/app"))
from heartlamp.rules.places import split

ALL_ZH = {f"zh/{name}.wav" for name in (*map(str, range(11)), "group", "house", "fire", "calls-for-help", "slope")}
PLACES = [
    "三组 7号", "十二组二十三号", "group 3 house 7", "7号桥", "三组长", "12B", "3-7号", "第三组，十号",
    "１２号楼3单元402室", "一二组", "百三十号", "group 12b", "Group  5 house 9", "test3组", "〇七号", "", "柳树村",
    "二十号", "0组1000号", "3号4",
]  # fmt: skip


@pytest.mark.parametrize("text", PLACES)
def test_a_place_is_read_as_lamps_read_it(text: str) -> None:
    assert list(numbers(text)) == split(text)[0]


@given(
    st.text(
        st.sampled_from("0123９零一二三十百号楼单元组队长栋室第 ,，-－.附#ab group3house7桥\u3000（）"), max_size=14
    )
)
def test_any_place_is_read_as_lamps_read_it(text: str) -> None:
    assert list(numbers(text)) == split(text)[0]


def said(what: str, place: str, there: set[str], lang: str = "zh", drill: bool = False) -> Clips | None:
    return clips(what, place, drill, lang, there.__contains__)


def names(found: tuple[str, ...]) -> str:
    return " ".join(path.removesuffix(".wav") for path in found)


def test_a_fire_is_said_by_the_numbers_of_its_house() -> None:
    found = said("fire", "三组 27号", ALL_ZH)
    assert found is not None
    assert names(found.again) == "zh/3 zh/group zh/2 zh/10 zh/7 zh/house zh/fire"
    assert (found.first, found.last) == ((), ())


def test_what_the_village_added_is_said_too() -> None:
    found = said("slope", "三组 7号", ALL_ZH | {"zh/attention.wav", "zh/evacuate.wav"})
    assert found is not None
    assert names(found.again) == "zh/attention zh/3 zh/group zh/7 zh/house zh/slope zh/evacuate"


def test_a_place_with_a_clip_of_its_own_needs_no_numbers() -> None:
    found = said("fire", "柳树 小学", {"zh/fire.wav", "zh/places/柳树小学.wav"})
    assert found is not None
    assert names(found.again) == "zh/places/柳树小学 zh/fire"


def test_a_dialect_goes_first_and_borrows_what_it_lacks() -> None:
    found = said("fire", "三组 7号", ALL_ZH | {"zh-wenzhou/fire.wav", "zh-wenzhou/group-3.wav"}, "zh-wenzhou")
    assert found is not None
    assert names(found.again) == "zh-wenzhou/group-3 zh/7 zh/house zh-wenzhou/fire"


@pytest.mark.parametrize("missing", ["zh/7.wav", "zh/house.wav", "zh/fire.wav"])
def test_half_an_address_is_never_said(missing: str) -> None:
    assert said("fire", "三组 7号", ALL_ZH - {missing}) is None


def test_where_nothing_can_say_the_place_a_neighbour_is_better_than_a_tone() -> None:
    found = vague("fire", False, "zh", {"zh/fire.wav", "zh/a-neighbour.wav"}.__contains__)
    assert found is not None
    assert names(found.again) == "zh/a-neighbour zh/fire"


def test_a_drill_says_so_first_and_last_or_is_not_said_at_all() -> None:
    assert said("fire", "三组 7号", ALL_ZH, drill=True) is None
    found = said("fire", "三组 7号", ALL_ZH | {"zh/drill.wav"}, drill=True)
    assert found is not None
    assert (names(found.first), names(found.last)) == ("zh/drill", "zh/drill")
    text = sentence("fire", "三组 7号", True, "zh")
    assert "演练" in text.first
    assert "演练" in text.last


def test_a_path_never_leaves_the_folder() -> None:
    asked: list[str] = []

    def there(path: str) -> bool:
        asked.append(path)
        return False

    clips("fire", "../../etc/passwd", False, "../..", there)
    clips("fire", "a/b", False, "zh/../x", there)
    assert all(".." not in path and path.startswith("zh/") for path in asked)
    assert languages("zh-wenzhou") == ("zh-wenzhou", "zh")


def test_every_clip_that_may_be_asked_for_is_in_the_page_that_says_what_to_record() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/prompts.md").read_text()
    asked: set[str] = set()

    def there(path: str) -> bool:
        asked.add(path.split("/")[-1].removesuffix(".wav"))
        return True

    for what in ("fire", "flood", "gas", "slope", "panic", "test"):
        clips(what, "三组 7号", True, "zh", there)
        vague(what, True, "zh", there)
    for name in asked - {"三组7号", "group-3", "house-7"}:
        assert f"`{name}`" in page, f"docs/prompts.md does not say what to record as {name}"


@pytest.mark.parametrize("lang", ["zh", "zh-wenzhou", "en", "en-GB"])
def test_a_machines_sentence_names_the_place_and_what(lang: str) -> None:
    text = sentence("gas", "三组 7号", False, lang)
    assert "三组 7号" in text.again
    assert ("gas leak" if text.lang == "en" else "燃气泄漏") in text.again
