"""python -m tests.firmware.footprint: what the built firmware takes of a device, measured by running it.

For each kind: the bytecode it loads, by starting it and asking which modules it has. For button, lamp and camera: the
smallest heap on which a whole run succeeds (boot, TLS to a real broker, presses, receipts, calls), less that of an
interpreter that runs nothing; once with the bytecode in place, as that of a firmware image stays in flash, and once
loaded into RAM, as from an update. With words of 4 bytes, as an ESP32 has, where bootstrap/micropython32.sh could get
such a MicroPython, else with 8. Printed, and written to build/firmware/report.json.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import sleep
from typing import Any, Self

from heartlamp.kinds import PARTS
from heartlamp_protocol.device.kinds import LAMPS
from heartlamp_protocol.device.limits import CALLS_MAX, NAME_MAX
from heartlamp_tech import compiling
from heartlamp_tech.ether import Ether
from heartlamp_tech.virtual_board import BoardError, VirtualBoard

from tests.firmware import romfs
from tests.firmware.conftest import MICROPYTHON, REPO
from tests.firmware.parts import ROOT, Broker, Certificates, Village, call, config

BUILT = REPO / "build/firmware"
ON_DEVICE = Path(__file__).parent / "on_device"
SHORT = REPO / ".tools/bin/micropython32"
DEVICE = "device01"
# What a kind is besides: "radio" carried by lamps, "carries" others. On the village's network all of them, because
# a device loads more there.
BY_RADIO = ("button+radio", "lamp+radio+carries", "camera+radio", "camera+radio+carries")
TOO_LARGE = ("camera+radio+carries",)  # known to load more, said in firmware/docs/build.md
KIND_MOST = 64 * 1024  # bytes of .mpy that a kind loads
CONNECTION_MOST = 6 * 1024  # bytes of .mpy of mqtt/codec and mqtt/session
# Bytes above the bare interpreter, with words of 4 bytes and the code in place: 60 KiB, what a firmware image that has
# the code frozen takes less (firmware/docs/build.md has both, measured), and 4 KiB because runs differ.
BUTTON_HEAP_MOST = 93 * 1024
STEP = 1024  # the heap is found to this
HEAP_MOST = 512 * 1024
CONTACTS = ("smoke", "gas", "flood")  # their contact closes once; the others have a red key
NO_ALARM = ("door", "temperature", "slope")  # these only report here
UNIX = "heartlamp/hal/unix/"
ESP32_AT_ONCE = ("leds", "sounder", "wiring")
PRESSES = 3
PATIENCE_S = 3.0  # for anything that a board with enough RAM does in tenths of a second


class Bench:
    """A broker, a village, and boards that run what was built into `built`, on this MicroPython."""

    def __init__(self, built: Path, micropython: Path) -> None:
        self._built = built
        self._micropython = micropython
        self._folder = tempfile.TemporaryDirectory(prefix="heartlamp-footprint-")

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        self._certificates = Certificates(folder)
        self._broker = Broker(self._certificates.good, folder).__enter__()
        self._village = Village(self._broker, self._certificates.ca).__enter__()
        self._ether = Ether().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._ether.__exit__(*error)
        self._village.__exit__(*error)
        self._broker.__exit__(*error)
        self._folder.cleanup()

    def modules(self, kind: str) -> list[str]:
        """Paths in the bundle of all that a board of this kind loaded in a whole run."""
        board = self._board(kind, run=ON_DEVICE / "loaded.py")
        self._live(board, kind, patience=10.0)  # a detector has to stand for seconds
        names = {name.replace(".", "/") for name in board.wait_for(lambda line: line.get("trace") == "loaded")["names"]}
        app = self._built / "app"
        paths = (path.relative_to(app) for path in app.rglob("*.mpy"))
        return sorted(str(path) for path in paths if str(path.with_suffix("")).removesuffix("/__init__") in names)

    def heap(self, kind: str, in_place: bool, guess: int) -> int:
        """Bytes of the smallest heap, in whole STEPs, on which a board of this kind lives through a whole run."""
        return smallest(lambda size: self.lives(kind, in_place, size) == "", guess)

    def lives(self, kind: str, in_place: bool, heap: int) -> str:
        """ "" where a board of this kind lives through a whole run on so many bytes of heap, else what it said last."""
        run = ON_DEVICE / "in_place.py" if in_place else None
        try:
            self._live(self._board(kind, ("-X", f"heapsize={heap}"), run), kind)
        except (BoardError, AssertionError) as error:
            return str(error)
        return ""

    def _board(self, kind: str, options: Sequence[str] = (), run: Path | None = None) -> VirtualBoard:
        flash = Path(self._folder.name) / f"{kind}.flash"
        flash.unlink(missing_ok=True)
        fields = config(self._broker, self._certificates.ca, DEVICE, kind.partition("+")[0])
        fields |= {"board": board_of(kind)}
        ether = None
        if "+" in kind:
            ether, links = self._ether, ["relay", "lan"] if kind.startswith("button") else ["lan", "relay"]
            down = {"button02": ROOT} if kind.endswith("+carries") else {}
            fields |= {"links": links, "radio": {"channel": 6, "up": ["lamp0c2d"], "down": down}}
        VirtualBoard(self._micropython, REPO, flash, built=self._built).provision(fields)
        return VirtualBoard(self._micropython, REPO, flash, built=self._built, options=options, run=run, ether=ether)

    def _live(self, board: VirtualBoard, kind: str, patience: float = PATIENCE_S) -> None:
        """A whole run; ends with the power going. Raises BoardError or AssertionError: something did not happen."""
        village, place = self._village, len(self._village.said)
        presses = 0 if kind in NO_ALARM else 1 if kind in CONTACTS else PRESSES
        village.light(DEVICE, [])
        board.start()
        try:
            board.wait_trace("link", patience, up=1)
            village.wait("reading", after=place, timeout=patience)
            for _ in range(presses):
                mark, place = board.mark(), len(village.said)
                pin = kind if kind in CONTACTS else "red"
                board.press(pin)
                said = village.wait("event", after=place, timeout=patience)
                village.hear(said)
                village.receive(said)
                board.wait_trace("received", patience, event=said.id, after=mark)
                board.release(pin)
                sleep(0.05)  # the key's bounce
            if kind.partition("+")[0] in LAMPS:
                ver = village.light(DEVICE, full_house())
                village.wait("shown", lambda said: said.fields["ver"] == ver, timeout=patience)
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
    """The least multiple of STEP that works, where all above it do too. `guess`: a multiple near it, to be quick.
    Raises BoardError where not even HEAP_MOST works."""
    low, high, stride = 0, HEAP_MOST, STEP
    at = guess
    while low < at < high:  # from the guess with growing strides, until it lies between two
        if works(at):
            high, at = at, at - stride
        else:
            low, at = at, at + stride
        if low and high < HEAP_MOST:
            break
        stride *= 2
    if high == HEAP_MOST and not works(HEAP_MOST):
        raise BoardError(f"it does not run on {HEAP_MOST} bytes of heap either")
    while high - low > STEP:
        middle = (low + high) // 2 // STEP * STEP
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def bare_heap(micropython: Path) -> int:
    """The same of an interpreter that runs nothing."""

    def runs(size: int) -> bool:
        done = subprocess.run([str(micropython), "-X", f"heapsize={size}", "-c", "pass"], capture_output=True)
        return done.returncode == 0

    return smallest(runs, 4 * STEP)


def bytes_of(modules: Sequence[str], built: Path) -> int:
    return sum((built / "app" / path).stat().st_size for path in modules)


def connection() -> int:
    """Bytes of mqtt/codec and mqtt/session, each for itself: in the bundle they are one file with links/lan."""
    sources = compiling.sources(REPO)
    compiled = compiling.compile_all(
        {name: sources[name] for name in ("heartlamp/mqtt/codec", "heartlamp/mqtt/session")}
    )
    return sum(map(len, compiled.values()))


def put_in_place(built: Path) -> None:
    """Makes the image that in_place.py runs from."""
    (built / "app.romfs").write_bytes(romfs.image(built / "app"))


def board_of(kind: str) -> str:
    """Which of hardware/boards a device of this kind is."""
    name = kind.partition("+")[0]
    return {
        "button": "esp32c3-button",
        "silent": "esp32c3-button",
        "lamp": "esp32s3-lamp",
        "camera": "esp32s3-camera",
    }.get(name, "esp32c3-sensor")


def on_esp32(modules: Sequence[str], built: Path) -> list[str]:
    """The same with the ESP32's hal instead of the unix port's: what it loads at once, and of the rest what has the
    name of a file that was loaded here."""
    app = built / "app"
    names = {Path(path).stem for path in modules if path.startswith(UNIX)} | {"board", *ESP32_AT_ONCE}
    names |= {"sleeping"} if "heartlamp/parts/sleep.mpy" in modules else set()
    hal = sorted(path for path in (app / "heartlamp/hal/esp32").glob("*.mpy") if path.stem in names)
    return [path for path in modules if not path.startswith(UNIX)] + [str(path.relative_to(app)) for path in hal]


def measure(built: Path, before: dict[str, Any]) -> dict[str, Any]:
    """The report. `before`: an earlier one, whose heaps are tried first."""
    micropython = SHORT if SHORT.exists() else MICROPYTHON
    kinds = json.loads((built / "manifest.json").read_bytes())["kinds"]
    put_in_place(built)
    report: dict[str, Any] = {
        "word": 4 if micropython == SHORT else 8,
        "bundle": next(built.glob("*.hlb")).stat().st_size,
        "connection": connection(),
        "heap_bare": bare_heap(micropython),
        "kinds": {},
    }
    done: list[str] = []  # kinds of the same parts (smoke, gas, flood) are measured once
    with Bench(built, micropython) as bench:
        for kind in (*kinds, *BY_RADIO):
            try:
                modules = bench.modules(kind)
            except (BoardError, AssertionError) as error:
                report["kinds"][kind] = {"fault": str(error).strip().splitlines()[-1]}
                continue
            row = {"modules": len(modules), "unix": bytes_of(modules, built)}
            row["esp32"] = bytes_of(on_esp32(modules, built), built)
            twin = next((other for other in done if PARTS.get(other) == PARTS.get(kind, ())), None)
            for heap, in_place in (("in_place", True), ("loaded", False)):
                guess = before.get("kinds", {}).get(kind, {}).get(heap, 96 * 1024)
                row[heap] = report["kinds"][twin][heap] if twin else bench.heap(kind, in_place, guess)
            done.append(kind)
            report["kinds"][kind] = row
    return report


def text_of(report: dict[str, Any]) -> str:
    bare = report["heap_bare"]
    lines = [
        f"{'kind':21}{'modules':>8}{'.mpy, unix':>13}{'.mpy, ESP32':>13}   heap, code in flash   heap, code in RAM",
    ]
    for kind, row in report["kinds"].items():
        if "fault" in row:
            lines.append(f"{kind:21}does not run")
            continue
        over = "!" if row["esp32"] > KIND_MOST else " "
        line = f"{kind:21}{row['modules']:>8}{row['unix']:>11,} B{row['esp32']:>11,} B{over}"
        lines.append(line + f"{row['in_place'] - bare:>19,} B{row['loaded'] - bare:>18,} B")
    word = "4 bytes, as on an ESP32" if report["word"] == 4 else "8 bytes; an ESP32 has 4, about 60 % of it is expected"
    return "\n".join(
        [
            *lines,
            f"Codec and session {report['connection']:,} B of {CONNECTION_MOST:,}; a kind may load {KIND_MOST:,} B.",
            f"Heap above the bare interpreter's {bare:,} B, to {STEP:,} B, on the unix port with words of {word};",
            "TLS and Wi-Fi buffers lie outside of it on both. Code frozen into an image takes less: see the README.",
        ]
    )


def faults(report: dict[str, Any]) -> list[str]:
    """What is larger than it may be, and what does not run."""
    found = []
    if report["connection"] > CONNECTION_MOST:
        found.append(f"codec and session have {report['connection']:,} B of {CONNECTION_MOST:,}")
    for kind, row in report["kinds"].items():
        if "fault" in row:
            found.append(f"a {kind} does not run: {row['fault']}")
            continue
        if row["esp32"] > KIND_MOST and kind not in TOO_LARGE:
            found.append(f"a {kind} loads {row['esp32']:,} B of {KIND_MOST:,}")
    heap = report["kinds"]["button"].get("in_place", 0) - report["heap_bare"]
    if report["word"] == 4 and heap > BUTTON_HEAP_MOST:
        found.append(f"a button needs {heap:,} B of heap above the bare interpreter, {BUTTON_HEAP_MOST:,} at most")
    return found


def main() -> int:
    path = BUILT / "report.json"
    report = measure(BUILT, json.loads(path.read_text()) if path.exists() else {})
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(text_of(report))
    for fault in faults(report):
        print("NOT AS IT MUST BE:", fault, file=sys.stderr)
    return 1 if faults(report) else 0


if __name__ == "__main__":
    sys.exit(main())
