"""One bundle on its way into the slot that is free, piece by piece, never held in RAM.

The order of what becomes durable is the whole of it: the slot loses its name in NVS before its first byte changes, and
gets it back, as a trial, after its last byte was read again. A cut anywhere leaves the pointer where it was.
"""

import json

from heartlamp_protocol.device import reasons

from heartlamp import boot_state
from heartlamp.rules import boot
from heartlamp.update import manifest, slots
from heartlamp.update import state as kept
from heartlamp.update.manifest import Refused

ROOM = 48 * 1024  # left free beside the bundle: 200 records, and what littlefs needs to move things


class Device:
    """What a bundle is judged by. board, kind: ours; version: of what runs; micropython: 12500 is 1.25.0; modulus: of
    the key that updates are trusted by, 0 for none."""

    def __init__(self, board: str, kind: str, version: int, micropython: int, modulus: int) -> None:
        self.board = board
        self.kind = kind
        self.version = version
        self.micropython = micropython
        self.modulus = modulus


class Download:
    """`root`: of the flash; `ours`: Device. open() before use. id: "" where nothing is under way; at: the next byte."""

    def __init__(self, root: str, nvs, ours: Device) -> None:
        self.root = root
        self.nvs = nvs
        self.ours = ours
        self.id = ""
        self.size = 0
        self.at = 0
        self.slot = ""
        self._head = None  # its text is on the flash: 12 KB of RAM
        self._entry = 0  # byte of the head where the entry of the next file begins
        self._begins = 0  # and byte of the bundle where that file does

    def open(self) -> None:
        """Takes up what an earlier start left. Raises Refused, OSError."""
        fields = _under_way(self.nvs)
        if fields is None:
            return
        state = kept.load(self.nvs)
        if fields["slot"] != boot.free_slot(state) or fields["id"] in (state.trial_id, state.refused_id):
            self.forget()
            return
        self.id, self.size, self.slot = fields["id"], fields["size"], fields["slot"]
        self._resume()

    @property
    def folder(self) -> str:
        return self.root + "/" + self.slot

    @property
    def complete(self) -> bool:
        """Every byte is on the flash; proving() says whether they are right."""
        return bool(self.id) and self.at == self.size

    @property
    def version(self) -> int:
        """Of the bundle under way, 0 as long as its head is not there."""
        return self._head.manifest.version if self._head is not None else 0

    def beginning(self, id: str, size: int):
        """A generator that empties the free slot for this bundle. Raises OSError, Refused."""
        self.forget()
        state = kept.load(self.nvs)
        slot = boot.free_slot(state)
        if not kept.save(self.nvs, boot.emptied(state, slot)):
            raise OSError("the slot's name could not be taken away in NVS, so that it is left as it is")
        for _ in slots.emptying(self.root + "/" + slot):
            yield
        boot_state.put(self.nvs, boot_state.UPDATE, json.dumps({"id": id, "size": size, "slot": slot}).encode())
        self.id, self.size, self.slot, self.at = id, size, slot, 0

    def take(self, at: int, data: bytes) -> None:
        """The bundle's bytes from `at` on; bytes that are not the next ones are left out. Raises Refused, OSError."""
        if at > self.at or at + len(data) <= self.at:
            return
        data = data[self.at - at :]
        while data:
            n = self._take_head(data) if self._head is None else self._take_file(data)
            self.at += n
            data = data[n:]

    def proving(self):
        """A generator that reads all of it again. Raises Refused."""
        for _ in slots.checking(self.folder, self.id):
            yield
        self._judge()  # by what stands on the flash, not by what came

    def to_trial(self) -> None:
        """After proving(): the next start runs it."""
        state = kept.load(self.nvs)
        kept.save(self.nvs, boot.on_trial(state, self.slot, self.id, self.version))
        self.forget()

    def refuse(self, reason: int) -> None:
        """Never again by itself, and why."""
        state = kept.load(self.nvs)
        kept.save(self.nvs, boot.refuse(state, reason, self.id, self.version))
        self.forget()

    def forget(self) -> None:
        """Nothing is under way. Its bytes stay until the slot is needed."""
        self.id, self.size, self.at, self.slot, self._head = "", 0, 0, "", None
        boot_state.erase(self.nvs, boot_state.UPDATE)

    # --- where we are ---------------------------------------------------------------------------------------------

    def _resume(self) -> None:
        self._head = slots.head(self.folder)
        if self._head is None:
            self.at = max(0, slots.sized(self.folder + "/" + slots.HEAD))
            return
        self._judge()
        self.at = self._head.size
        while self.at < self.size:
            (path, size, _), after = slots.entry(self.folder, self._entry)
            held = slots.sized(self.folder + "/" + path)
            if held > size:
                raise Refused(reasons.DAMAGED)
            self.at += max(0, held)
            if held < size:
                return
            self._entry, self._begins = after, self._begins + size

    def _judge(self) -> None:
        ours, head = self.ours, slots.head(self.folder)
        if head is None or head.id != self.id:
            raise Refused(reasons.DAMAGED)
        if not ours.modulus:
            raise Refused(reasons.NO_KEY)
        if not manifest.signed(head.text, head.signature, ours.modulus):
            raise Refused(reasons.SIGNATURE)
        self._head = head
        head.text = head.signature = b""
        reason = manifest.judge(head.manifest, ours.board, ours.kind, ours.version, ours.micropython)
        if not reason and self.size != head.total:
            reason = reasons.TRUNCATED if self.size < head.total else reasons.MALFORMED
        if reason:
            raise Refused(reason)
        self._entry, self._begins = head.first, head.size

    # --- a piece --------------------------------------------------------------------------------------------------

    def _take_head(self, data: bytes) -> int:
        """How many of the bytes belong to the head; with its last one it is judged, before any file is asked for."""
        start = _start(self.folder, min(self.at, manifest.FIXED)) if self.at else b""
        length = slots.head_length((start + data)[: manifest.FIXED])
        n = len(data)
        if length is not None:
            n = min(n, manifest.FIXED + length + manifest.SIGNATURE - self.at)
        slots.append(self.folder, slots.HEAD, data[:n])
        if length is not None and self.at + n == manifest.FIXED + length + manifest.SIGNATURE:
            self._judge()
            if slots.room(self.root, slots.head(self.folder).text) < ROOM:
                raise Refused(reasons.NO_ROOM)
        return n

    def _take_file(self, data: bytes) -> int:
        """How many of the bytes belong to the file that is next; its hash is looked at with its last one."""
        (path, size, digest), after = slots.entry(self.folder, self._entry)
        n = min(len(data), self._begins + size - self.at)
        slots.append(self.folder, path, data[:n])
        if self.at + n == self._begins + size:
            self._entry, self._begins = after, self._begins + size
            for _ in slots.hashing(self.folder + "/" + path, digest):
                pass
        return n


def _start(folder: str, n: int) -> bytes:
    with open(folder + "/" + slots.HEAD, "rb") as f:
        return f.read(n)


def _under_way(nvs) -> "dict | None":
    data = boot_state.get(nvs, boot_state.UPDATE)
    try:
        fields = json.loads(data) if data else None
    except ValueError:
        return None
    if not isinstance(fields, dict) or fields.get("slot") not in boot.SLOTS:
        return None
    if not isinstance(fields.get("id"), str) or type(fields.get("size")) is not int:
        return None
    return fields
