"""What `setup` leaves for the technician: each commented part becomes one that is read when its # are taken away."""

import re
import tomllib
from pathlib import Path

import pytest
from heartlamp_gateway.config import TOP, Config, read_config
from heartlamp_gateway.install.optional import MARK, OPTIONAL
from heartlamp_gateway.install.setup import _rest_of
from heartlamp_gateway.sntp_table import TimeTable

from tests.gateway.rig.little import LITTLE

PARTS = OPTIONAL.split("\n\n")[1:]
"""A part is a comment and the lines below it."""


def uncommented(text: str) -> str:
    return re.sub(r"^#(?=\S)", "", text, flags=re.M)


def read(folder: Path, text: str) -> Config:
    (folder / "gateway.toml").write_text(text, encoding="utf-8")
    return read_config(folder / "gateway.toml")


@pytest.mark.parametrize("part", PARTS, ids=range(len(PARTS)))
def test_each_part_is_read_when_its_signs_are_taken_away(tmp_path: Path, part: str) -> None:
    """And explains itself before."""
    assert re.match(r"# [A-Z].*[\u4e00-\u9fff]", part)
    bare = read(tmp_path, LITTLE + part)
    assert bare == read(tmp_path, LITTLE)
    names = set(tomllib.loads(uncommented(part)))
    made = read(tmp_path, LITTLE + uncommented(part))
    for name in names - {"siren", "sound", "speaker", "supervision"}:
        assert getattr(made, name) is not None
    assert made.flaws == ()
    assert made != bare or names == {"supervision"}  # which has its defaults


def test_all_of_them_together(tmp_path: Path) -> None:
    made = read(tmp_path, f"{LITTLE}\n{uncommented(OPTIONAL)}")
    assert made.loud
    assert made.loud.siren
    assert [speaker.name for speaker in made.loud.speakers] == ["村口", "北坡"]


def test_there_is_one_for_each_part_that_the_configuration_knows() -> None:
    own = {*tomllib.loads(LITTLE), "name"}
    assert set(tomllib.loads(uncommented(OPTIONAL))) == set(TOP) - own


def test_joining_anew_keeps_what_the_technician_wrote_and_not_what_was_ours(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    mine = '# why\nsocket = "/run/s"\n'
    text = LITTLE + mine + "\n" + OPTIONAL.replace("#[time]\n#port = 123", "[time]\nport = 1123")
    path.write_text(text, encoding="utf-8")
    rest = _rest_of(path)
    again = read(tmp_path, f"{LITTLE}\n{rest}")
    assert (again, rest.count(MARK)) == (read(tmp_path, text), 1)
    assert again.time == TimeTable("0.0.0.0", 1123)
    path.write_text(LITTLE, encoding="utf-8")
    assert _rest_of(path) == ""
