"""One file from many pieces, and what speaks where a piece is missing."""

import shutil
import time
from array import array
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.voice import CannotSay, Voice

from tests.gateway.sound.orders import order, ramp

NONE = "no-such-espeak"
needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def record(folder: Path, *names: str) -> "dict[str, array[int]]":
    """Recordings, each with a sound of its own."""
    out = {}
    for i, name in enumerate(names):
        out[name] = ramp(100 + 10 * i, 31 + 2 * i)
        path = folder / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(sound.to_wav(out[name]))
    return out


def test_the_file_is_the_tone_and_the_recordings_three_times_sample_by_sample(tmp_path: Path) -> None:
    clip = record(tmp_path, "zh/3", "zh/group", "zh/7", "zh/house", "zh/fire")
    said = Voice(tmp_path, 3, 60.0, NONE).say(order("fire"), "zh")
    once = sound.attention()
    for name in ("zh/3", "zh/group", "zh/7", "zh/house", "zh/fire"):
        once += clip[name] + sound.silence(60)
    once += sound.silence(900)
    assert said.how == "recorded"
    assert said.samples == once * 3
    assert sound.read_wav(sound.to_wav(said.samples)) == said.samples


def test_a_drill_says_so_before_the_first_tone_and_after_the_last_word(tmp_path: Path) -> None:
    clip = record(tmp_path, "zh/places/三组7号", "zh/fire", "zh/drill")
    said = Voice(tmp_path, 2, 60.0, NONE).say(order("fire", drill=1), "zh").samples
    drill = clip["zh/drill"] + sound.silence(60)
    assert said[: len(drill)] == drill
    assert said[-len(drill) :] == drill
    assert said[len(drill) :][: len(sound.attention())] == sound.attention()


def test_a_long_sentence_is_said_fewer_times_and_at_least_once(tmp_path: Path) -> None:
    record(tmp_path, "zh/places/三组7号", "zh/fire")
    once = sound.seconds(Voice(tmp_path, 1, 60.0, NONE).say(order("fire"), "zh").samples)
    assert sound.seconds(Voice(tmp_path, 9, 2.5 * once, NONE).say(order("fire"), "zh").samples) == 2 * once
    assert sound.seconds(Voice(tmp_path, 9, 0.5 * once, NONE).say(order("fire"), "zh").samples) == once


def test_a_recording_in_another_format_is_left_out_as_if_it_were_missing(tmp_path: Path) -> None:
    record(tmp_path, "zh/places/三组7号", "zh/fire", "zh/a-neighbour")
    (tmp_path / "zh/places/三组7号.wav").write_bytes(b"ID3 an mp3 with another name")
    assert Voice(tmp_path, 1, 60.0, NONE).say(order("fire"), "zh").how == "a neighbour"


def test_with_nothing_at_all_the_tone_sounds_three_times(tmp_path: Path) -> None:
    voice = Voice(tmp_path, 3, 60.0, NONE)
    said = voice.say(order("fire"), "zh")
    assert said.how == "tone"
    assert said.samples == (sound.attention() + sound.silence(900)) * 3
    assert "cannot say where" in voice.health("zh")


def test_a_drill_that_cannot_say_so_is_not_played(tmp_path: Path) -> None:
    record(tmp_path, "zh/places/三组7号", "zh/fire")
    with pytest.raises(CannotSay, match="drill"):
        Voice(tmp_path, 3, 60.0, NONE).say(order("fire", drill=1), "zh")


@needs_espeak
@pytest.mark.parametrize("lang", ["zh", "zh-wenzhou", "zh-yue", "en", "xx"])
def test_where_a_clip_is_missing_espeak_says_the_whole_sentence(lang: str, tmp_path: Path) -> None:
    record(tmp_path, "zh/fire")
    voice = Voice(tmp_path, 1, 60.0)
    said = voice.say(order("fire"), lang)
    assert said.how == "espeak-ng"
    words = said.samples[len(sound.attention()) : -len(sound.silence(900))]
    assert 2.0 < sound.seconds(words) < 20.0
    assert max(words) > 3_000, "it is quiet"
    assert voice.health(lang) == ""


@needs_espeak
def test_espeak_says_another_house_in_another_way(tmp_path: Path) -> None:
    voice = Voice(tmp_path, 1, 60.0)
    here, there = (voice.say(order("fire", place=p), "zh").samples for p in ("三组 7号", "三组 8号"))
    assert here != there
    named = voice.say(order("fire", place="三组 7号", name="值班员"), "zh").samples
    assert named == here, "who is called is nobody's business"


@pytest.mark.parametrize("does", ["echo not a wav", "exit 1", "sleep 60"])
def test_an_espeak_that_hangs_or_breaks_does_not_keep_the_tone_from_sounding(does: str, tmp_path: Path) -> None:
    broken = tmp_path / "espeak"
    broken.write_text(f"#!/bin/sh\n{does}\n")
    broken.chmod(0o755)
    start = time.monotonic()
    assert Voice(tmp_path, 1, 60.0, str(broken)).say(order("fire"), "zh").how == "tone"
    assert time.monotonic() - start < 6.0


def test_a_machines_rate_becomes_ours() -> None:
    flat = array("h", [1_000] * 22_050)
    assert sound.resampled(flat, 22_050) == array("h", [1_000] * 16_000)
    rising = array("h", range(22_050))
    out = sound.resampled(rising, 22_050)
    assert all(abs(out[i] - i * 22_050 / 16_000) <= 1 for i in range(0, 15_000, 97))


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVEfmt ", sound.to_wav(array("h"))])
def test_what_is_no_recording_is_refused(data: bytes) -> None:
    with pytest.raises(sound.SoundError):
        sound.read_wav(data)
