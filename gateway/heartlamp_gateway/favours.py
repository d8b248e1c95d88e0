"""Makes what is large, slow or a favour, as gateway.toml asks for it: pictures, updates, the time. Their threads are no
part of the chain: each is watched, and ends nothing where it hangs."""

import threading
from collections.abc import Callable

from heartlamp_gateway.broker import files
from heartlamp_gateway.broker.link import Link, Login
from heartlamp_gateway.chain import Chain
from heartlamp_gateway.config import Config
from heartlamp_gateway.county.line import Line
from heartlamp_gateway.pictures.announced import Announced
from heartlamp_gateway.pictures.folder import Folder
from heartlamp_gateway.pictures.intake import Intake
from heartlamp_gateway.pictures.store import Store
from heartlamp_gateway.pictures.upload import Upload
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.sntp import Sntp
from heartlamp_gateway.supervision.watch import Watch, breathing
from heartlamp_gateway.updates.cache import Cache
from heartlamp_gateway.updates.fetch import Fetch
from heartlamp_gateway.updates.shelf import Shelf
from heartlamp_gateway.windows.view import Stock

Pause = Callable[[float], bool]


class Favours:
    """`line()`: a new one to the county; `password`: of our user files.FILES at the broker; `quiet()`: nothing that
    matters waits for the county; `is_wrong(now)`: as of Sntp; `pause(seconds)`: waits, True when we stop. `wants`:
    what FromDevices tells who asks for a program, () where there are none. Nothing runs before `threads` are
    started."""

    def __init__(
        self,
        config: Config,
        chain: Chain,
        presence: Presence,
        line: Callable[[], Line],
        password: str,
        quiet: Callable[[], bool],
        is_wrong: Callable[[float], bool],
        watch: Watch,
        pause: Pause,
    ) -> None:
        self.wants: tuple[Callable[[str, str, int], bool], ...] = ()
        self.threads: list[threading.Thread] = []
        self._watch, self._pause = watch, pause
        self._cache: Cache | None = None
        self._pictures: Store | None = None
        if config.updates:
            self._cache = Cache(config.data_dir / "bundles", config.updates.bytes_max)
            shelf = Shelf(
                self._cache,
                config.updates.rate,
                village=lambda: chain.village,
                lived=chain.lived,
                online=presence.all,
                say=self._say,
                pause=self._part("updates out"),
            )
            fetch = Fetch(
                self._cache,
                line(),
                config.updates.fetch_rate,
                lambda: chain.village.registry,
                quiet,
                self._part("updates in"),
            )
            self.wants = (shelf.wants,)
            self._add("updates out", shelf.run)
            self._add("updates in", fetch.run)
        intake: Intake | None = None
        if config.pictures:
            self._pictures = Store(Folder(config.data_dir / "pictures", config.pictures.keep_free), chain.lived)
            announced = Announced(chain)
            intake = Intake(self._pictures, announced.still, self._say, announced.note, config.pictures.bytes_max)
            upload = Upload(self._pictures, line(), config.pictures.rate, intake.ask, quiet, self._part("pictures up"))
            self._add("pictures up", upload.run)
        if config.time:
            self._add("time", Sntp(config.time, self._part("time"), is_wrong=is_wrong).run)
        carries = config.pictures is not None or config.updates is not None
        self._link = Link(
            config.broker,
            Login(files.FILES, password, files.FILE_TOPICS, 1),
            receive=intake.messages if intake else lambda batch: None,
            up=intake.ask if intake else lambda: None,
            down=lambda: None,
            alive=watch.part("files") if carries else lambda: None,
        )
        if carries:
            self._add("files", self._link.run)

    def stop(self) -> None:
        self._link.stop()

    def stock(self, is_hidden: Callable[[str], bool]) -> Stock:
        """`is_hidden(event)`: whose picture nothing may tell of."""
        pictures = bundles = size = None
        if self._pictures is not None:
            pictures = sum(not is_hidden(picture.incident) for picture in self._pictures.waiting())
        if self._cache is not None:
            sizes = self._cache.sizes()
            bundles, size = len(sizes), sum(sizes)
        return Stock(pictures, bundles, size)

    def _say(self, name: str, payload: bytes) -> bool:
        return self._link.say(name, payload)

    def _part(self, name: str) -> Pause:
        return breathing(self._pause, self._watch.part(name))

    def _add(self, name: str, work: Callable[[], None]) -> None:
        self.threads.append(self._watch.thread(name, work))
