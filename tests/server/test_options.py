"""What is typed wrongly at a command is answered in words, not in Python's."""

import subprocess
from pathlib import Path

import pytest

from tests.server.county import PROGRAM


def said(*words: str) -> tuple[int, str]:
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["audit", "verify", "--file", "nosuch"], 1, "nosuch: there is no such file or folder"),
        (["audit", "verify", "--file", "{folder}"], 1, "{folder}: it is a folder, not a file"),
        (["audit", "verify", "--file", "nosuch", "--head", "17:abc"], 1, "'17:abc' is no head: NUMBER:64 hex digits"),
        (["audit", "verify", "--file", "nosuch", "--key", "xy"], 1, "'xy' is no key: 64 hex digits"),
        (["import", "areas", "--since", "yesterday", "list.csv"], 2, "'yesterday' is no day; write it as 2026-08-17"),
        (["figures", "brief", "--day", "2026-13-01"], 2, "'2026-13-01' is no day"),
        (["figures", "month", "2026-1x", "--out", "x"], 2, "'2026-1x' is no month; write it as 2026-08"),
    ],
)
def test_it_says_what_is_wrong_and_how_it_is_written(words: list[str], code: int, why: str, tmp_path: Path) -> None:
    ended, last = said(*(word.format(folder=tmp_path) for word in words))
    assert ended == code
    assert why.format(folder=tmp_path) in last
    assert "Errno" not in last
