"""Settings and NVS on real littlefs and a NOR-like flash, cut off at every operation; and spoilt at random."""

import random

from tests.firmware.conftest import on_device


def run(script: str, *arguments: str) -> dict[str, int]:
    result: dict[str, int] = on_device(script, *arguments, heap="64M")
    return result


def some_seed() -> str:
    return str(random.randrange(1 << 30))


def test_a_copy_that_could_not_be_written_is_believed_by_no_wake() -> None:
    assert on_device("stale_nvs.py") == {
        "woken": "butt0001",
        "unwritten": ["nvs"],
        "started": "butt0002",
        "woken after": "butt0002",
        "woken, nobody knows": "butt0002",
        "reset, woken": None,
    }


def test_no_cut_leaves_mixed_settings_or_brings_back_a_consent() -> None:
    result = run("settings_cut.py")
    assert result["cuts"] > 1_000
    assert [result[name] for name in ("mixed", "lost", "revived", "disagree")] == [0, 0, 0, 0]


def test_one_copy_written_over_itself_would_be_lost() -> None:
    assert run("settings_cut.py", "--in-place")["mixed"] > 0


def test_an_answer_before_the_flash_would_bring_a_consent_back() -> None:
    assert run("settings_cut.py", "--answer-early")["revived"] > 0


def test_no_cut_leaves_half_a_value_in_the_nvs() -> None:
    result = run("nvs_cut.py", some_seed())
    assert result["cuts"] > 1_000
    assert result["wrong"] == 0


def test_an_nvs_that_takes_torn_values_is_found_out() -> None:
    assert run("nvs_cut.py", some_seed(), "--forget-torn")["wrong"] > 0


def test_spoilt_flash_gives_the_settings_or_none_and_spoilt_lines_change_nothing() -> None:
    result = run("wild_settings.py", some_seed())
    assert result["kept"] + result["none"] == result["starts"]
    assert result["kept"] > 0
    assert result["refused"] == result["lines"]
