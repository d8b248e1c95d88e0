"""What cameras send: taken in only where that very camera has announced it, and answered when it is on the disk."""

from collections.abc import Callable, Sequence

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.names import owner_of, topic
from heartlamp_protocol.inbound import Still
from heartlamp_protocol.pictures import Piece, read_piece, write_have
from heartlamp_protocol.topics import of_topic

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.pictures.store import Store
from heartlamp_gateway.rules.pictures import COMING, LOST, WHOLE, Picture, answer, fits, no_room
from heartlamp_gateway.rules.rate import Bucket, spend
from heartlamp_gateway.say import log

SAID_EACH = 1_000  # refused pieces, after which the log says it again
LOOKS, LOOKS_RATE = 8, 2  # what nobody announced is looked up so often, and then twice a second: alarms need that lock


class Intake:
    """`announced(event)`: the still that this gateway has accepted under this id; `say(topic, payload)`;
    `note(text)`: the county is to know."""

    def __init__(
        self,
        store: Store,
        announced: Callable[[str], Still | None],
        say: Callable[[str, bytes], bool],
        note: Callable[[str], None],
        bytes_max: int,
    ) -> None:
        self._store, self._announced, self._say, self._note = store, announced, say, note
        self._bytes_max = bytes_max
        self._looks: dict[str, Bucket] = {}  # by device
        self.refused = 0

    def messages(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """(topic, payload) of `…/picture`. What comes before we know what we have is sent again."""
        for name, payload in batch:
            word = of_topic(name)
            if word is None or word[1] != "picture" or not self._store.loaded:
                continue
            try:
                piece = read_piece(payload)
            except FrameError as wrong:
                self._refuse(word[0], str(wrong))
                continue
            if owner_of(piece.still) != word[0]:
                self._refuse(word[0], f"a picture of {owner_of(piece.still)}")
                continue
            try:
                self._take(word[0], piece)
            except OSError as wrong:
                log.error(
                    "the picture %s is not kept (%s): its camera keeps it and offers it again", piece.still, wrong
                )

    def ask(self) -> None:
        """For what is not whole. A camera that has it no more says so."""
        for picture in self._store.coming():
            self._say(topic(picture.device, "have"), write_have(picture.id, picture.at))

    def _take(self, device: str, piece: Piece) -> None:
        store = self._store
        with store.lock:
            picture = store.kept.get(piece.still)
        if picture is None:
            picture = self._begin(device, piece)
        if picture is None:
            return
        if piece.gone:
            if picture.state == COMING:
                self._lost(picture, "its camera has it no more")
            return
        if picture.state == COMING and piece.at == picture.at and not fits(picture, piece.at, len(piece.data)):
            self._refuse(device, f"more bytes of {picture.id} than were announced")
            return
        if fits(picture, piece.at, len(piece.data)):
            picture = self._append(picture, piece.data)
        at = answer(picture)
        if at is not None:
            self._say(topic(device, "have"), write_have(picture.id, at))

    def _begin(self, device: str, piece: Piece) -> Picture | None:
        now = boottime()
        looks, wait = spend(self._looks.get(device, Bucket(LOOKS_RATE, LOOKS, now)), 1, now, LOOKS)
        if not wait:
            self._looks[device] = looks
        still = None if piece.gone or wait else self._announced(piece.still)
        if still is None or still.head.device != device:
            self._refuse(device, f"a picture that nobody announced, {piece.still}")
            return None
        store = self._store
        new = Picture(still.id, device, still.incident, still.sum, still.size, store.lived())
        with store.lock:
            why = no_room(store.kept.values(), new, self._bytes_max)
            if not why and not store.folder.has_room(new.size):
                why = "the disk's rest is kept free for alarms"
            if why:
                self._refuse(device, why)
                return None
            store.folder.save(new)
            store.kept[new.id] = new
        return new

    def _append(self, picture: Picture, data: bytes) -> Picture:
        store = self._store
        with store.lock:
            after = store.folder.append(picture, data)
            if after.at == after.size:
                after = store.folder.judge(after)
            store.kept[after.id] = after
        if after.state == WHOLE:
            log.info("the picture %s is here, %d bytes", after.id, after.size)
            store.wake.set()
        elif after.wrong > picture.wrong:
            log.warning("the picture %s came whole and is not what was announced (%d)", after.id, after.wrong)
            if after.state == LOST:
                self._lost(after, "it is not what was announced")
        return after

    def _lost(self, picture: Picture, why: str) -> None:
        self._store.end(picture.id, LOST)
        self._note(f"{picture.device}: no picture {picture.id}: {why}")

    def _refuse(self, device: str, why: str) -> None:
        self.refused += 1
        if self.refused % SAID_EACH == 1:
            log.warning("%s: a piece of a picture refused, %d so far: %s", device, self.refused, why)
