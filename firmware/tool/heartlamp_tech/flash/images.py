"""The local store of MicroPython images: what a file was when it was added is what it must be when it is written."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from heartlamp_tech import kept
from heartlamp_tech.bench.image import chip_of, is_whole, offset_of
from heartlamp_tech.trouble import Trouble

SOURCES = {
    "esp32": "https://micropython.org/download/ESP32_GENERIC/",
    "esp32s3": "https://micropython.org/download/ESP32_GENERIC_S3/",
    "esp32c3": "https://micropython.org/download/ESP32_GENERIC_C3/",
}
"""Where each chip's image is to be had: the newest stable .bin, 1.25 or later, C3 1.27 or later. MicroPython publishes
no checksums, so a county notes the one of the image that it tried, and hands it to every technician."""


@dataclass(frozen=True)
class Image:
    """`file`: its name in the store."""

    file: str
    chip: str
    sha256: str
    size: int

    @property
    def offset(self) -> int:
        """Where the chip's ROM looks for it."""
        return offset_of(self.chip)


class Images:
    """In `folder`: the files, and images.json."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list = folder / "images.json"

    def all(self) -> list[Image]:
        """Newest last."""
        return [Image(**one) for one in kept.read_json(self._list, [])]

    def add(self, file: Path, expected: str = "") -> Image:
        """Takes a copy. `expected`: the SHA-256 that it must have, "" not known. Raises Trouble."""
        try:
            data = file.read_bytes()
        except OSError as error:
            raise Trouble(
                f"{file} cannot be read: {error.strerror}", "name the .bin file that you downloaded"
            ) from None
        sum = sha256(data).hexdigest()
        if expected and sum != expected.lower():
            raise Trouble(
                f"{file.name} is not the image that it should be: its SHA-256 is {sum}",
                "download it again, or ask whoever gave you the checksum",
            )
        try:
            chip = chip_of(data)
        except ValueError as error:
            raise Trouble(
                f"{file.name} is no image for a chip: {error}", f"get one: {' '.join(SOURCES.values())}"
            ) from None
        if not is_whole(data):
            raise Trouble(f"{file.name} is damaged or cut off", "download it again")
        image = Image(file.name, chip, sum, len(data))
        kept.write(self._folder / file.name, data)
        kept.write_json(self._list, [asdict(one) for one in self.all() if one.file != file.name] + [asdict(image)])
        return image

    def path(self, image: Image) -> Path:
        """Its file, if it is what was added. Raises Trouble."""
        path = self._folder / image.file
        try:
            sum = sha256(path.read_bytes()).hexdigest()
        except OSError:
            sum = ""
        if sum != image.sha256:
            raise Trouble(
                f"the image {image.file} in the store is {'damaged' if sum else 'gone'}",
                f"add it again: `heartlamp-tech image add {image.file}`",
            )
        return path

    def of(self, chip: str, name: str = "") -> Image:
        """The named one, else the newest for this chip. Raises Trouble."""
        fits = [one for one in self.all() if one.chip == chip and name in ("", one.file)]
        if fits:
            return fits[-1]
        if any(one.file == name for one in self.all()):
            raise Trouble(f"{name} is not for an {chip}", "name an image for this chip: `heartlamp-tech image list`")
        raise Trouble(
            f"there is no image {name + ' ' if name else ''}for an {chip} in the store",
            f"download one from {SOURCES.get(chip, 'micropython.org/download')} and `heartlamp-tech image add FILE`",
        )
