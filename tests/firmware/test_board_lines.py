"""What the technician's terminal writes for each line of a board."""

import re

from heartlamp.rules import glow
from heartlamp_tech.board_lines import light, said, shines


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_the_light_is_drawn_in_its_rhythm_as_the_leds_keep_it() -> None:
    for color, rhythm, _ in glow.PATTERNS.values():
        drawn = [bool(cell) for cell, _ in re.findall(r"(\x1b\[48[^m]*m)? (\x1b\[0m)?", light(color, rhythm))]
        assert drawn == [shines(rhythm, ms) for ms in range(0, 2000, 100)]
        for ms in range(0, 5000, 10):
            ring = [(0, 0, 0)]
            glow.paint(ring, next(m for m, p in glow.PATTERNS.items() if p[0] == color), ms)
            assert shines(rhythm, ms) == any(ring[0]) or color == "#000000"


def test_even_the_low_light_is_seen_on_a_terminal() -> None:
    assert "48;2;97;66;0" in light(glow.PATTERNS["working"][0], [])


def test_sounds_and_traces_have_a_line_each() -> None:
    assert said({"t": 1, "tone": [[880, 200], [0, 200]], "rounds": 2}).strip() == "♪ 880 - × 2"
    assert said({"t": 1, "play": ["zh/3.wav", "zh/group.wav"]}).strip() == "♫ zh/3 · zh/group"
    assert said({"t": 1, "hush": 1}).strip() == "♪ cut off"
    assert said({"t": 1, "trace": "link", "why": "gone"}).split() == ["link", "gone"]
    assert said({"t": 1, "serial": {"k": 1}}).strip() == "serial"
    call = {"role": "near", "what": "fire", "place": "三组 7号", "answer": "none", "who": ""}
    show = {"color": "#ff9000", "rhythm": [200, 200], "meaning": "near", "who": "", "calls": [call]}
    assert plain(said({"t": 1, "show": show})).split() == ["NEAR", "near", "fire", "三组", "7号:", "none"]
