"""What a lamp shows, and what is known of that."""

from dataclasses import replace

from heartlamp_gateway.rules import incidents, lamps
from heartlamp_gateway.rules.model import Lamp, Village
from heartlamp_protocol.device.limits import CALLS_MAX, DOWN_MAX, INTEGER_MAX
from heartlamp_protocol.downlink import IncidentCommand
from heartlamp_protocol.registry import Registry
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.rules.village import DEVICES, SITES, VILLAGE, A, C, calls, id_of


def test_a_lamp_says_heard_only_of_what_is_on_disk() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    village = incidents.mark_heard(village, frozenset((A,)), 0)
    assert calls(village, "lamp7")[0]["heard"] == 0
    assert calls(incidents.mark_heard(village, frozenset((A,)), 1), "lamp7")[0]["heard"] == 1


@given(st.lists(st.tuples(st.sampled_from(["s7", "s9", "s2"]), st.integers(0, 30), st.text(max_size=48)), max_size=12))
def test_a_lamps_state_always_fits_its_lamp(presses: list[tuple[str, int, str]]) -> None:
    sites = tuple(replace(s, name='"\\\x01' * 16) for s in SITES)
    village = lamps.relight(Village(Registry(1, "", sites, DEVICES)))
    for number, (site, size, who) in enumerate(presses):
        command = IncidentCommand(
            id_of("butt7", number),
            site,
            "panic",
            (id_of("butt7", number),),
            1,
            "accepted",
            who,
            "",
            (),
            {"lamp7": '"' * 34 * size},
        )
        village = incidents.county_says(village, command, number)
    shown = calls(village, "lamp7")
    roles = [c["role"] for c in shown]
    assert len(shown) <= CALLS_MAX
    assert bool(shown) == bool(presses)
    assert roles == sorted(roles, key=lambda r: r != "own")
    for device in village.lamps:
        assert len(lamps.payload(village.lamps[device], "e" * 16)) <= DOWN_MAX


def test_light_is_told_to_the_county_once_for_each_lamp_and_call() -> None:
    village, _ = incidents.raise_alarm(VILLAGE, A, "s7", "panic", 0)
    ver = village.lamps["lamp9"].ver
    village, notes = lamps.shown(village, "lamp9", ver - 1)
    assert notes == []
    assert "lamp9" in lamps.unshown(village)
    village, notes = lamps.shown(village, "lamp9", ver)
    assert [(n.what, n.subject, n.incident) for n in notes] == [("lit", "lamp9", A)]
    assert "lamp9" not in lamps.unshown(village)
    village, _ = incidents.raise_alarm(village, C, "s7", "fire", 0)
    village, notes = lamps.shown(village, "lamp9", village.lamps["lamp9"].ver)
    assert [n.incident for n in notes] == [C]


def test_a_lamp_that_shows_a_later_state_than_we_remember_is_overtaken() -> None:
    village, notes = lamps.shown(VILLAGE, "lamp9", 40)
    assert notes == []
    assert village.lamps["lamp9"].ver == 41
    assert "lamp9" in lamps.unshown(village)


def test_a_version_that_we_cannot_have_given_does_not_blind_the_lamp() -> None:
    for wild in (INTEGER_MAX, INTEGER_MAX - 1, 2_000_000):
        village, _ = lamps.shown(VILLAGE, "lamp9", wild)
        village, _ = incidents.raise_alarm(village, A, "s7", "panic", 0)
        assert village.lamps["lamp9"].ver == 2
        assert "lamp9" in lamps.unshown(village)


def test_a_lamp_that_asks_shows_nothing_until_it_says_so() -> None:
    village, _ = lamps.shown(VILLAGE, "lamp9", 1)
    assert lamps.asked(village, "lamp9").lamps["lamp9"] == Lamp()
    assert lamps.asked(VILLAGE, "nobody1") is VILLAGE


def test_a_lamp_that_left_the_registry_leaves_the_village() -> None:
    fewer = replace(VILLAGE.registry, devices=tuple(d for d in DEVICES if d.id != "lamp9"))
    assert "lamp9" not in lamps.relight(replace(VILLAGE, registry=fewer)).lamps
    revoked = replace(VILLAGE.registry, devices=tuple(replace(d, users={}) if d.id == "lamp9" else d for d in DEVICES))
    assert "lamp9" not in lamps.relight(replace(VILLAGE, registry=revoked)).lamps
