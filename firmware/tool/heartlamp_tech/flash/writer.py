"""One chip's flash by esptool, in a process of its own: each of several boards has one."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from heartlamp_tech.doctor.explain import explained
from heartlamp_tech.trouble import Trouble

CHIPS = {"ESP32": "esp32", "ESP32-S3": "esp32s3", "ESP32-C3": "esp32c3"}
PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


class Found:
    """What esptool said of a chip: `chip` as in hardware/boards, "" not known here; `flash_mb` 0: unknown."""

    def __init__(self, words: str) -> None:
        name = re.search(r"Connected to (ESP32[\w-]*)", words)
        mac = re.search(r"MAC:\s+([0-9a-f:]{17})", words)
        size = re.search(r"Detected flash size:\s*(\d+)MB", words)
        self.name = name.group(1) if name else ""
        self.chip = CHIPS.get(self.name, "")
        self.mac = mac.group(1).replace(":", "") if mac else ""
        self.flash_mb = int(size.group(1)) if size else 0


class Writer:
    """`port`: of the chip. Without modem lines (a pseudo-terminal, some adapters) nothing resets it: BOOT and RST are
    pressed by hand."""

    def __init__(self, port: str, baud: int = 460_800) -> None:
        self.port = os.path.realpath(port)
        self._named = port
        lines = not self.port.startswith("/dev/pts/")
        resets = [
            "--before",
            "default-reset" if lines else "no-reset",
            "--after",
            "hard-reset" if lines else "no-reset",
        ]
        self._esptool = [sys.executable, "-m", "esptool", "--port", self.port, "--baud", str(baud), *resets]

    def look(self) -> Found:
        """Raises Trouble where no loader answers."""
        return Found(self._run(["flash-id"], lambda part: None))

    def erase(self) -> None:
        self._run(["erase-flash"], lambda part: None)

    def write(self, offset: int, image: Path, told: Callable[[float], None]) -> None:
        """Writes it and reads it back; what is there already is not written again. Raises Trouble."""
        words = self._run(["write-flash", "--skip-flashed", hex(offset), str(image)], told)
        if "verified" not in words and "kip" not in words:
            raise Trouble(f"esptool did not verify what it wrote to {self._named}", "give the command again")

    def _run(self, words: Sequence[str], told: Callable[[float], None]) -> str:
        said = []
        try:
            process = subprocess.Popen(
                [*self._esptool, *words],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
            )
        except OSError as error:
            raise Trouble(f"esptool does not start: {error}", "install this tool again") from None
        assert process.stdout is not None
        with process, process.stdout as stdout:
            for line in stdout:
                said.append(line)
                found = PERCENT.search(line) if "riting at" in line else None
                if found:
                    told(float(found.group(1)) / 100)
        if process.returncode:
            raise explained(self._named, "".join(said))
        return "".join(said)
