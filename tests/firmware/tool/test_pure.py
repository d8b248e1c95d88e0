"""What the technician's tool decides without a board, a county or a printer."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from heartlamp_protocol.device.kinds import KINDS
from heartlamp_tech.bench import image
from heartlamp_tech.cli import visiting
from heartlamp_tech.cli.visiting import without_mains
from heartlamp_tech.county.claims import Claims
from heartlamp_tech.county.results import Results
from heartlamp_tech.county.web import County, Refused
from heartlamp_tech.doctor.explain import explained
from heartlamp_tech.doctor.facts import Facts, Port, gather
from heartlamp_tech.doctor.findings import findings
from heartlamp_tech.flash.images import Images
from heartlamp_tech.fleet.route import TODO, routed
from heartlamp_tech.label import pdf, svg
from heartlamp_tech.label.printing import print_out, save
from heartlamp_tech.label.sheet import HEIGHT, WIDTH, Label, Square, _wrapped, sheets
from heartlamp_tech.provision import csv_rows
from heartlamp_tech.provision.csv_rows import Row
from heartlamp_tech.provision.hands import Person
from heartlamp_tech.provision.journal import Journal
from heartlamp_tech.provision.visit import Desk
from heartlamp_tech.trouble import Trouble
from rich.console import Console

WELL = Facts(
    ports=(Port("/dev/ttyUSB0", 0x1A86, True),),
    usb=(0x1A86,),
    drivers=frozenset({"ch341"}),
    running=frozenset(),
    group="dialout",
    member=True,
    root=False,
    images=frozenset({"esp32", "esp32s3", "esp32c3"}),
    program=True,
)


def said(**other: object) -> str:
    from dataclasses import replace

    found = findings(replace(WELL, **other))  # type: ignore[arg-type]
    assert all(one.do for one in found if one.level == "bad"), "each cause has its cure"
    return "\n".join(f"{one.level} {one.text} -> {one.do}" for one in found)


def test_doctor_finds_nothing_where_all_is_well() -> None:
    assert {one.level for one in findings(WELL)} == {"good"}


@pytest.mark.parametrize(
    ("facts", "cause", "cure"),
    [
        ({"ports": (), "usb": ()}, "no board is to be seen", "may only charge"),
        (
            {"ports": (), "running": frozenset({"brltty"})},
            r"braille driver \(brltty\) has taken it",
            "apt remove brltty",
        ),
        ({"ports": (), "drivers": frozenset()}, "driver ch341 is not loaded", "modprobe ch341"),
        ({"ports": (), "usb": (0x10C4,)}, "CP210x is plugged in, and its driver cp210x", "modprobe cp210x"),
        (
            {"ports": (), "usb": (0x303A,), "drivers": frozenset({"cdc_acm"})},
            "own USB is plugged in, and has no port",
            "BOOT",
        ),
        ({"ports": (Port("/dev/ttyUSB0", 0x1A86, False),), "member": False}, "may not use", "usermod -aG dialout"),
        ({"ports": (Port("/dev/ttyUSB0", 0x1A86, False),)}, "may not use", "log out and in again: you are in"),
        (
            {"ports": (Port("/dev/ttyACM0", 0x303A, True),), "usb": (0x303A,)},
            "goes and comes with every restart",
            "BOOT",
        ),
        ({"running": frozenset({"ModemManager"})}, "ModemManager", "stop ModemManager"),
        ({"images": frozenset()}, "no MicroPython image", "image add"),
        ({"program": False}, "was not built", "heartlamp-tech build"),
    ],
)
def test_doctor_names_the_cause_and_the_cure(facts: dict[str, object], cause: str, cure: str) -> None:
    import re

    text = said(**facts)
    assert re.search(cause, text), text
    assert cure in text, text


def test_doctor_reads_this_machine_and_a_made_up_one(tmp_path: Path) -> None:
    assert gather(frozenset(), False).program is False
    device = tmp_path / "sys/bus/usb/devices/1-1"
    device.mkdir(parents=True)
    (device / "idVendor").write_text("1a86\n")
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/comm").write_text("brltty\n")
    facts = gather(frozenset(), True, tmp_path / "sys", tmp_path / "proc")
    assert (facts.usb, facts.running) == ((0x1A86,), frozenset({"brltty"}))


@pytest.mark.parametrize(
    ("words", "cause", "cure"),
    [
        ("[Errno 13] Permission denied: '/dev/ttyUSB0'", "may not use", "usermod"),
        ("Could not exclusively lock port /dev/ttyUSB0: [Errno 11]", "another program", "close it"),
        ("[Errno 2] could not open port /dev/ttyUSB9", "there is no port", "plug the board in"),
        ("A fatal error occurred: This chip is ESP32-S3, not ESP32. Wrong chip argument?", "is an ESP32-S3", "--board"),
        ("Wrong boot mode detected (0x13)! The chip needs to be in download mode.", "serial loader", "BOOT"),
        ("Failed to connect to ESP32: No serial data received.", "no serial loader", "another cable"),
        ("MD5 of file does not match data in flash!", "is not what was written", "again"),
        ("File will not fit in the flash: exceeds 2MB flash", "too small", "4 MB"),
        ("could not enter raw repl", "no MicroPython prompt", "--erase"),
        ("device reports readiness to read but returned no data (device disconnected?)", "came off", "goes on where"),
        ("OSError: 28 ENOSPC", "full", "--erase"),
        ("something new\nthat nobody knows", "that nobody knows", "doctor"),
    ],
)
def test_what_the_tools_say_is_explained(words: str, cause: str, cure: str) -> None:
    trouble = explained("/dev/ttyUSB0", words)
    assert cause in trouble.error
    assert cure in trouble.do
    assert "/dev/ttyUSB0" in trouble.error


def test_an_image_that_is_not_what_it_should_be_does_not_get_into_the_store(tmp_path: Path) -> None:
    images, good = Images(tmp_path / "store"), tmp_path / "good.bin"
    good.write_bytes(image.make("esp32s3", b"program" * 99))
    with pytest.raises(Trouble, match="is not the image that it should be"):
        images.add(good, "0" * 64)
    for name, data, why in (("text.bin", b"<html>", "0xE9"), ("cut.bin", good.read_bytes()[:-9], "damaged or cut off")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Trouble, match=why):
            images.add(tmp_path / name)
    added = images.add(good)
    assert (added.chip, added.offset, images.of("esp32s3")) == ("esp32s3", 0, added)
    with pytest.raises(Trouble, match="no image for an esp32c3") as missing:
        images.of("esp32c3")
    assert "micropython.org" in missing.value.do
    (tmp_path / "store/good.bin").write_bytes(b"rotten")
    with pytest.raises(Trouble, match="in the store is damaged"):
        images.path(added)


def test_a_list_s_bad_rows_have_their_reasons_and_the_good_are_kept() -> None:
    text = (
        "site,kind,board,port,consent,witness,language\nliu-1,lamp,virtual,p1,yes,组长,zh\nliu-2,siren\n,lamp\n"
        "liu-1,lamp,virtual\nliu-3,,,p1\nliu-4,,nosuch\nliu-5,,,,yes\nliu-6,,,,maybe\nliu-7,,,,,,klingon\nliu-8,a,b,c,d,e,f,g\nliu-9\n"
    )
    good, bad = csv_rows.read("\ufeff" + text, ["virtual"], "virtual", ["zh", "en"])
    assert [(row.site, row.kind, row.board, row.consent) for row in good] == [
        ("liu-1", "lamp", "virtual", True),
        ("liu-9", "lamp", "virtual", None),
    ]
    reasons = [row.why for row in bad]
    assert [row.number for row in bad] == list(range(3, 12))
    for reason, words in zip(
        reasons,
        ("no kind siren", "names no site", "line 2 has the same site", "line 2 has the same port", "no board nosuch",
         "without a witness", "yes or no", "no text in klingon", "more fields"), strict=True,
    ):  # fmt: skip
        assert words in reason
    for wrong in ("name,kind\n", "site,color\n", ""):
        with pytest.raises(Trouble, match="column"):
            csv_rows.read(wrong, ["virtual"], "", ["zh"])
    assert set(KINDS) >= {"lamp"}


def test_a_label_has_its_code_and_no_secret_and_a_sheet_holds_ten(tmp_path: Path) -> None:
    label = Label.of(
        {"url": "https://county.example/h/ABC", "lines": ["三组 7号", "柳树湾村", "坏了？扫码报修 · Broken? Scan"]}
    )
    pages = sheets([label] * 11)
    assert len(pages) == 2
    assert all(0 <= s.x <= WIDTH and 0 <= s.y <= HEIGHT for page in pages for s in page)
    assert any(isinstance(shape, Square) for shape in pages[1])
    drawn = svg.draw(pages[0])
    assert drawn.count("三组 7号") == 10
    data = pdf.write(pages)
    assert data.startswith(b"%PDF-1.4")
    assert b"/Count 2" in data
    assert "三组".encode("utf-16-be").hex().encode() in data
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start:].startswith(b"xref")
    assert [f.name for f in save([label] * 11, tmp_path / "l.svg")] == ["l.svg", "l-2.svg"]
    with pytest.raises(Trouble, match="would hold a secret"):
        Label.of({"url": "https://x/?root=5a", "lines": ["a"]})
    with pytest.raises(Trouble, match="neither"):
        save([label], tmp_path / "l.doc")


def test_a_printer_that_is_not_there_is_said_and_the_label_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "label.pdf"
    file.write_bytes(b"%PDF")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Trouble, match="no printing system") as none:
        print_out(file, "")
    assert str(file) in none.value.do
    (tmp_path / "lp").write_text("#!/bin/sh\necho 'lp: The printer or class does not exist.' >&2\nexit 1\n")
    (tmp_path / "lp").chmod(0o755)
    with pytest.raises(Trouble, match="does not exist") as refused:
        print_out(file, "nosuch")
    assert "lpstat" in refused.value.do


def test_claims_on_the_laptop_are_its_owners_alone_and_say_no_secret(tmp_path: Path) -> None:
    given = {
        "id": "c1", "secret": "s" * 32, "site": "liu-1", "site_name": "三组 1号", "village": 3, "village_name": "柳",
        "device": "lamp1", "kind": "lamp", "not_after": 1000, "offline": False, "replaces": "",
        "settings": {"root": "5a" * 32}, "label": {},
    }  # fmt: skip
    claims = Claims(tmp_path)
    claims.add([given])
    assert (tmp_path / "claims.json").stat().st_mode & 0o77 == 0
    claim = claims.of_site("liu-1", now=999)
    assert claim is not None
    assert "5a5a" not in repr(claim)
    assert "ssss" not in repr(claim)
    with pytest.raises(Trouble, match="is over since"):
        claims.of_site("liu-1", now=1001)
    claims.is_over("c1")
    assert "5a5a" not in (tmp_path / "claims.json").read_text()


def test_a_person_is_asked_in_words_and_answers_at_the_keyboard(tmp_path: Path) -> None:
    said = io.StringIO()
    (tmp_path / "voice.m4a").write_bytes(b"")
    answers = io.StringIO(f"\ny\n组长\nn\n{tmp_path / 'voice.m4a'}\ny\nn\n")
    person = Person(Console(file=said, width=200), answers)
    person.board_for("liu-7", "/dev/ttyUSB0")
    given, refused = person.consent("lamp", "zh"), person.consent("lamp", "en")
    assert given == {"given": True, "language": "zh", "witness": "组长", "voice": ""}
    assert refused == {"given": False, "language": "en", "witness": "", "voice": str(tmp_path / "voice.m4a")}
    person.press("red")
    assert person.sees("Did it sound")
    assert not person.mains(False)
    text = said.getvalue()
    for words in (
        "liu-7: plug its board in at /dev/ttyUSB0",
        "同意安装吗",
        "Do you agree",
        "请按一下红键",
        "Did it sound?",
    ):
        assert words in text


def test_a_label_cuts_before_a_word_and_between_chinese_signs() -> None:
    assert _wrapped("扫码报修 · scan to report a fault", 12.0, 1.0) == ["扫码报修 · scan to", "report a fault"]
    assert _wrapped("柳树湾村水塔北侧红色铁门", 5.0, 1.0) == ["柳树湾村水", "塔北侧红色", "铁门"]
    assert _wrapped("https://county.example/h/4ea985", 5.0, 1.0) == ["https://co", "unty.examp", "le/h/4ea98", "5"]


def test_a_press_that_came_to_nothing_without_mains_is_said_with_what_to_do() -> None:
    assert without_mains({"ok": True, "found": "a press: received after 0.03 s"}).strip() == (
        "with mains and router off: a press: received after 0.03 s"
    )
    lost = without_mains({"ok": False, "found": "a press: heard not within 30 s"})
    assert "! with mains and router off: a press: heard not within 30 s" in lost
    assert "backup cell" in lost


def test_rows_whose_sites_nobody_knows_do_not_hold_up_the_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def ask(sites: list[str], *_: object) -> None:
        asked.append(sites)
        if sites == ["liu-999"]:
            raise Refused("no such site", "check the site's id", "", 404)

    monkeypatch.setattr(visiting, "ask_claims", ask)
    county, claims = County(tmp_path), Claims(tmp_path)
    desk = Desk(county, claims, Results(tmp_path, county, claims), Journal(tmp_path))
    rows = [Row(2, "liu-999", "lamp", "a", "", None, "", "zh"), Row(3, "liu-3", "lamp", "b", "", None, "", "zh")]
    visiting._claims(desk, rows)
    assert asked == [["liu-999"], ["liu-3"]]


def test_a_keyboard_where_nobody_is_is_no_fault_of_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    person = Person(Console(file=io.StringIO()))
    for asks in (lambda: person.sees("Did it sound"), lambda: person.board_for("liu-7", "/dev/ttyUSB0")):
        with pytest.raises(Trouble, match="nobody answers at the keyboard"):
            asks()


def test_the_fleet_is_walked_by_village_in_the_countys_order() -> None:
    rows = [{"village_name": v, "order": o, "site": s} for v, o, s in (("b", 2, 1), ("a", 1, 2), ("b", 1, 3))]
    assert [(name, [row["site"] for row in group]) for name, group in routed(rows)] == [("a", [2]), ("b", [3, 1])]
    assert len(TODO) == 8


def test_help_reads_well_and_a_wrong_command_is_not_a_traceback(tmp_path: Path) -> None:
    def tech(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "heartlamp_tech", *words], capture_output=True, text=True, timeout=60,
            env={"HEARTLAMP_TECH_HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "120"}, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    code, text = tech("--help")
    assert code == 0
    for word in ("doctor", "flash", "provision", "visit", "replace", "label", "upload", "fleet", "claims", "bench"):
        assert f" {word} " in text
    code, text = tech("claims", "fetch")
    assert (code, "Traceback" in text, "login" in text) == (1, False, True)
    assert tech("flush")[0] == 2
    assert tech("label")[0] == 3
