"""A gateway.toml that somebody mistyped: the village is served, and the mistake is said wherever somebody may look."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_gateway.config import Config, ConfigError, read_config
from heartlamp_gateway.outputs.siren_off import siren_off
from heartlamp_gateway.rules.health import FAULT, OK, WARN
from heartlamp_gateway.supervision import file

from tests.gateway.faults.villages import village
from tests.gateway.rig.little import LITTLE
from tests.gateway.rig.waiting import until


def read(folder: Path, text: str) -> Config:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return read_config(path)


@pytest.mark.parametrize(
    ("tables", "said", "lost"),
    [
        ("[sirene]\nline = 17", "there is no [sirene] (did you mean `siren`?): nothing of it is done", True),
        ("[[speakers]]\nname = 'a'", "there is no [[speakers]] (did you mean `speaker`?): nothing of it is done", True),
        ("[xyz]", "there is no [xyz]: nothing of it is done", True),
        (
            "[http]\ncode = '12345678'\nanswercode = '87654321'",
            "[http] has no `answercode` (did you mean `answer_code`?)",
            False,
        ),
        ("[pictures]\nmost = 3", "[pictures] has no `most` (did you mean `most_mb`?)", False),
        ("[updates]\nrate = 3", "[updates] has no `rate`: it is ignored", False),
        ("[time]\nports = 123", "[time] has no `ports` (did you mean `port`?)", False),
        ("[time]\nport = 0", "[time]: `port` must be a whole number from 1 to 65535; this part is left out", True),
        ("[[http]]\ncode = '12345678'", "[http]: it must be a table", True),
        ("[supervision]\nhold = 3", "[supervision] has no `hold` (did you mean `hold_s`?)", False),
        ("[supervision]\nhold_s = 'soon'", "[supervision]: `hold_s` must be", True),
        ("[ups]\nname = 'a b'", "[ups]: `name` must be", True),
        ("[modem]\nring = 3", "[modem] has no `ring` (did you mean `ring_s`?)", False),
        ("[modem]\nring_s = 3", "[modem]: `ring_s` must be seconds", True),
        ("[modem.sim]\nbalance = nan", "[modem.sim]: `sim.balance` must be a number", True),
        ("[modem.sim]\nbalnce = 3", "[modem.sim] has no `balnce` (did you mean `balance`?)", False),
        ("[siren]\nline = -1", "[siren]: `siren.line` must be", True),
    ],
)
def test_a_mistake_is_said_and_the_rest_is_read(tmp_path: Path, tables: str, said: str, lost: bool) -> None:
    config = read(tmp_path, f"{LITTLE}\n{tables}\n")
    (flaw,) = config.flaws
    assert flaw.en.startswith(said)
    assert flaw.lost is lost
    assert file.judge(config.flaws).state == (FAULT if lost else WARN)
    assert file.judge(()).state == OK


def test_what_is_wrong_with_the_cards_record_keeps_nobody_from_being_called(tmp_path: Path) -> None:
    config = read(tmp_path, f"{LITTLE}[modem]\nring_s = 20\n[modem.sim]\nbalance = inf\n[modem.audio]\ndevice = 3\n")
    assert config.modem
    assert (config.modem.ring_s, config.modem.audio, config.modem.sim.balance) == (20, None, None)
    assert len(config.flaws) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('host = "127.0.0.1"', 'host = "127.0.0.1\\nallow_anonymous true"', "`broker.host` has a line break"),
        ('host = "127.0.0.1"', 'host = "127.0.0.1 x"', "`broker.host` must be one address"),
        ('cert = "c"', 'cert = "c\\nx"', "`broker.cert` has a line break"),
        ('cert = "c"', 'cert = "c"\nsocket = "s\\nx"', "`broker.socket` has a line break"),
        ('cert = "c"', 'cert = "c"\nsocket = 7', "`broker.socket` is missing or not a text"),
        ('data_dir = "data"', 'data_dir = "data\\nx"', "`data_dir` has a line break"),
        ("127.0.0.1:8443", "127.0.0.1:84433", "the port in `county_url`"),
        ("127.0.0.1:8443", "127.0.0.1:http", "the port in `county_url`"),
        ("127.0.0.1:8443", "[::1", "`county_url` must be"),
        ("port = 8883", "prot = 8883", "`broker.port` must be a number"),
    ],
)
def test_what_no_village_can_be_served_without_is_refused_by_its_name(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in LITTLE
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, LITTLE.replace(old, new))
    assert said in str(refused.value)


def test_the_mark_that_some_editors_write_first_is_none_of_its_words(tmp_path: Path) -> None:
    assert read(tmp_path, f"\ufeff{LITTLE}") == read(tmp_path, LITTLE)
    (tmp_path / "gateway.toml").write_text("\ufeffid = 7\n", encoding="utf-8")
    assert siren_off(tmp_path / "gateway.toml") == "this box has no siren"


@pytest.mark.parametrize("word", ["status", "doctor", "run"])
def test_before_setup_it_is_said_what_to_do(tmp_path: Path, word: str) -> None:
    command = [sys.executable, "-m", "heartlamp_gateway", word, "--config", str(tmp_path / "gateway.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "this box is no gateway yet. `sudo heartlamp-gateway setup` makes it one" in done.stderr


@pytest.mark.prove
def test_a_village_goes_on_with_a_mistake_and_everybody_who_can_mend_it_is_told() -> None:
    with village("[supervision]\nlook_s = 1\n[sirene]\nline = 17\n") as rig:
        button = rig.device("butt7")
        button.is_received(button.press())
        rig.gateway.says("there is no [sirene] (did you mean `siren`?)")
        rig.county.noted("trouble", "box fault config", 30)

        def do(*words: str) -> str:
            command = [sys.executable, "-m", "heartlamp_gateway", *words, "--config", str(rig.config)]
            return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

        assert "✗ config       there is no [sirene]" in do("doctor")
        assert "! config           there is no [sirene]" in do("status")
        assert json.loads(do("status", "--json"))["config_flaws"][0].startswith("there is no [sirene]")
        until("it is told as a trouble", lambda: '"code": "config"' in (rig.data / "troubles.json").read_text(), 20)
