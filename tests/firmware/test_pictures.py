"""A camera's pictures on real littlefs: cut off at every operation of the flash, and how much heap one takes."""

from pathlib import Path

from tests.firmware.conftest import on_device
from tests.firmware.test_camera_story import jpeg_like

ON_DEVICE = Path(__file__).parent / "on_device"


def run(script: str, *arguments: str, heap: str = "16M") -> dict[str, int]:
    result: dict[str, int] = on_device(script, *arguments, heap=heap)
    return result


def test_no_cut_parts_an_event_from_its_picture_or_leaves_half_a_one() -> None:
    result = run("picture_cut.py")
    assert result["cuts"] > 300
    assert (result["missing"], result["spoilt"], result["strangers"], result["unmountable"]) == (0, 0, 0, 0)


def test_this_test_can_fail() -> None:
    """An event that is stored before its picture is whole has none at some cuts."""
    assert run("picture_cut.py", "--event-first")["missing"] > 0


def test_a_picture_of_200_kb_takes_a_few_kb_of_heap(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "0.jpg").write_bytes(jpeg_like(200_000))
    result = run("picture_memory.py", str(tmp_path / "flash"), str(folder), heap="2M")
    assert result["bytes"] == 200_000
    assert result["taking"] <= 2 * 2048 + 4096
    assert result["sending"] <= 3 * 2048 + 4096
