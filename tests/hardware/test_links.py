"""Which link fits: farther and more walls is never easier, and what nothing reaches is said to be not covered."""

from dataclasses import replace

import pytest

from hardware import links

RADIO, MONTHLY = links.load()
NEAR = links.Site(10, 1, 10, 1, 2, False, False, False)


def test_a_loss_that_can_be_checked_by_hand() -> None:
    """40.2 dB at 1 m of 2442 MHz, 27 dB for each tenfold distance, 9 dB for each wall."""
    assert links.loss_db(RADIO, 1, 0) == pytest.approx(40.2, abs=0.1)
    assert links.loss_db(RADIO, 100, 2) == pytest.approx(40.2 + 54 + 18, abs=0.1)


def test_at_its_reach_a_link_has_its_margin_and_nothing_more() -> None:
    for walls in range(4):
        reach = links.reach_m(RADIO, RADIO.espnow_dbm, walls)
        level = RADIO.device_dbm - links.loss_db(RADIO, reach, walls)
        assert level == pytest.approx(RADIO.espnow_dbm + RADIO.margin_db, abs=0.1)
    reaches = [links.reach_m(RADIO, RADIO.wifi_dbm, walls) for walls in range(6)]
    assert reaches == sorted(reaches, reverse=True)
    assert links.reach_m(RADIO, RADIO.wifi_dbm, 20) == 0


def test_a_site_goes_from_covered_to_not_covered_as_it_moves_away() -> None:
    assert [link for link, _ in links.fits(RADIO, NEAR)] == ["lan", "relay"]
    assert [link for link, _ in links.fits(RADIO, replace(NEAR, point_m=500))] == ["relay"]
    assert links.fits(RADIO, replace(NEAR, point_m=500, neighbour_walls=9)) == []
    assert [link for link, _ in links.fits(RADIO, replace(NEAR, gateway_hops=links.MOST_HOPS + 1))] == ["lan"]


def test_a_router_without_a_ups_is_never_the_first_path() -> None:
    bare = replace(NEAR, broadband=True, signal=True)
    assert [link for link, _ in links.fits(RADIO, bare)][-1] == "broadband"
    alone = replace(bare, point_m=None, neighbour_m=None)
    assert [link for link, _ in links.fits(RADIO, alone)] == ["cat1", "broadband"]
    assert links.fits(RADIO, replace(bare, powered=True))[1][0] == "broadband"


def test_every_link_that_can_fit_has_a_cost() -> None:
    everything = replace(NEAR, broadband=True, powered=True, signal=True)
    assert {link for link, _ in links.fits(RADIO, everything)} == set(MONTHLY)
    assert "**not covered**" in links.table()
