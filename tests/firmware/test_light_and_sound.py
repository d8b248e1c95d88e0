"""The ESP32's LED task and player on MicroPython, with the chips' ends of the wires in our hand: what comes out."""

from pathlib import Path
from typing import Any

import pytest

from tests.firmware.conftest import on_device
from tests.firmware.waves import recording

LATE_MS = 250  # what a busy machine may take longer; a board is not this slow


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("clips")
    for name, content in {"a": recording(300), "b": recording(300)}.items():
        (folder / f"{name}.wav").write_bytes(content)
    (folder / "spoilt.wav").write_bytes(b"RIFF of something else")
    said: dict[str, Any] = on_device(
        "light_and_sound.py", *(folder / f"{name}.wav" for name in ("a", "spoilt", "missing", "b"))
    )
    return said


def test_the_ring_fills_as_the_clock_says_and_a_change_shows_at_once(out: dict[str, Any]) -> None:
    painted = out["painted"]
    since = painted[1][0]  # [0] is the low light of "working", which the next one replaced at once
    assert since - painted[0][0] < 50
    assert painted[-1][1] == 0  # dark, and nothing is painted after it
    for at, lit in painted[1:-1]:
        passed = (at - since) % 2000
        expected = passed * 12 // 1500 + 1 if passed < 1500 else 0
        before = (at - since - LATE_MS) % 2000
        assert lit == expected or lit == (before * 12 // 1500 + 1 if before < 1500 else 0) or lit == expected - 1
    assert len(painted) >= 12


def test_one_plain_led_keeps_the_rhythm(out: dict[str, Any]) -> None:
    assert [duty for _, _, duty in out["plain"]] == [65535, 0, 65535, 0, 0]
    times = [at - out["plain"][0][0] for at, _, _ in out["plain"]]
    for at, wanted in zip(times, (0, 200, 400, 600, 700), strict=True):
        assert wanted <= at <= wanted + LATE_MS


def test_the_piezo_plays_the_notes_and_is_silent_after_them(out: dict[str, Any]) -> None:
    assert [hertz for _, hertz, _ in out["piezo"]] == [880, 0, 880, 0, 0]
    times = [at - out["piezo"][0][0] for at, _, _ in out["piezo"]]
    for at, wanted in zip(times, (0, 200, 400, 600, 800), strict=True):
        assert wanted <= at <= wanted + LATE_MS


def test_the_speaker_plays_the_same_notes_as_a_square_wave(out: dict[str, Any]) -> None:
    assert out["tone"]["ms"] == 300
    assert out["tone"]["changes"] == pytest.approx(500 * 2 * 0.2, abs=6)  # 500 Hz for 200 ms
    assert not out["tone"]["open"]


def test_while_the_speaker_sounds_the_program_goes_on(out: dict[str, Any]) -> None:
    assert (out["tone"]["blocked"], out["clip"]["blocked"]) == (0, 0), "writes that machine.I2S would wait in"


def test_clips_are_played_whole_and_a_spoilt_one_is_left_out(out: dict[str, Any]) -> None:
    clip = out["clip"]
    assert [Path(path).stem for path in clip["spoilt"]] == ["spoilt", "missing"]
    assert clip["ms"] == 600
    assert 600 <= clip["took"] <= 600 + 256 + LATE_MS  # and no longer than the driver's buffer after the last byte
    assert not clip["open"]


def test_a_speaker_that_cannot_be_opened_ends_nothing_and_the_piezo_beeps(out: dict[str, Any]) -> None:
    assert (out["clip"]["complaints"], out["clip"]["beeps"]) == (2, 2)


def test_what_is_cut_off_is_silent_at_once(out: dict[str, Any]) -> None:
    assert out["cut"]["duty"] == 0
    assert not out["cut"]["open"]
    assert out["cut"]["after"] <= LATE_MS
