"""The folder of images that are written into bare boards, as `heartlamp-tech image add` keeps it: the files, and
images.json, which says for which chip each is and what its SHA-256 was when somebody tried it."""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

FAMILIES = {"esp32": "ESP32", "esp32s2": "ESP32-S2", "esp32s3": "ESP32-S3", "esp32c3": "ESP32-C3"}
"""Chip -> as esp-web-tools calls it."""
_OFFSETS = {"esp32": 0x1000, "esp32s2": 0x1000}  # where the chip's ROM looks for it; others at 0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Image:
    file: str
    chip: str
    sha256: str
    size: int

    @property
    def offset(self) -> int:
        return _OFFSETS.get(self.chip, 0)


class Spoilt(Exception):
    """The file is not what it was when it was added, or is gone."""


def listed(folder: Path | None) -> list[Image]:
    """Newest first; none where there is no folder, or its list makes no sense."""
    if folder is None:
        return []
    try:
        rows = json.loads((folder / "images.json").read_text("utf-8"))
        images = [Image(str(r["file"]), str(r["chip"]), str(r["sha256"]), int(r["size"])) for r in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [one for one in reversed(images) if _NAME.fullmatch(one.file) and one.chip in FAMILIES]


def read(folder: Path, image: Image) -> bytes:
    """Raises Spoilt."""
    try:
        data = (folder / image.file).read_bytes()
    except OSError as error:
        raise Spoilt(f"{image.file}: {error.strerror}") from error
    if sha256(data).hexdigest() != image.sha256:
        raise Spoilt(f"{image.file}: its SHA-256 is another")
    return data


def manifest(image: Image) -> dict[str, object]:
    """For esp-web-tools; the image lies beside it."""
    build = {"chipFamily": FAMILIES[image.chip], "parts": [{"path": "image", "offset": image.offset}]}
    return {
        "name": "Heart-Lamp",
        "version": image.file,
        "new_install_prompt_erase": False,
        "new_install_improv_wait_time": 0,
        "builds": [build],
    }
