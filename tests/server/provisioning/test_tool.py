"""The technician's commands against a real county, as they are typed: what is refused says what to do next."""

import json
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
    return county.village(houses=6)


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


def test_a_site_that_this_laptop_has_done_is_done_before_and_takes_no_claim(
    county: County, village: Village, technician: Somebody, tmp_path: Path
) -> None:
    site, other = village.sites[:2]
    (tmp_path / "done.json").write_text(json.dumps({f"{site} lamp": "lamp0a1b", f"{other} lamp": "lamp0c2d"}))
    laptop = Laptop(county, tmp_path, technician)
    asked = county.sql("SELECT count(*) FROM claim")
    code, said = laptop.tech("provision", site, "--port", "/dev/null", "--board", "esp32s3-lamp")
    assert (code, "done before, lamp0a1b" in said, "`heartlamp-tech replace lamp0a1b`" in said) == (3, True, True), said
    rows = tmp_path / "day.csv"
    rows.write_text(f"site,port,board\n{site},/dev/null,esp32s3-lamp\n{other},,esp32s3-lamp\n")
    code, said = laptop.tech("provision", "--csv", rows)
    assert (code, "0 done, 0 without a device, 2 done before, 0 failed, 0 rows refused" in said) == (3, True), said
    assert county.sql("SELECT count(*) FROM claim") == asked


def test_a_replacement_that_a_claim_is_in_the_way_of_says_which(
    laptop: Laptop, county: County, village: Village
) -> None:
    site = village.sites[5]
    assert laptop.tech("claims", "fetch", site, "--board", "esp32s3-lamp")[0] == 0
    [(id,)] = county.sql("SELECT id FROM claim WHERE site = %s AND used_at IS NULL AND ended_at IS NULL", site)
    [(device,)] = county.sql(
        "SELECT min(id) FROM device WHERE site = %s AND kind = 'lamp' AND id NOT IN (SELECT device FROM claim)", site
    )
    code, said = laptop.tech("replace", device, "--port", "/dev/null", "--board", "esp32s3-lamp")
    assert (code, f"`heartlamp-tech claims end {id}`" in said, "zh=" in said) == (1, True, False), said
    assert id in laptop.tech("claims", "list")[1]
    assert laptop.tech("claims", "end", id)[0] == 0


def test_what_waits_in_a_laptop_is_no_work_of_the_fleet(laptop: Laptop, county: County, village: Village) -> None:
    site = village.sites[4]
    assert laptop.tech("claims", "fetch", site, "--board", "esp32s3-lamp", "--offline")[0] == 0
    [(id, device)] = county.sql(
        "SELECT id, device FROM claim WHERE site = %s AND used_at IS NULL AND ended_at IS NULL", site
    )
    assert device not in laptop.tech("fleet")[1]
    assert laptop.tech("claims", "end", id)[0] == 0


def test_what_is_mistyped_is_said_with_what_there_is(laptop: Laptop, tmp_path: Path) -> None:
    bad = tmp_path / "bad.hlb"
    bad.write_bytes(b"no bundle")
    for words, expected in (
        (("update", bad, "--port", "/dev/null"), "nothing was sent"),
        (("revoke", "lamp0a1b", "--reason", "whim"), "one of lost, stolen, broken"),
        (("claims", "end", "x"), "`heartlamp-tech claims list`"),
        (("claims", "fetch", "nowhere-1"), ": nowhere-1"),
        (("login", "https://127.0.0.1:9", "tech"), "nobody is logged in"),
    ):
        code, said = laptop.tech(*words)
        assert (code, expected in said) == (1, True), said
