"""python -m tests.firmware.footprint: what the built firmware takes of a device, measured by running it.

For each kind: the bytecode it loads, by starting it and asking which modules it has. For button, lamp and camera: the
smallest heap on which a whole run succeeds (boot, TLS to a real broker, presses, receipts, calls), less that of an
interpreter that runs nothing. Printed, and written to build/firmware/report.json.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import sleep
from typing import Any, Self

from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import CALLS_MAX, NAME_MAX
from heartlamp_tech.virtual_board import BoardError, VirtualBoard

from tests.firmware.conftest import MICROPYTHON, REPO
from tests.firmware.parts import Broker, Certificates, Village, call, config

BUILT = REPO / "build/firmware"
LOADED = Path(__file__).parent / "on_device/loaded.py"
DEVICE = "device01"
MEASURED = ("button", "lamp", "camera")
KIND_MOST = 64 * 1024  # bytes of .mpy that a kind loads
CONNECTION_MOST = 6 * 1024  # bytes of .mpy of mqtt/codec and mqtt/session
BUTTON_HEAP_MOST = 60 * 1024  # bytes above the bare interpreter
STEP = 1024  # the heap is found to this
HEAP_MOST = 512 * 1024
CONTACTS = ("smoke", "gas", "flood")  # press their contact; the others have a red key
NO_ALARM = ("door", "temperature", "slope")  # nothing to press
PRESSES = 3


class Bench:
    """A broker, a village, and boards that run what was built into `built`."""

    def __init__(self, built: Path) -> None:
        self._built = built
        self._folder = tempfile.TemporaryDirectory(prefix="heartlamp-footprint-")

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        self._certificates = Certificates(folder)
        self._broker = Broker(self._certificates.good, folder).__enter__()
        self._village = Village(self._broker, self._certificates.ca).__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._village.__exit__(*error)
        self._broker.__exit__(*error)
        self._folder.cleanup()

    def modules(self, kind: str) -> list[str]:
        """Paths in the bundle of all that a board of this kind loaded in a whole run."""
        board = self._board(kind, run=LOADED)
        self._live(board, kind)
        names = {name.replace(".", "/") for name in board.wait_for(lambda line: line.get("trace") == "loaded")["names"]}
        app = self._built / "app"
        paths = (path.relative_to(app) for path in app.rglob("*.mpy"))
        return sorted(str(path) for path in paths if str(path.with_suffix("")).removesuffix("/__init__") in names)

    def heap(self, kind: str, guess: int) -> int:
        """Bytes of the smallest heap, in whole STEPs, on which a board of this kind lives through a whole run."""

        def lives(size: int) -> bool:
            try:
                self._live(self._board(kind, ("-X", f"heapsize={size}")), kind)
            except (BoardError, AssertionError):
                return False
            return True

        return smallest(lives, guess)

    def _board(self, kind: str, options: Sequence[str] = (), run: Path | None = None) -> VirtualBoard:
        flash = Path(self._folder.name) / f"{kind}.flash"
        flash.unlink(missing_ok=True)
        board = VirtualBoard(MICROPYTHON, REPO, flash, built=self._built)
        board.provision(config(self._broker, self._certificates.ca, DEVICE, kind))
        return VirtualBoard(MICROPYTHON, REPO, flash, built=self._built, options=options, run=run)

    def _live(self, board: VirtualBoard, kind: str) -> None:
        """A whole run; ends with the power going. Raises BoardError or AssertionError: something did not happen."""
        village, place = self._village, len(self._village.said)
        village.light(DEVICE, [])
        board.start()
        try:
            board.wait_trace("link", up=1)
            village.wait("reading", after=place)
            for _ in range(0 if kind in NO_ALARM else PRESSES):
                mark, place = board.mark(), len(village.said)
                pin = kind if kind in CONTACTS else "red"
                board.press(pin)
                said = village.wait("event", after=place)
                village.hear(said)
                village.receive(said)
                board.wait_trace("received", event=said.id, after=mark)
                board.release(pin)
                sleep(0.05)  # the key's bounce
            if kind in LAMPS:
                ver = village.light(DEVICE, full_house())
                village.wait("shown", lambda said: said.fields["ver"] == ver)
        finally:
            board.stop()
        if "Traceback" in board.complaints() or "MemoryError" in board.complaints():
            raise BoardError(board.complaints())


def full_house() -> list[str]:
    """As many calls as a lamp shows, each as large as it comes."""
    name = "村" * NAME_MAX
    return [
        call(f"lamp0c2d-{n:016x}", "near" if n else "own", place=name, answer="coming", who=name)
        for n in range(CALLS_MAX)
    ]


def smallest(works: Callable[[int], bool], guess: int) -> int:
    """The least multiple of STEP that works, where all above it do too. `guess`: near it, to be quick. Raises
    AssertionError where not even HEAP_MOST works."""
    low, high = 0, HEAP_MOST
    for size in (guess, guess - STEP):
        if low < size < high:
            low, high = (low, size) if works(size) else (size, high)
    assert high < HEAP_MOST or works(HEAP_MOST), f"it does not run on {HEAP_MOST} bytes either"
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def bare_heap() -> int:
    """The same of an interpreter that runs nothing."""

    def runs(size: int) -> bool:
        done = subprocess.run([str(MICROPYTHON), "-X", f"heapsize={size}", "-c", "pass"], capture_output=True)
        return done.returncode == 0

    return smallest(runs, 4 * STEP)


def bytes_of(modules: Sequence[str], built: Path) -> int:
    return sum((built / "app" / path).stat().st_size for path in modules)


def on_esp32(modules: Sequence[str], built: Path) -> list[str]:
    """The same with the ESP32's hal, all of it, and the largest board module instead of the unix port's hal."""
    app = built / "app"
    boards = sorted((app / "heartlamp/boards").glob("esp32*.mpy"), key=lambda path: path.stat().st_size)
    hal = sorted((app / "heartlamp/hal/esp32").glob("*.mpy"))
    ours = [path for path in modules if not path.startswith("heartlamp/hal/unix/")]
    return ours + [str(path.relative_to(app)) for path in (*hal, *boards[-1:])]


def measure(built: Path, before: dict[str, Any]) -> dict[str, Any]:
    """The report. `before`: an earlier one, whose heaps are tried first."""
    kinds = json.loads((built / "manifest.json").read_bytes())["kinds"]
    connection = [f"heartlamp/mqtt/{name}.mpy" for name in ("codec", "session")]
    report: dict[str, Any] = {
        "bundle": next(built.glob("*.hlb")).stat().st_size,
        "connection": bytes_of(connection, built),
        "kinds": {},
        "heap_bare": bare_heap(),
    }
    with Bench(built) as bench:
        for kind in kinds:
            modules = bench.modules(kind)
            report["kinds"][kind] = {
                "modules": len(modules),
                "unix": bytes_of(modules, built),
                "esp32": bytes_of(on_esp32(modules, built), built),
            }
        for kind in MEASURED:
            guess = before.get("kinds", {}).get(kind, {}).get("heap", 64 * 1024)
            report["kinds"][kind]["heap"] = bench.heap(kind, guess)
    return report


def text_of(report: dict[str, Any]) -> str:
    lines = [f"{'kind':12} {'modules':>7} {'.mpy, unix':>11} {'.mpy, ESP32':>11}  heap above the bare interpreter"]
    for kind, row in report["kinds"].items():
        heap = f"{row['heap'] - report['heap_bare']:>8,} B" if "heap" in row else ""
        lines.append(f"{kind:12} {row['modules']:>7} {row['unix']:>9,} B {row['esp32']:>9,} B  {heap}")
    return "\n".join(
        [
            *lines,
            f"codec and session {report['connection']:,} B of {CONNECTION_MOST:,} · a kind {KIND_MOST:,} B at most · "
            f"button's heap {BUTTON_HEAP_MOST:,} B at most",
            f"Heaps are the unix port's, to {STEP:,} B (bare: {report['heap_bare']:,} B), words of 8 bytes. An",
            "ESP32 has 4: about half to two thirds is expected there, and not measured. TLS is outside both.",
        ]
    )


def faults(report: dict[str, Any]) -> list[str]:
    """What is larger than it may be."""
    found = []
    if report["connection"] > CONNECTION_MOST:
        found.append(f"codec and session have {report['connection']:,} B of {CONNECTION_MOST:,}")
    for kind, row in report["kinds"].items():
        size = max(row["unix"], row["esp32"])
        if size > KIND_MOST:
            found.append(f"a {kind} loads {size:,} B of {KIND_MOST:,}")
    heap = report["kinds"]["button"]["heap"] - report["heap_bare"]
    if heap > BUTTON_HEAP_MOST:
        found.append(f"a button needs {heap:,} B of heap above the bare interpreter, {BUTTON_HEAP_MOST:,} at most")
    return found


def main() -> int:
    path = BUILT / "report.json"
    report = measure(BUILT, json.loads(path.read_text()) if path.exists() else {})
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(text_of(report))
    for fault in faults(report):
        print("TOO LARGE:", fault, file=sys.stderr)
    return 1 if faults(report) else 0


if __name__ == "__main__":
    sys.exit(main())
