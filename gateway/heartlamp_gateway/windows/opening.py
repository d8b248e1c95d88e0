"""Makes the windows that the configuration asks for, and stands where they look. What they need is loaded only then: a
box without any pays nothing."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.config import Config
from heartlamp_gateway.county.contact import Contact
from heartlamp_gateway.disk.readings import ReadingFile
from heartlamp_gateway.from_outputs import FromOutputs
from heartlamp_gateway.insides import Insides
from heartlamp_gateway.outbox import Outbox
from heartlamp_gateway.presence import Presence
from heartlamp_gateway.rules.model import Village
from heartlamp_gateway.supervision.watch import Watch, breathing

Receive = Callable[[Sequence[tuple[str, bytes]]], None]
Say = Callable[[str, bytes], bool]


class Windows:
    """`village`: gives the present one; `pause(seconds)`: waits, True when we stop. `saying`, `receiving` and `reading`
    give back what they are given where nobody looks."""

    def __init__(self, config: Config, village: Callable[[], Village], pause: Callable[[float], bool]) -> None:
        self._config, self._village, self._pause = config, village, pause
        self._measures: Any = None
        self._last: Any = None
        self._office: Any = None
        if config.http is not None:
            from heartlamp_gateway.windows.measures import Measures

            self._measures = Measures(village)
        if config.http is not None or config.home_assistant is not None:
            from heartlamp_gateway.windows.readings import LastReadings

            self._last = LastReadings(village)

    def saying(self, say: Say) -> Say:
        """What the chain says to devices."""
        return say if self._measures is None else self._measures.saying(say)

    def receiving(self, receive: Receive) -> Receive:
        """What devices say on the alarms' link."""
        return receive if self._measures is None else self._measures.receiving(receive)

    def reading(self, receive: Receive) -> Receive:
        """What they say on the link for readings."""
        return receive if self._last is None else self._last.beside(receive)

    def threads(
        self,
        chain: Chain,
        presence: Presence,
        contact: Contact,
        outbox: Outbox,
        readings: ReadingFile,
        broker: Callable[[], bool],
        passwords: dict[str, str],
        insides: Insides,
        answers: FromOutputs,
        watch: Watch,
    ) -> list[threading.Thread]:
        """Not started. `broker`: whether the alarms' session is up; `passwords`: our own users'; `insides`:
        what other parts know of themselves; `answers`: takes what the office answers; `watch`: of threads."""
        if self._last is None:
            return []
        from heartlamp_gateway.windows.eye import Eye

        config, made = self._config, []
        eye = Eye(config.id, config.name, chain, presence, contact, outbox, readings, self._last, broker, insides)
        if config.http is not None:
            from heartlamp_gateway.windows.admission import Admission
            from heartlamp_gateway.windows.metrics import writer
            from heartlamp_gateway.windows.office import Office

            key = config.data_dir / "office.key"
            routes: Mapping[str, Any] = {}
            if config.http.answer_code:
                from heartlamp_gateway.windows.answering import Answering

                asked = Admission(config.http.answer_code, key)
                routes = Answering(asked, eye.look, answers.on_duty, answers.answer).routes()
            admission = Admission(config.http.code, key)
            page, alive = writer(self._measures), watch.part("office")
            self._office = Office(config.http, eye, admission, page, self._pause, routes, alive)
            made.append(watch.thread("office", self._office.run))
        if config.home_assistant is not None:
            from heartlamp_gateway.windows.home_assistant.publishing import Publishing
            from heartlamp_gateway.windows.home_assistant.users import PUBLISHER

            publishing = Publishing(
                config.id,
                config.home_assistant,
                config.broker,
                passwords[PUBLISHER],
                eye,
                self._last,
                lambda: self._village().registry,
                breathing(self._pause, watch.part("home assistant")),
            )
            made.append(watch.thread("home assistant", publishing.run))
        return made

    def stop(self) -> None:
        if self._office is not None:
            self._office.stop()
