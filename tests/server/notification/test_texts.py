"""What people read, in catalogues; another language is another folder."""

import re
import shutil
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from heartlamp_server.notification.texts import DOMAIN, FORMS, KINDS, LOCALE, MORE, PARAMETERS, Texts

FIELDS = {"village": "柳树村", "place": "三组 7号", "what": "fire", "count": "2", "device": "心灯", "label": ""}


def catalogue(lang: str) -> Catalog:
    with (LOCALE / lang / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file)


def ids(of: Catalog) -> set[str]:
    return {message.id[0] if isinstance(message.id, tuple) else str(message.id) for message in of if message.id}


def test_every_language_says_the_same_things() -> None:
    assert ids(catalogue("zh")) == ids(catalogue("en"))
    assert {f"what.{what}" for what in ("panic", "fire", "gas", "flood", "slope", "silent")} <= ids(catalogue("zh"))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_kind_has_its_forms_and_uses_only_what_it_may_be_told(lang: str) -> None:
    texts = Texts()
    told = {"village", "place", "landmark", "what", "device", "label", "count", "places", "link", "who"}
    for kind in KINDS:
        assert texts.knows(f"{kind}.title", lang)
        assert texts.knows(f"{kind}.long", lang)
        assert kind == "broadcast" or texts.knows(f"{kind}.text", lang)
    assert all(texts.knows(word, lang) for word in MORE)
    for message in catalogue(lang):
        for string in message.string if isinstance(message.string, tuple) else (message.string,):
            assert set(re.findall(r"{(\w+)}", str(string))) <= told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_text_fits_one_message(lang: str) -> None:
    """Two parts at most: of 67 characters in Chinese, of 153 in English."""
    most = 2 * (67 if lang == "zh" else 153)
    for kind in KINDS:
        if Texts().knows(f"{kind}.text", lang):
            assert len(Texts().say(f"{kind}.text", lang, FIELDS)) <= most


def test_a_silent_alarm_has_words_of_its_own() -> None:
    said = Texts().say("silent.text", "zh", FIELDS)
    assert "勿回拨" in said
    assert "静默" in said
    assert PARAMETERS["silent"] == ("village", "place")


def test_english_counts_one_and_many() -> None:
    one, many = (Texts().say("many.text", "en", {**FIELDS, "count": n}) for n in ("1", "3"))
    assert "1 more alarm " in one
    assert "3 more alarms " in many


def test_a_third_language_is_a_folder(tmp_path: Path) -> None:
    shutil.copytree(LOCALE, tmp_path / "locale")
    folder = tmp_path / "locale/yue/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / f"{DOMAIN}.po").write_text(
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "alarm.text"\nmsgstr "報警：{village}{place}，{what}。去得到覆 1，去唔到覆 2。"\n\n'
        'msgid "what.fire"\nmsgstr "火燭"\n'
    )
    texts = Texts(tmp_path / "locale")
    assert texts.languages() == ("en", "yue", "zh")
    assert texts.say("alarm.text", "yue", FIELDS) == "報警：柳树村三组 7号，火燭。去得到覆 1，去唔到覆 2。"
    assert texts.say("many.text", "yue", FIELDS) == texts.say("many.text", "zh", FIELDS)  # what it lacks


def test_a_dialect_without_words_of_its_own_speaks_its_language() -> None:
    assert Texts().say("alarm.text", "zh-wenzhou", FIELDS) == Texts().say("alarm.text", "zh", FIELDS)
    assert Texts().say("alarm.text", "fr", FIELDS) == Texts().say("alarm.text", "zh", FIELDS)


def test_a_form_that_is_none_says_so() -> None:
    assert FORMS == ("title", "speech", "text", "long")
    assert not Texts().knows("many.speech", "zh")  # calls are never merged
