"""The county tells a village something: its loudspeakers say it, by the real gateway and real HTTP."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.adapter import Report
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_gateway.outputs.speaker.voice import CannotSay, Voice
from heartlamp_gateway.rules import ordered
from heartlamp_gateway.rules.loudness import Night, may_sound, urgency
from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.downlink import BroadcastCommand, CallCommand, read_command, write_command

from tests.gateway.rig.village import Rig
from tests.gateway.sound.http_speaker import HttpSpeakerServer
from tests.gateway.sound.orders import ramp

SAID = BroadcastCommand("b1f0", "山洪预警，请马上到学校集合。", "", "zh", 2, 0)
CALL = CallCommand(
    "8812", "voice", "+8613800000001", "三组户长", "zh", "keya1-0011223344556677", "panic", "三组 7号", 0
)


@pytest.fixture
def loud() -> Iterator[tuple[Rig, HttpSpeakerServer]]:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder, HttpSpeakerServer().listening() as server:
        made = Rig(Path(folder))
        prompts = Path(folder) / "prompts/zh"
        prompts.mkdir(parents=True)
        (prompts / "evacuate.wav").write_bytes(sound.to_wav(ramp(100)))
        with made.config.open("a") as file:
            file.write(
                f'\n[sound]\nrepeats = 1\nnight = ["00:00", "23:59"]\n[[speaker]]\nname = "村口"\nkind = "http"\n'
                f'url = "{server.url}/play"\nstop_url = "{server.url}/stop"\n'
            )
        try:
            yield made.start(), server
        finally:
            made.close()
            print((made.folder / "gateway.log").read_text())


def test_a_broadcast_is_heard_at_any_hour_and_its_end_goes_up(loud: tuple[Rig, HttpSpeakerServer]) -> None:
    rig, server = loud
    rig.county.command(BroadcastCommand("b1f0", "", "evacuate", "zh", 1, 0).to_fields())
    assert server.arrived.wait(10)
    rig.county.noted("ordered", "b1f0 sent · 村口")
    assert rig.county.noted("ordered", "b1f0 done") == ""
    assert server.got[0][3].startswith(b"RIFF")


def test_what_the_village_cannot_do_is_said_and_what_is_void_is_not_done(loud: tuple[Rig, HttpSpeakerServer]) -> None:
    rig, server = loud
    rig.county.command(BroadcastCommand("b2", "", "nothing", "zh", 1, 0).to_fields())
    rig.county.noted("ordered", "b2 failed · the broadcast cannot be said: there is no recording 'nothing'")
    rig.county.command(CALL.to_fields())
    rig.county.noted("ordered", "8812 failed · this box has no voice")
    rig.gateway.kill()
    rig.county.command(BroadcastCommand("b3", "", "evacuate", "zh", 1, 0).to_fields() | {"not_after_ms": 60_000})
    rig.gateway.start()
    rig.county.noted("ordered", "b3 done")
    assert len([path for _, path, _, _ in server.got if path == "/play"]) == 1


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [SAID, CALL])
def test_a_command_comes_out_as_it_went_in(command: BroadcastCommand | CallCommand) -> None:
    data = write_command(7, 600_000, command.to_fields())
    assert read_command(data.encode()) == (7, 600_000, command)


@pytest.mark.parametrize(
    ("name", "value"), [("id", "a b"), ("id", ""), ("channel", "fax"), ("drill", 2), ("address", "1" * 61), ("name", 7)]
)
def test_a_call_that_makes_no_sense_is_refused(name: str, value: object) -> None:
    with pytest.raises(FrameError):
        CallCommand.from_fields(CALL.to_fields() | {name: value})


def test_an_order_of_the_countys_is_wanted_until_its_time() -> None:
    order = ordered.order(SAID, 5_000)
    assert (order.channel, order.what, order.text, order.times) == ("speaker", "broadcast", SAID.text, 2)
    assert [ordered.is_wanted(order, now) for now in (0, 4_999, 5_000)] == [True, True, False]
    assert ordered.is_wanted(ordered.order(CALL, 0), 10**12)
    assert ordered.told(order, Report("failed", "no line")) == "b1f0 failed · no line"
    called = ordered.order(CALL, 0)
    assert (called.channel, called.address, called.place) == ("voice", "+8613800000001", "三组 7号")


def test_a_broadcast_goes_before_a_fire_and_its_drill_waits_for_the_day() -> None:
    assert urgency("broadcast") > urgency("fire") > urgency("panic")
    assert may_sound("broadcast", 2 * 60, Night())
    assert not may_sound("broadcast", 2 * 60, Night(), drill=True)


def test_a_typed_text_is_spoken_or_the_reason_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotSay, match="install espeak-ng"):
        Voice(tmp_path, 1, 60, espeak="no-such-program").say(ordered.order(SAID, 0), "zh")


def test_espeak_speaks_a_typed_text(tmp_path: Path) -> None:
    assert Voice(tmp_path, 1, 60).say(ordered.order(SAID, 0), "zh").how == "espeak-ng"


def test_a_drill_with_a_recording_that_cannot_say_so_is_not_played(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh/evacuate.wav").write_bytes(sound.to_wav(ramp(100)))
    drill = ordered.order(BroadcastCommand("b", "", "evacuate", "zh", 1, 1), 0)
    with pytest.raises(CannotSay):
        Voice(tmp_path, 1, 60, espeak="no-such-program").say(drill, "zh")
    (tmp_path / "zh/drill.wav").write_bytes(sound.to_wav(ramp(50)))
    said = Voice(tmp_path, 1, 60, espeak="no-such-program").say(drill, "zh")
    assert said.how == "recorded"
