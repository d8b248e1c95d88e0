"""What the pages show is what the sources say: figures, pictures, and the readings that a technician expects."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_tech.boards import read_all

from hardware import bom, build, enclosures, erc, kicad, links, power, wiring

REPO = Path(__file__).resolve().parents[2]
TEXTS = build.texts(read_all(REPO / "hardware/boards"))
V = power.values(power.load())


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|--")]


def test_the_front_door_says_the_calculated_cost_and_hours() -> None:
    door, chinese = ((REPO / "hardware" / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    for row in rows(TEXTS["cost.md"]):
        assert row in door
        assert row in chinese
    for row in rows(TEXTS["power.md"].split("## The button")[0]):
        assert row in door


def test_the_page_of_links_says_what_the_model_says() -> None:
    page = (REPO / "docs/links.md").read_text()
    assert [row for row in rows(links.table()) if row not in page] == []


@pytest.mark.parametrize("name", build.shown_texts())
def test_a_drawn_picture_that_a_page_shows_is_the_one_that_is_drawn_today(name: str) -> None:
    kept = REPO / "hardware/images" / name.replace("/", "-")
    assert kept.read_text("utf-8") == TEXTS[name], "run `make hardware`"


def test_readings_that_are_called_calculated_are() -> None:
    x = V["lamp"]
    quiet = x["listen_ma"] + x["board_ma"] + x["leds_ma"] + x["amplifier_ma"] + x["working_ma"]
    shout = quiet - x["working_ma"] + x["shout_ma"] + x["speech_ma"]
    asleep = sum(mah for name, mah in power.button_ma_h(V, 4400).items() if name.startswith("asleep"))
    boards = read_all(REPO / "hardware/boards")
    assert boards["esp32c3-button"].quiescent_ua == round(asleep * 1000 / power.HOURS_A_YEAR)
    assert boards["esp32s3-lamp"].quiescent_ua == round(quiet * 1000)
    expected = {
        "button": [f"calculated {asleep * 1000 / power.HOURS_A_YEAR:.0f}"],
        "lamp": [f"calculated {ma:.0f}" for ma in (quiet, shout)]
        + [f"calculated {power.lamp_hours(V, loud):.0f}" for loud in (False, True)],
        "gateway": [f"calculated {power.gateway_hours(V):.1f}"],
        "access-point": [f"calculated {power.access_point_hours(V, cold):.1f}" for cold in (False, True)],
    }
    for device, readings in expected.items():
        page = (REPO / "hardware" / device / "README.md").read_text()
        assert re.findall(r"calculated [\d.]*\d", page) == readings


@pytest.mark.parametrize("device", bom.DEVICES)
def test_every_device_has_steps_pictures_and_a_test_with_expected_readings(device: str) -> None:
    page = (REPO / "hardware" / device / "README.md").read_text()
    assert "## Assemble\n1. " in page
    assert "| measure | expect | if not |" in page
    assert {f"../images/{device}.png", f"../images/wiring-{device}.svg"} <= set(re.findall(r"\]\(([^)]+)\)", page))


@pytest.mark.parametrize("device", bom.DEVICES)
def test_each_step_that_can_be_drawn_stands_at_a_step_of_the_assembly(device: str) -> None:
    page = (REPO / "hardware" / device / "README.md").read_text()
    steps = page.split("## Assemble\n")[1].split("\n## ")[0]
    scad = (REPO / "hardware" / device / "enclosure.scad").read_text()
    drawn = [enclosures.picture(device, step) for step in range(1, len(enclosures.STEPS[device]) + 1)]
    assert re.findall(r"^   !\[[^\]]+\]\(\.\./images/([\w-]+-\d\.png)\)$", steps, re.M) == drawn
    assert re.findall(r"if \(step == (\d)\)", scad) == [str(step) for step in range(1, len(drawn) + 1)]


def test_the_pictures_of_the_cases_are_of_the_shapes_as_they_are() -> None:
    kept = REPO / "hardware/images"
    assert (kept / build.DRAWN_FROM).read_text("utf-8") == enclosures.drawn_from(), "run `make hardware`"
    for name in enclosures.pictures():
        assert (kept / name).read_bytes().startswith(b"\x89PNG"), name


def test_a_solid_weighs_what_can_be_checked_by_hand() -> None:
    """A tetrahedron of 10 mm legs: 1000 / 6 mm³ of 1.2 g/cm³ are 0.2 g."""
    o, x, y, z = "0 0 0", "10 0 0", "0 10 0", "0 0 10"
    faces = [(o, y, x), (o, x, z), (o, z, y), (x, y, z)]
    stl = "".join(f"vertex {corner}\n" for face in faces for corner in face)
    assert enclosures.grams(stl) == pytest.approx(0.2)


def test_no_case_has_letters_to_read() -> None:
    for path in (REPO / "hardware").rglob("*.scad"):
        assert not re.search(r"\btext\s*\(", path.read_text()), path.name


KICAD = REPO / ".tools/bin/kicad-cli"


@pytest.mark.skipif(not KICAD.exists(), reason="kicad-cli comes with `make hardware`")
def test_kicad_reads_the_schematic_as_it_is_meant_and_would_find_a_fault(tmp_path: Path) -> None:
    wired = wiring.load("button")
    for name, text in kicad.project(wired).items():
        (tmp_path / name).write_text(text, "utf-8")
    assert "0 violations" in erc.hold(KICAD, tmp_path, wired)
    sheet = tmp_path / "button.kicad_sch"
    sound = sheet.read_text("utf-8")
    sheet.write_text(sound.replace('(global_label "COIL2"', '(global_label "COIL3"', 1), "utf-8")
    assert any("label" in found for found in erc.violations(KICAD, sheet))
    sheet.write_text(sound.replace('(lib_id "heartlamp:FLAG")', '(lib_id "heartlamp:L1")', 1), "utf-8")
    assert erc.violations(KICAD, sheet) != []
    swapped = sound.replace('"COIL1"', '"x"').replace('"red"', '"COIL1"').replace('"x"', '"red"')
    sheet.write_text(swapped, "utf-8")
    with pytest.raises(erc.ErcError, match=r"COIL1, red"):
        erc.hold(KICAD, tmp_path, wired)


def test_the_build_says_what_is_wrong_and_where(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hardware.build", str(tmp_path / "out"), "--fast"],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/selftest/esp32c3-button.py").exists()
