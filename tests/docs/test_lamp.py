"""docs/lamp.md and docs/prompts.md say what the code does."""

import re
import sys
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.adapter import Order
from heartlamp_gateway.outputs.modem import speech
from heartlamp_gateway.outputs.speaker import words
from heartlamp_protocol.device.names import WHATS

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "firmware/app"))  # the device's pure rules run here too

from heartlamp.rules import places, tones, voice  # noqa: E402
from heartlamp.rules.glow import PATTERNS, SHAPES  # noqa: E402
from heartlamp_tech.draw_lamp import draw  # noqa: E402

LAMP = (ROOT / "docs/lamp.md").read_text(encoding="utf-8")
PROMPTS = (ROOT / "docs/prompts.md").read_text(encoding="utf-8")
PICTURES = ROOT / "docs/images/lamp"


@pytest.mark.parametrize("meaning", PATTERNS)
def test_each_meaning_is_drawn_as_the_leds_show_it(meaning: str) -> None:
    drawn = (PICTURES / f"{meaning}.svg").read_text(encoding="utf-8")
    assert drawn == draw(meaning), "the picture lags behind the code: make docs-lamp"
    assert f"(images/lamp/{meaning}.svg)" in LAMP


def test_no_picture_is_left_of_a_meaning_that_is_gone() -> None:
    assert {p.stem for p in PICTURES.iterdir()} == set(PATTERNS)


@pytest.mark.parametrize("meaning", PATTERNS)
def test_the_table_has_the_codes_numbers(meaning: str) -> None:
    color, rhythm, sound = PATTERNS[meaning]
    row = [cell.strip() for cell in re.findall(rf"^\| `{meaning}` \|(.*)\|$", LAMP, re.M)[0].split("|")]
    assert row[0] == f"`{color}`"
    assert row[1] == (" ".join(map(str, rhythm)) or "steady")
    assert row[3] == (" ".join(str(hertz) for hertz, _ in tones.NOTES[sound] if hertz) if sound else "–")


def everything_said() -> set[str]:
    """Every sentence that any picture has."""
    answers = ("none", "unanswered", "accepted", "coming", "arrived", "closed")
    calls = [
        {"role": role, "place": "", "what": what, "answer": "none", "who": ""}
        for what in ("panic", "fire", "gas", "flood")
        for role in ("near", "drill")
    ]
    pictures: list[dict[str, object]] = [
        {"meaning": meaning, "answer": answer, "who": "", "calls": [call]}
        for meaning in PATTERNS
        for answer in answers
        for call in calls
    ]
    return {clip for picture in pictures for kind, clip in voice.words(picture) if kind == "clip"}


def test_every_sentence_is_listed_with_its_words() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \|$", PROMPTS, re.M)
    assert {clip for clip, _, _ in rows} == everything_said() | {"somebody", "a-neighbour"}
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for _, chinese, _ in rows)
    for unit in places.UNITS:
        assert f"`{unit}`" in PROMPTS
        assert f"`{unit}-of`" in PROMPTS


def test_every_clip_of_loudspeaker_and_telephone_is_listed_and_no_other() -> None:
    told = set(re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|", PROMPTS, re.M))
    used: set[str] = set()

    def there(path: str) -> bool:
        used.add(path.removeprefix("zh/").removesuffix(".wav"))
        return "places/" not in path

    for what in (*WHATS, "test"):
        if what == "silent":
            continue  # nothing is said of it anywhere
        order = Order("k", "voice", "", "i", what, "三组 7号", "g3", "", "zh", drill=1)
        assert speech.clips(order, there)
        assert words.clips(what, order.place, True, "zh", there)
        assert words.vague(what, True, "zh", there)
    said = {clip for clip in used if re.fullmatch("[a-z-]+", clip)} - set(places.UNITS)
    assert told == said | everything_said() | {"somebody", "a-neighbour"}


def test_the_demos_legend_glows_as_the_leds_do() -> None:
    page = (ROOT / "tests/village/page/lamp.js").read_text(encoding="utf-8")
    rows = re.findall(r'^  (\w+): \{ color: "(.*)", rhythm: \[(.*)\], shape: "(.*)" \},$', page, re.M)
    assert len(rows) == 5
    for meaning, color, rhythm, shape in rows:
        on_the_leds = (PATTERNS[meaning][0], ", ".join(map(str, PATTERNS[meaning][1])), SHAPES.get(meaning, "whole"))
        assert (color, rhythm, shape) == on_the_leds
