"""What the LEDs and the piezo do: each meaning told apart by colour alone, by rhythm alone and by sound alone."""

import json
import subprocess
from itertools import combinations, pairwise

import pytest
from heartlamp.rules import glow, tones
from heartlamp.rules.glow import PATTERNS

from tests.firmware.conftest import ENVIRONMENT, MICROPYTHON
from tests.firmware.eyes import EYES, apart

VILLAGERS = ("working", "sending", "told", "coming", "shout", "near", "drill")
LOOK_MS, STEP_MS = 4000, 20
Ring = list[tuple[int, int, int]]


def frames(meaning: str, until: int, leds: int = 12) -> list[tuple[int, Ring]]:
    """(ms, ring) from each repainting to the next, as an LED task does it."""
    out, at = [], 0
    while at < until:
        ring = [(1, 2, 3)] * leds
        again = glow.paint(ring, meaning, at)
        out.append((at, ring))
        if again is None:
            break
        assert again > at
        at = again
    return out


def envelope(meaning: str, leds: int, since: int = 0) -> list[int]:
    """1 where the lamp shines, every STEP_MS of the 4 s that somebody looks, beginning at `since`."""
    ring: Ring = [(0, 0, 0)] * leds
    out = []
    for at in range(since, since + LOOK_MS, STEP_MS):
        glow.paint(ring, meaning, at)
        out.append(int(any(max(led) for led in ring)))
    return out


@pytest.mark.parametrize("eye", EYES)
def test_colours_are_apart_for_every_eye(eye: str) -> None:
    distances = {(a, b): apart(PATTERNS[a][0], PATTERNS[b][0], eye) for a, b in combinations(VILLAGERS, 2)}
    closest = min(distances, key=lambda pair: distances[pair])
    print(eye, closest, round(distances[closest], 3))
    assert distances[closest] >= 0.17


@pytest.mark.parametrize("leds", [1, 12])
def test_rhythms_are_apart_whenever_one_begins_to_look(leds: int) -> None:
    """Of a light that is only seen as a reflection: on or off."""
    for one, other in combinations([*VILLAGERS, "dark", "unprovisioned"], 2):
        seen = envelope(one, leds)
        differ = [
            sum(a != b for a, b in zip(seen, envelope(other, leds, since), strict=True)) / len(seen)
            for since in range(0, 2000, STEP_MS)
        ]
        assert min(differ) >= 0.2, (one, other, min(differ))


@pytest.mark.parametrize("meaning", PATTERNS)
@pytest.mark.parametrize("leds", [1, 7, 12, 24])
def test_no_led_ever_flashes_more_than_three_times_in_a_second(meaning: str, leds: int) -> None:
    """WCAG 2.2, 2.3.1; a flash is a rise and a fall. Counted for each LED and for the ring's whole light."""
    shown = frames(meaning, 6000, leds)
    lights = [[(at, sum(ring[led])) for at, ring in shown] for led in range(leds)]
    lights.append([(at, sum(map(sum, ring))) for at, ring in shown])
    for light in lights:
        falls = [later for (_, before), (later, after) in pairwise(light) if after < before]
        for fall in falls:
            assert len([f for f in falls if fall <= f < fall + 1000]) <= 3


def test_working_shines_for_ever_and_disturbs_no_sleep() -> None:
    """Under 0.25 lx, the full moon, on a pillow 1 m before a ring; no blue. Red has 480 mcd at full drive, green 1500:
    a WS2813A's data sheet, which is brighter than a WS2812B (420, 720)."""
    for leds in (1, 8, 12, 16, 24):
        ((_, ring),) = frames("working", 4000, leds)
        lit = [led for led in ring if max(led)]
        assert 1 <= len(lit) <= 4
        assert all(blue == 0 for _, _, blue in lit)
        candela = sum((red * 480 + green * 1500) / 255 for red, green, _ in lit) / 1000
        assert candela <= 0.25  # at 1 m as many lux


@pytest.mark.parametrize("meaning", [m for m in PATTERNS if m != "dark"])
@pytest.mark.parametrize("leds", [1, 3, 8, 12, 16, 24])
def test_a_meaning_is_lit_from_its_first_frame(meaning: str, leds: int) -> None:
    ring: Ring = [(0, 0, 0)] * leds
    glow.paint(ring, meaning, 0)
    assert glow.rgb(PATTERNS[meaning][0]) in ring


