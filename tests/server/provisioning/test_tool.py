"""The technician's commands against a real county, as they are typed: what is refused says what to do next."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_server.responder.scope import Grant

from tests.server.county import County, Village
from tests.server.provisioning.test_claims import claims, use
from tests.server.responder.people import PASSWORD, Somebody


class Laptop:
    """`tech`: a command's exit code and all that it said."""

    def __init__(self, county: County, home: Path, who: Somebody) -> None:
        self._env = os.environ | {"HEARTLAMP_TECH_HOME": str(home), "HEARTLAMP_PASSWORD": PASSWORD}
        self._env |= {"COLUMNS": "300", "NO_COLOR": "1"}
        assert self.tech("login", county.console, who.name)[0] == 0

    def tech(self, *words: object) -> tuple[int, str]:
        command = [sys.executable, "-m", "heartlamp_tech", *map(str, words)]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def village(county: County) -> Village:
    return county.village(houses=4)


@pytest.fixture(scope="module")
def technician(county: County, village: Village) -> Somebody:
    [(area,)] = county.sql("SELECT village FROM gateway WHERE id = %s", village.gateway)
    return Somebody(county, Grant("technician", area))


@pytest.fixture(scope="module")
def laptop(county: County, technician: Somebody, tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    return Laptop(county, tmp_path_factory.mktemp("laptop"), technician)


def test_a_claim_of_a_lost_laptop_is_in_the_way_until_the_words_of_the_refusal_are_followed(
    laptop: Laptop, technician: Somebody, village: Village
) -> None:
    [lost] = claims(technician, village.sites[2], kind="smoke")["claims"]
    code, said = laptop.tech("claims", "fetch", village.sites[2], "--kind", "smoke")
    assert code == 1
    assert "already_claimed" in said
    assert f"`heartlamp-tech claims end {lost['id']}`" in said
    assert laptop.tech("claims", "end", lost["id"])[0] == 0
    code, said = laptop.tech("claims", "fetch", village.sites[2], "--kind", "smoke")
    assert (code, village.sites[2] in said) == (0, True)


def test_a_second_lamp_of_a_house_is_claimed_with_a_word_about_the_first(
    laptop: Laptop, technician: Somebody, village: Village
) -> None:
    site = village.sites[1]
    [first] = claims(technician, site)["claims"]
    assert use(technician, first).status_code == 200
    code, said = laptop.tech("claims", "fetch", site)
    assert code == 0
    assert "already" in said
    assert first["device"] in said
    assert "`heartlamp-tech replace lamp" in said


def test_settings_and_the_next_key_of_a_lamp_far_away(
    laptop: Laptop, technician: Somebody, county: County, village: Village
) -> None:
    [one] = claims(technician, village.sites[3])["claims"]
    assert use(technician, one).status_code == 200
    device = one["device"]
    assert laptop.tech("set", "lang=yue", "-d", device)[0] == 0
    shown = laptop.tech("test", "-d", device)[1]
    assert 'lang="yue"' in shown
    code, said = laptop.tech("set", "wifi=x", "-d", device)
    assert code == 1
    assert "wifi" in said
    assert "→" in said
    assert laptop.tech("set", "no-such-thing", "-d", device)[0] == 1
    assert "key version 2 waits" in laptop.tech("rotate", "-d", device)[1]
    assert county.sql("SELECT max(version) FROM device_key WHERE device = %s", device) == [(2,)]
    assert "1, 2 waits for its first use" in laptop.tech("test", "-d", device)[1]
    code, said = laptop.tech("rotate", "-d", "lamp00000000")
    assert (code, "→" in said) == (1, True)


def test_a_port_that_is_not_there_takes_no_claim(laptop: Laptop, county: County, village: Village) -> None:
    site = village.sites[0]
    code, said = laptop.tech("provision", site, "--port", "/dev/nothing-here", "--board", "esp32s3-lamp")
    assert code == 1
    assert "/dev/nothing-here" in said
    assert county.sql("SELECT count(*) FROM claim WHERE site = %s", site) == [(0,)]
