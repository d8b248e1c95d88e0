"""What a lamp says aloud, and when it falls silent. A real board, real files on its flash, a real village."""

import json
import subprocess
from pathlib import Path

from heartlamp_tech.virtual_board import Line, VirtualBoard

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON
from tests.firmware.parts import BoardMaker, Village, call, county_says
from tests.firmware.waves import recording

NEAR = "lamp0c2d-00000000000000a1"
WORDS = ("told", "is-coming", "calls-for-help", "press-green", "shout", "3", "7", "9", "group", "house")


def sound(ms: int = 60) -> bytes:
    """Its head: the virtual board makes no sound, it waits as long as the head says."""
    return recording(ms)[:600]


def record(board: VirtualBoard, clips: dict[str, bytes]) -> None:
    """Onto the flash of a board that is off."""
    subprocess.run(
        [str(MICROPYTHON), str(Path(__file__).parent / "on_device/record_prompts.py"), str(board.flash)],
        input=json.dumps({clip: content.hex() for clip, content in clips.items()}),
        env=ENVIRONMENT,
        text=True,
        timeout=60,
        check=True,
    )


def speaking_lamp(make_board: BoardMaker, village: Village, **more: bytes) -> VirtualBoard:
    board = make_board(village.broker, lang="zh-wenzhou")
    record(board, {f"zh/{word}.wav": sound() for word in WORDS} | {f"zh-{k}.wav": v for k, v in more.items()})
    board.start()
    board.wait_show("working")
    return board


def plays(board: VirtualBoard, *words: str, after: int = 0) -> Line:
    """`words`: of zh, or with their language."""
    clips = [f"{word}.wav" if "/" in word else f"zh/{word}.wav" for word in words]
    return board.wait_for(lambda line: line.get("play") == clips, after=after)


def sounds(board: VirtualBoard, hertz: int, after: int = 0) -> Line:
    return board.wait_for(lambda line: "tone" in line and line["tone"][0][0] == hertz, after=after)


def test_a_lamp_without_recordings_says_it_in_tones(lamp: VirtualBoard, village: Village) -> None:
    village.light(str(lamp.wait_trace("boot")["dev"]), [call(NEAR, "near", "panic", "三组 7号")])
    assert sounds(lamp, 520)["rounds"] == 3
    assert not [line for line in lamp.lines() if "play" in line]


def test_it_says_whose_house_calls_after_its_tune(make_board: BoardMaker, village: Village) -> None:
    board = speaking_lamp(make_board, village)
    village.light("lamp0a1b", [call(NEAR, "near", "panic", "三组 7号")])
    assert sounds(board, 520)["rounds"] == 1
    plays(board, "3", "group", "7", "house", "calls-for-help", "press-green")


def test_a_dialects_clip_is_played_and_a_spoilt_one_is_left_out(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker, lang="zh-wenzhou")
    dialect = {"zh-wenzhou/calls-for-help.wav": sound(), "zh-wenzhou/house.wav": b"RIFF not a sound"}
    record(board, {f"zh/{word}.wav": sound() for word in WORDS} | dialect)
    board.start()
    board.wait_show("working")
    village.light("lamp0a1b", [call(NEAR, "near", "panic", "三组 7号")])
    plays(board, "3", "group", "7", "zh-wenzhou/calls-for-help", "press-green")
    assert board.wait_trace("clip")["path"] == "zh-wenzhou/house.wav"


def test_red_is_sent_while_it_speaks_and_the_speech_stops(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker)
    record(board, {f"zh/{word}.wav": sound(20_000) for word in WORDS})
    board.start()
    board.wait_show("working")
    village.light("lamp0a1b", [call(NEAR, "near", "panic", "三组 7号")])
    plays(board, "3", "group", "7", "house", "calls-for-help", "press-green")
    mark = board.mark()
    board.press("red")
    pressed, sent = board.wait_trace("pressed", after=mark), board.wait_trace("sent", after=mark)
    assert (sent["t"] - pressed["t"]) / 1e6 < 500
    board.wait_for(lambda line: "hush" in line, after=mark)
    sounds(board, 1500, mark)
    said = village.wait("event")
    village.hear(said)
    village.light("lamp0a1b", [call(said.alarm.id), call(NEAR, "near", "panic", "三组 7号")])
    sounds(board, 880, mark)
    plays(board, "told", after=mark)
    mark = board.mark()
    village.light("lamp0a1b", [call(said.alarm.id, answer="coming", who="三组 9号")])
    board.wait_for(lambda line: "hush" in line, after=mark)
    plays(board, "3", "group", "9", "house", "is-coming", after=mark)


def test_a_call_that_ended_is_silent_at_once(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker)
    record(board, {f"zh/{word}.wav": sound(20_000) for word in WORDS})
    board.start()
    board.wait_show("working")
    village.light("lamp0a1b", [call(NEAR, county=county_says(NEAR, 1, 1, "coming", "三组 9号"))])
    plays(board, "3", "group", "9", "house", "is-coming")
    mark = board.mark()
    village.light("lamp0a1b", [])
    board.wait_for(lambda line: "hush" in line, after=mark)
    board.wait_show("working", after=mark)
    assert not [line for line in board.lines(mark) if "play" in line or "tone" in line]


def test_a_lost_village_makes_no_sound_until_somebody_presses(lamp: VirtualBoard, village: Village) -> None:
    village.pulse(county=0, answerable=0)
    lamp.wait_show("shout")
    assert not [line for line in lamp.lines() if "tone" in line]
    lamp.press("red")
    assert sounds(lamp, 2000)["rounds"] == 10


def test_a_silent_button_has_no_sound(make_board: BoardMaker, village: Village) -> None:
    board = make_board(village.broker, "silent01", "silent")
    board.start()
    board.press("red")
    village.hear(village.wait("event"))
    board.wait_trace("heard")
    assert not [line for line in board.lines() if "tone" in line or "play" in line or "show" in line]
