"""The virtual bench is held to the makers' own tools: real esptool and real mpremote, on a real pseudo-terminal."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from heartlamp.rules import keys
from heartlamp_tech.bench import image
from heartlamp_tech.bench.board import BenchBoard
from heartlamp_tech.bench.chip import Chip
from heartlamp_tech.bench.control import Control
from heartlamp_tech.bench.loader import Loader
from heartlamp_tech.bench.slip import Unpacker, packed
from heartlamp_tech.flash.boards import Flashed, flash
from heartlamp_tech.flash.copying import Copying
from heartlamp_tech.port_lines import PortLines
from heartlamp_tech.provision.hands import Bench
from heartlamp_tech.trouble import Trouble

from tests.firmware.tool.parts import bench_board, order

pytestmark = pytest.mark.timeout(180)


def test_esptool_finds_the_chip_and_mpremote_its_files(tmp_path: Path, made: Path) -> None:
    with bench_board(tmp_path / "b001", chip="esp32c3") as bare:
        said = run("esptool", "--port", port(bare), "--before", "no-reset", "--after", "no-reset", "flash-id")
        assert "ESP32-C3" in said
        assert "Detected flash size: 4MB" in said
    with bench_board(tmp_path / "b002", made) as board:
        with PortLines(str(board.port)) as line:
            assert line.awake()["provisioned"] == 0
            line.ask("logs")
        with pytest.raises(Trouble, match="a program runs that takes no Ctrl-C"), Copying(str(board.port)):
            pass
        with PortLines(str(board.port)) as line:
            assert line.hello()["ok"] == 1, "what mpremote left on the line spoils no question"
        (tmp_path / "one.txt").write_text("1")
    bare_made = tmp_path / "b003"
    bare_made.mkdir()
    (bare_made / "image.bin").write_bytes(b"\xff" * 0x1000 + image.make("esp32", b"x" * 999))
    with bench_board(bare_made) as board:
        said = run("mpremote", "connect", port(board), "cp", str(tmp_path / "one.txt"), ":one.txt", "+", "ls")
        assert "one.txt" in said
        assert "MicroPython" in run("mpremote", "connect", port(board), "exec", "import sys; print(sys.version)")
        with pytest.raises(subprocess.CalledProcessError, match="exit status 1"):
            run("mpremote", "connect", port(board), "exec", "1/0")


@pytest.mark.prove
def test_a_cable_pulled_at_each_stage_of_flashing_and_the_next_run_goes_on(tmp_path: Path, built: Path) -> None:
    wanted = order(tmp_path, built)
    with bench_board(tmp_path / "b001") as board:
        cut_in = ["looking", "erasing", "writing", "copying"]
        seen: list[str] = []

        def told(stage: str, part: float) -> None:
            if cut_in and stage == cut_in[0] and (stage in ("looking", "erasing") or part > 0.3):
                seen.append(cut_in.pop(0))
                board.pull()

        done: Flashed | None = None
        while done is None:
            try:
                done = flash(str(board.port), wanted, told)
            except Trouble as trouble:
                print(trouble, seen)
                board.plug_in()
        assert seen == ["looking", "erasing", "writing", "copying"]
        assert "image" not in done.wrote, "MicroPython was there already when the last run began"
        assert flash(str(board.port), wanted, told).wrote == ()


def test_a_board_of_another_chip_than_was_said_and_a_provisioned_one_are_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    from heartlamp_tech.boards import read_all

    from tests.firmware.conftest import REPO

    wanted = replace(order(tmp_path, tmp_path), board=read_all(REPO / "hardware/boards")["esp32s3-lamp"])
    with (
        bench_board(tmp_path / "b001") as board,
        pytest.raises(Trouble, match="is an esp32, and a board esp32s3-lamp has an esp32s3"),
    ):
        flash(str(board.port), wanted, lambda stage, part: None)


def test_two_presses_without_a_pause_are_two_presses_to_a_device_that_ignores_bounces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = BenchBoard(tmp_path / "board", Path("micropython"), tmp_path)  # no power: only its fingers are of interest
    edges: list[tuple[int, int]] = []
    monkeypatch.setattr(board, "move", lambda pin, level: edges.append((level, int(monotonic() * 1000))))
    with Control(tmp_path / "hands", [board]):
        hands = Bench(tmp_path / "hands", str(board.port))
        hands.press("red")
        hands.press("red")
    line, presses = keys.Line(), 0
    for level, at in edges:
        line, pressed = keys.edge(line, level, at)
        presses += pressed
    assert presses == 2, edges


def test_slip_takes_packets_apart_wherever_they_are_cut() -> None:
    packets = [b"\xc0\xdb\xdc", b"a", b"\xdb\xdd" * 9]
    stream = b"noise" + b"".join(packed(one) for one in packets)
    unpacker = Unpacker()
    assert [one for at in range(len(stream)) for one in unpacker.feed(stream[at : at + 1])] == packets


def test_the_loader_refuses_what_is_damaged_and_half_an_image_never_starts(tmp_path: Path) -> None:
    chip = Chip(tmp_path, "esp32", b"\x02" + bytes(5))
    data = image.make("esp32", b"z" * 3000)
    for kept in (len(data), len(data) - 1, 2000, 24, 0):
        chip.erase(0, chip.size)
        chip.write(0x1000, data[:kept])
        assert chip.has_image() == (kept == len(data))
    loader = Loader(chip)
    answer = loader.feed(packed(b"\x00\x03\x11\x00" + bytes(4) + bytes(16) + b"x"))  # a wrong checksum
    assert Unpacker().feed(answer)[0][8:10] == b"\x01\x05"
    assert Unpacker().feed(loader.feed(packed(b"\x00\x77" + bytes(6))))[0][8:10] == b"\x01\x05"


def port(board: BenchBoard) -> str:
    until = monotonic() + 10
    while board.mode == "" and monotonic() < until:
        sleep(0.02)
    return os.path.realpath(board.port)


def run(program: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", program, *words], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, program, done.stdout, done.stderr)
    return done.stdout
