"""A slot: the folder a or b of the flash, a bundle's files in it as they are imported, and its head beside them.

The head (all bytes of the bundle before its first file) says what must be there. Nothing here decides what starts:
rules/boot.py does, by ids that stand in NVS.
"""

import hashlib
import os

from heartlamp_protocol.device import reasons

from heartlamp.update import manifest
from heartlamp.update.manifest import Refused

HEAD = "bundle"  # no module can be named so: it has no ending
CHUNK = 1024
_FOLDER = 0x4000


class Head:
    """id: of the bundle; manifest: what it says; signature; size: of the head in bytes; total: of the whole bundle."""

    def __init__(self, text: bytes, signature: bytes) -> None:
        self.id = _hex(hashlib.sha256(text).digest())[:16]
        self.text = text
        self.signature = signature
        self.manifest = manifest.read(text)
        self.first = manifest.FIXED + manifest.first(text)  # where its first entry begins
        self.size = manifest.FIXED + len(text) + len(signature)
        self.total = self.size + self.manifest.bytes


def head(folder: str) -> "Head | None":
    """Of the slot; None where it is not whole yet. Raises Refused(MALFORMED)."""
    try:
        with open(folder + "/" + HEAD, "rb") as f:
            start = f.read(manifest.FIXED)
            length = head_length(start)
            if length is None:
                return None
            text = f.read(length)
            signature = f.read(manifest.SIGNATURE)
    except OSError:
        return None
    if len(signature) < manifest.SIGNATURE:
        return None
    return Head(text, signature)


def head_length(start: bytes) -> "int | None":
    """Bytes of the manifest, by the bundle's first bytes; None: too few to know. Raises Refused(MALFORMED)."""
    if start[: len(manifest.MAGIC)] != manifest.MAGIC[: len(start)]:
        raise Refused(reasons.MALFORMED)
    if len(start) < manifest.FIXED:
        return None
    length = int.from_bytes(start[len(manifest.MAGIC) : manifest.FIXED], "big")
    if not 2 <= length <= manifest.MANIFEST_MAX:
        raise Refused(reasons.MALFORMED)
    return length


def entry(folder: str, at: int) -> "tuple[tuple[str, int, str], int]":
    """(path, bytes, hash) of the file whose entry begins at this byte of the head, and where the next one does."""
    with open(folder + "/" + HEAD, "rb") as f:
        f.seek(at)
        found, length = manifest.read_entry(f.read(manifest.ENTRY_MAX))
    return found, at + length + 1


def checking(folder: str, id: str):
    """A generator that reads the slot in small steps, so that others can run between two. Raises Refused where its
    files are not those of bundle `id`, none more and none fewer."""
    found = head(folder)
    if found is None or found.id != id:
        raise Refused(reasons.DAMAGED)
    files = 1
    for path, size, digest in manifest.entries(found.text):
        files += 1
        if sized(folder + "/" + path) != size:
            raise Refused(reasons.DAMAGED)
        for _ in hashing(folder + "/" + path, digest):
            yield
    if len(_files(folder, "")) != files:
        raise Refused(reasons.DAMAGED)  # a file too many might be imported instead of ours


def hashing(path: str, digest: str):
    """A generator as checking(), for one file."""
    made = hashlib.sha256()
    buffer = bytearray(CHUNK)
    try:
        with open(path, "rb") as f:
            while True:
                n = f.readinto(buffer)
                if not n:
                    break
                made.update(memoryview(buffer)[:n])
                yield
    except OSError:
        raise Refused(reasons.DAMAGED)
    if _hex(made.digest()) != digest:
        raise Refused(reasons.DAMAGED)


def works(folder: str, id: str, quick: bool = False) -> bool:
    """checking() in one go. `quick`: no more than its head, for a button that woke because somebody pressed it."""
    try:
        if quick:
            found = head(folder)
            return found is not None and found.id == id
        for _ in checking(folder, id):
            pass
        return True
    except (Refused, OSError):
        return False


def emptying(folder: str):
    """A generator that removes the slot's files step by step, its head first: without it nothing there is a bundle."""
    try:
        os.remove(folder + "/" + HEAD)
    except OSError:
        pass
    while True:
        left = _files(folder, "")
        if not left:
            break
        for path in left:
            os.remove(folder + "/" + path)
            yield
    for path in sorted(_folders(folder), key=len, reverse=True):
        os.rmdir(path)
        yield


def sized(path: str) -> int:
    """Bytes of a file, -1 where there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return -1


def append(folder: str, path: str, data: bytes) -> None:
    """One littlefs commit: after a power cut all of `data` is there or nothing of it. Raises OSError."""
    parts = path.split("/")
    for n in range(len(parts)):
        _make(folder + "/" + "/".join(parts[:n]) if n else folder)
    with open(folder + "/" + path, "ab") as f:
        f.write(data)


def room(root: str, text: bytes) -> int:
    """Bytes that would be left on the filesystem beside a manifest's files. A file takes whole blocks, a folder two."""
    found = os.statvfs(root or "/")
    block, blocks, folders = found[1], found[3], set()
    for path, size, _ in manifest.entries(text):
        blocks -= (size + block - 1) // block
        folders.add(path.rsplit("/", 1)[0])
    return (blocks - 2 * len(folders)) * block


def _make(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError:
        os.stat(path)  # it is there already, or the flash is broken: then this raises


def _files(folder: str, under: str) -> "list[str]":
    """Paths in the slot; a folder that is not there has none."""
    found = []
    try:
        entries = list(os.ilistdir(folder + "/" + under if under else folder))
    except OSError:
        return found
    for entry in entries:
        path = under + "/" + entry[0] if under else entry[0]
        if entry[1] == _FOLDER:
            found += _files(folder, path)
        else:
            found.append(path)
    return found


def _folders(folder: str) -> "list[str]":
    """All below it, and itself."""
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return []
    found = [folder]
    for entry in entries:
        if entry[1] == _FOLDER:
            found += _folders(folder + "/" + entry[0])
    return found


def _hex(data: bytes) -> str:
    return "".join("%02x" % b for b in data)