def test_somebody_coming_comes_round_the_ring_and_is_there() -> None:
    full = glow.rgb(PATTERNS["coming"][0])
    shown = frames("coming", 1500)
    assert [ring.count(full) for _, ring in shown] == list(range(1, 13))
    assert [at for at, _ in shown] == [-(-n * 1500 // 12) for n in range(12)]
    assert all(max(led) > 0 for _, ring in shown for led in ring)  # also who sees a part of it sees it shine


def test_the_shapes_are_the_ones_that_are_drawn() -> None:
    lit = {meaning: [i for i, led in enumerate(frames(meaning, 1)[0][1]) if max(led)] for meaning in VILLAGERS}
    assert lit["working"] == [0, 3, 6, 9]
    assert lit["near"] == [0, 1, 2, 3, 4, 5]
    assert all(len(lit[m]) == 12 for m in ("sending", "told", "coming", "shout", "drill"))


@pytest.mark.parametrize("sound", tones.NOTES)
def test_a_sound_keeps_the_lights_step(sound: str) -> None:
    rhythm = PATTERNS[sound][1]
    assert PATTERNS[sound][2] == sound
    assert sum(ms for _, ms in tones.NOTES[sound]) == sum(rhythm)
    at = 0
    ring: Ring = [(0, 0, 0)]
    for hertz, ms in tones.NOTES[sound]:
        for moment in range(at, at + ms, 10) if hertz else ():
            glow.paint(ring, sound, moment)
            assert max(ring[0]), f"{sound} sounds in the dark at {moment} ms"
        at += ms


def test_sounds_are_apart_by_their_notes_and_without_them() -> None:
    """By rhythm, as one hears them through a wall; and by pitch, because no two share their tune."""

    def heard(sound: str, since: int) -> list[int]:
        line = [int(hertz > 0) for hertz, ms in tones.NOTES[sound] for _ in range(ms // 50)]
        return [line[(since // 50 + i) % len(line)] for i in range(LOOK_MS // 50)]

    for one, other in combinations(tones.NOTES, 2):
        differ = [
            sum(a != b for a, b in zip(heard(one, 0), heard(other, since), strict=True)) for since in range(0, 2000, 50)
        ]
        assert min(differ) >= 0.19 * LOOK_MS / 50, (one, other)
    tunes = [[hertz for hertz, _ in notes if hertz] for notes in tones.NOTES.values()]
    assert len({str(tune) for tune in tunes}) == len(tunes)


def test_what_wakes_begins_low_and_all_is_in_the_range_of_old_ears() -> None:
    assert tones.NOTES["near"][0][0] == 520  # NFPA 72: 520 Hz where people sleep
    assert all(400 <= hertz <= 3000 for notes in tones.NOTES.values() for hertz, _ in notes if hertz)


def sayings(meaning: str, needed: bool, until: int) -> list[int]:
    out: list[int] = []
    while (at := tones.due(meaning, needed, len(out))) is not None and at <= until:
        out.append(at)
    return out


def test_a_neighbours_call_is_said_at_once_then_each_ten_seconds_then_each_minute() -> None:
    assert sayings("near", True, 160_000) == [0, 10_000, 20_000, 30_000, 90_000, 150_000]


def test_a_drill_is_said_once_and_wakes_nobody_again() -> None:
    assert sayings("drill", True, 10**7) == [0]


def test_the_victim_hears_it_again_now_and_then() -> None:
    assert sayings("told", True, 160_000) == [0, 30_000, 90_000, 150_000]
    assert sayings("sending", True, 60_000) == [0]


def test_shout_is_nearly_without_pause_where_somebody_needs_help() -> None:
    times = sayings("shout", True, 120_000)
    assert times[:11] == [n * 6_000 for n in range(10)] + [84_000]


def test_a_night_without_network_wakes_nobody_twice_in_an_hour() -> None:
    assert sayings("shout", False, 8_000_000) == [60_000, 3_660_000, 7_260_000]


def test_silence_means_that_it_works() -> None:
    for meaning in ("working", "dark", "unprovisioned"):
        assert sayings(meaning, True, 10**9) == []


@pytest.mark.parametrize("sound", tones.NOTES)
def test_a_repeated_sound_is_still_in_step(sound: str) -> None:
    for at in sayings(sound, True, 600_000):
        assert at % sum(PATTERNS[sound][1]) == 0


def test_micropython_paints_the_same() -> None:
    script = """
import json
from heartlamp.rules import glow
out = []
for meaning in sorted(glow.PATTERNS):
    for ms in range(0, 3000, 70):
        ring = [None] * 12
        again = glow.paint(ring, meaning, ms)
        out.append([again, ring])
print(json.dumps(out))
"""
    done = subprocess.run([MICROPYTHON, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    ours = []
    for meaning in sorted(PATTERNS):
        for ms in range(0, 3000, 70):
            ring: Ring = [(0, 0, 0)] * 12
            again = glow.paint(ring, meaning, ms)
            ours.append([again, [list(led) for led in ring]])
    assert json.loads(done.stdout) == ours
