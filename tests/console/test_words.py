"""Whatever a device can be or say has a word on every screen; the console's own words are checked beside them."""

import json
import re
from typing import get_args

import pytest
from heartlamp_protocol.device.kinds import KINDS, LAMPS
from heartlamp_protocol.device.names import WHATS
from heartlamp_server.incident import texts
from heartlamp_server.incident.forms import Card

from tests.console.browse import ROOT

NO_ALARM_OF_THEIR_OWN_TO_SHOW = {"silent", "door", *LAMPS}


def table(name: str) -> set[str]:
    """The keys of an object of the demo page that have a Chinese and an English word."""
    page = (ROOT / "tests/village/page/lamp.js").read_text("utf-8")
    found = re.search(rf"export const {name} = {{(.*?)}};", page, re.DOTALL)
    assert found
    return set(re.findall(r'(\w+): \["[^"]*[\u4e00-\u9fff][^"]*", "[^"]+"\]', found[1]))


def test_the_console_is_checked_for_the_protocols_names() -> None:
    names = json.loads((ROOT / "server/console/src/testing/names.json").read_text("utf-8"))
    assert names == {"kinds": list(KINDS), "whats": list(WHATS)}


@pytest.mark.parametrize(("words", "names"), [(texts.WHAT, WHATS), (texts.KIND, tuple(KINDS))])
def test_a_timeline_has_words_in_both_languages(words: dict[str, tuple[str, str]], names: tuple[str, ...]) -> None:
    assert set(words) == set(names)
    for chinese, english in words.values():
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii()
        assert english


@pytest.mark.parametrize("what", WHATS)
def test_an_alarm_has_a_colour_in_both_themes_and_a_shape_of_its_own(what: str) -> None:
    source = ROOT / "server/console/src"
    css = (source / "styles/tokens.css").read_text("utf-8")
    for part in ("", "-ink", "-wash"):
        assert len(re.findall(rf"^  --{what}{part}: #", css, re.MULTILINE)) == 2
        assert f"var(--{what}{part})" in css
    icon = (source / "parts/AlarmIcon.vue").read_text("utf-8")
    assert what == "panic" or f"what === '{what}'" in icon  # the octagon is also for what a page does not know


def test_the_contract_of_the_screens_has_every_matter() -> None:
    assert get_args(Card.model_fields["what"].annotation) == WHATS


def test_the_demo_page_has_words_for_what_a_lamp_can_show() -> None:
    assert table("WHATS") == set(WHATS) - {"silent"}
    assert table("DEVICES") == set(KINDS) - NO_ALARM_OF_THEIR_OWN_TO_SHOW
    page = (ROOT / "tests/village/page/lamp.js").read_text("utf-8")
    assert f"LAMPS = {json.dumps(LAMPS)};" in page
