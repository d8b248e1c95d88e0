"""What people type and others read: only what can be seen, and apart what was apart."""

import unicodedata

import pytest
from heartlamp_server import plain


@pytest.mark.parametrize(
    "blank",
    [
        "\u00ad",
        "\u034f",
        "\u061c",
        "\u115f",
        "\u1160",
        "\u17b4",
        "\u180b",
        "\u180e",
        "\u200d",
        "\u2028",
        "\u202e",
        "\u2060",
        "\u2062",
        "\u2800",
        "\u3164",
        "\ufe0f",
        "\ufeff",
        "\uffa0",
        "\U000e0041",
        "\U000e0100",
        "\x9b",
        "\t",
        "\u3000",
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_makes_no_name(blank: str) -> None:
    assert plain.name(blank) == plain.name(blank * 3) == plain.lines(f"{blank}\n{blank}") == ""
    assert plain.name(f"{blank}张三{blank}") == plain.lines(f"{blank}张三{blank}") == "张三"


@pytest.mark.parametrize("between", ["\t", "\n", "\r\n", " \u200b ", "\x85", "\u2029", "\u3000", "\xa0"], ids=ascii)
def test_what_was_apart_stays_apart(between: str) -> None:
    assert plain.name(f"张{between}三") == "张 三"


def test_a_note_keeps_its_lines() -> None:
    assert plain.lines("\u2067一\t二\r\n\r\n三\u2800\n") == "一 二\n\n三"


def test_every_letter_of_a_name_stays() -> None:
    for seen in ("𠮷野家", "三组 7号", "Müller-O’Neil", "阿卜杜拉·买买提", "བསོད་ནམས", "ئابدۇللا", "ᠪᠠᠭᠠ"):
        assert plain.name(seen) == seen
    unified = [chr(c) for c in range(0x4E00, 0xA000)]
    assert all(plain.name(c) == c for c in unified if unicodedata.category(c) == "Lo")
