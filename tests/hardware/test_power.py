"""How long cells last: what we promise is what the model says, and every figure says where it comes from."""

import re
from pathlib import Path

import pytest
from heartlamp_tech.board_rules import ASLEEP_MOST_UA
from heartlamp_tech.boards import read_all

from hardware import power, power_plot

REPO = Path(__file__).resolve().parents[2]
BOARDS = read_all(REPO / "hardware/boards")
BATTERY = BOARDS["esp32c3-button"].battery
assert BATTERY is not None
DIVIDER = BATTERY.top_kohm + BATTERY.bottom_kohm
READ = power.load()
V = power.values(READ)


@pytest.mark.parametrize("claim", power.claims(V, DIVIDER), ids=lambda c: c.what)
def test_what_is_promised_is_kept_with_the_figures_as_they_are(claim: power.Claim) -> None:
    assert claim.holds, f"{claim.what}: {claim.kept:.1f} {claim.unit}, asked for {claim.least:g}"


def test_what_does_not_last_is_said_to_last_no_longer_than_it_does() -> None:
    assert [c.what for c in power.not_kept(V, DIVIDER) if c.holds] == []


def test_listening_after_the_heartbeat_dominates_the_button() -> None:
    taken = power.button_ma_h(V, DIVIDER)
    assert max(taken, key=lambda name: taken[name]) == "heartbeat: listen"
    assert taken["heartbeat: listen"] > sum(taken.values()) / 2
    shorter = power.with_value(V, "button", "listen_s", 0.5)
    assert power.button_years(shorter, DIVIDER) > 1.5 * power.button_years(V, DIVIDER)


def test_what_the_program_decides_is_what_the_program_does() -> None:
    sleep = (REPO / "firmware/app/heartlamp/rules/sleep.py").read_text()
    awake = re.search(r"^AWAKE_MS = ([\d_]+)", sleep, re.M)
    assert awake is not None
    assert V["button"]["listen_s"] == int(awake[1]) / 1000
    from heartlamp_protocol.device.kinds import BATTERY_MS

    assert V["button"]["heartbeat_h"] == BATTERY_MS / 3_600_000


def test_a_heartbeat_takes_the_charge_that_can_be_checked_by_hand() -> None:
    """Six a day, 3 s at 84 mA at 3.3 V, from a cell of 2.9 V behind a converter of 90 %: 194 mAh a year."""
    by_hand = 6 * 365.25 * 3 * 84 / 3600 * 3.3 / 2.9 / 0.9
    assert power.button_ma_h(V, DIVIDER)["heartbeat: listen"] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    "name", ["listen_s", "listen_ma", "chip_asleep_ua", "leak_ua", "start_s", "send_ma", "drill_s"]
)
def test_whatever_takes_more_makes_it_shorter(name: str) -> None:
    more = power.with_value(V, "button", name, V["button"][name] * 2)
    assert power.button_years(more, DIVIDER) < power.button_years(V, DIVIDER)
    assert power.button_years(V, DIVIDER, 35) < power.button_years(V, DIVIDER, 20)


def test_a_figure_without_a_source_is_refused() -> None:
    with pytest.raises(ValueError, match=r"power.toml, lamp.usable: say"):
        power.figures('[lamp]\nusable = { value = 0.7, state = "sure", source = "everybody knows that" }')
    assert {figure.state for figure in READ} == set(power.STATES)


def test_table_and_plot_show_every_claim_and_the_same_bytes_each_time() -> None:
    table = power.table(READ, DIVIDER)
    assert all(claim.what in table for claim in power.claims(V, DIVIDER))
    assert all(f"`{figure.part}.{figure.name}`" in table for figure in READ)
    assert power_plot.draw(V, DIVIDER) == power_plot.draw(V, DIVIDER)
    assert "heartbeat: listen" in power_plot.draw(V, DIVIDER)


def test_a_board_that_the_rules_let_pass_lasts_five_years() -> None:
    """Asleep, the chip is what differs between boards: the rest of the model's sleep stays."""
    asleep = sum(mah for name, mah in power.button_ma_h(V, DIVIDER).items() if name.startswith("asleep"))
    more = ASLEEP_MOST_UA * power.HOURS_A_YEAR / 1000 - asleep
    year = sum(power.button_ma_h(V, DIVIDER).values()) + more
    assert V["cell"]["capacity_mah"] * V["cell"]["usable"] / year >= 5
