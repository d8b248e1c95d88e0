"""A press in a village whose county is away is heard from its loudspeakers: the real gateway, real HTTP."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from heartlamp_gateway.outputs.speaker import sound
from heartlamp_protocol.escalation.plan import DAY_MIN, Plan, Policy, Reach, Step, Target

from tests.gateway.rig.village import Rig
from tests.gateway.sound.http_speaker import HttpSpeakerServer
from tests.gateway.sound.orders import ramp

ALL = Target("all", "大喇叭", "zh", (Reach("speaker", ""),))
PLAN = Plan(
    3, 480, (ALL,), (Policy("any", (), (), 0, DAY_MIN, 300_000, (Step(1, "village", 0, "accepted", ("all",)),)),)
)


@pytest.fixture
def loud() -> Iterator[tuple[Rig, HttpSpeakerServer]]:
    with tempfile.TemporaryDirectory(prefix="hl-") as folder, HttpSpeakerServer().listening() as server:
        made = Rig(Path(folder))
        prompts = Path(folder) / "prompts/zh"
        (prompts / "places").mkdir(parents=True)
        for name in ("places/三组7号", "fire", "calls-for-help"):
            (prompts / f"{name}.wav").write_bytes(sound.to_wav(ramp(100)))
        with made.config.open("a") as file:
            file.write(
                f'\n[sound]\nrepeats = 1\nnight = ["00:00", "00:00"]\n[[speaker]]\nname = "村口"\nkind = "http"\n'
                f'url = "{server.url}/play"\nstop_url = "{server.url}/stop"\n'
            )
        try:
            yield made.start(), server
        finally:
            made.close()
            print((made.folder / "gateway.log").read_text())


def test_a_press_is_heard_from_the_loudspeakers_with_the_county_away(loud: tuple[Rig, HttpSpeakerServer]) -> None:
    rig, server = loud
    rig.county.plan_is(PLAN)
    rig.gateway.says("plan version 3")
    rig.county.stop()
    press = rig.device("butt7").press("fire")
    assert server.arrived.wait(10)
    rig.county.start()
    assert rig.county.noted("step", "3/1/all/speaker/0 done 大喇叭") == press


def test_a_panic_that_is_being_said_is_cut_off_for_a_fire(loud: tuple[Rig, HttpSpeakerServer]) -> None:
    rig, server = loud
    (rig.folder / "prompts/zh/calls-for-help.wav").write_bytes(sound.to_wav(ramp(8_000)))
    rig.county.plan_is(PLAN)
    rig.gateway.says("plan version 3")
    rig.device("butt7").press("panic")
    assert server.arrived.wait(10)
    fire = rig.device("lamp7").press("fire")
    assert rig.county.noted("step", "3/1/all/speaker/0 done 大喇叭") == fire
    assert [path for _, path, _, _ in server.got][:3] == ["/play", "/stop", "/play"]
