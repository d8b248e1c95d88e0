"""MicroPython's ROMFS image of a folder: bytecode in it runs where it lies. Records: kind, length, payload."""

from pathlib import Path

HEADER = b"\xd2\xcd\x31"
DATA, FOLDER, FILE = 2, 4, 5


def image(folder: Path) -> bytes:
    content = _folder(folder)
    length = _number(len(content))
    if (len(HEADER) + len(length) + len(content)) % 2:
        length = b"\x80" + length  # an image has an even length
    return HEADER + length + content


def _folder(folder: Path) -> bytes:
    content = b""
    for path in sorted(folder.iterdir()):
        name = path.name.encode()
        named = _number(len(name)) + name
        if path.is_dir():
            content += _record(FOLDER, named + _folder(path))
        else:
            content += _record(FILE, named + _record(DATA, path.read_bytes()))
    return content


def _record(kind: int, payload: bytes) -> bytes:
    return _number(kind) + _number(len(payload)) + payload


def _number(value: int) -> bytes:
    """Seven bits a byte, the highest first; all but the last have the top bit."""
    encoded = [value & 0x7F]
    while value := value >> 7:
        encoded.insert(0, 0x80 | value & 0x7F)
    return bytes(encoded)
