"""Opens what this box has of siren, loudspeakers and telephone, as its gateway.toml says. Each is loaded where it is
asked for, because few boxes have one."""

import threading
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from heartlamp_gateway.config import Config
from heartlamp_gateway.outputs.adapter import Adapter, Order, Report
from heartlamp_gateway.outputs.runner import Runner
from heartlamp_gateway.say import log
from heartlamp_gateway.supervision.watch import Watch, breathing

if TYPE_CHECKING:
    from heartlamp_gateway.outputs.modem.usage import Usage
    from heartlamp_gateway.outputs.siren import Siren
    from heartlamp_gateway.outputs.speaker.speakers import Speakers


class Opened:
    """`minute()`: of the village's day, None where nobody knows; `is_wanted`, `report`: as of Runner;
    `answered(is_theirs, answer)`: somebody wrote back "coming" or "cannot", False: nobody asked them;
    `is_theirs(address)`: by that number; `pause(seconds)`: waits, True when we stop; `watch`: of threads;
    `rings_on(order)`: as of modem.Voice.
    `adapters`: one for each channel; `runner`: does their orders."""

    def __init__(
        self,
        config: Config,
        minute: Callable[[], int | None],
        is_wanted: Callable[[Order], bool],
        report: Callable[[Order, Report], None],
        answered: Callable[[Callable[[str], bool], str], bool],
        pause: Callable[[float], bool],
        watch: Watch,
        rings_on: Callable[[Order], bool] = lambda order: True,
    ) -> None:
        self._loud: tuple[Siren | Speakers, ...] = ()
        self._usage: Usage | None = None
        self._threads: list[threading.Thread] = []
        self.adapters: list[Adapter] = []
        if config.loud is not None:
            from heartlamp_gateway.outputs.loud import loud_outputs

            self._loud = loud_outputs(config.loud, minute)
            self.adapters += self._loud
        if config.modem is not None:
            from heartlamp_gateway.outputs.modem.inbox import Inbox
            from heartlamp_gateway.outputs.modem.reports import Reports
            from heartlamp_gateway.outputs.modem.sms import Sms
            from heartlamp_gateway.outputs.modem.turn import Turn
            from heartlamp_gateway.outputs.modem.usage import Usage as Counted
            from heartlamp_gateway.outputs.modem.voice import Voice

            turn, reports = Turn(), Reports()
            self._usage = Counted(config.data_dir / "modem-usage.json", config.modem.sim)
            wrote = _wrote(answered, config.modem.country)
            breathe = breathing(pause, watch.part("modem"))
            inbox = Inbox(config.modem, turn, reports, self._usage, wrote, breathe)
            self.adapters += [Voice(config.modem, turn, rings_on), Sms(config.modem, reports)]
            self._threads.append(watch.thread("modem", inbox.run))
        self.runner = Runner(self.adapters, is_wanted, report)

    def start(self) -> None:
        for output in self._loud:
            output.off()  # what a process before this one may have left on
        if self._usage is not None:
            self._usage.open()
        for each in self._threads:
            each.start()
        self.runner.start()

    def stop(self) -> None:
        self.runner.stop()
        for output in self._loud:
            output.stop()  # a relay is off before we are gone

    def speaker_troubles(self) -> dict[str, str]:
        """What is wrong with single loudspeakers, by name."""
        return {name: why for output in self._loud for name, why in output.troubles().items()}

    def warnings(self) -> list[str]:
        """Of the telephone card, for people."""
        return self._usage.warnings(date.today()) if self._usage is not None else []


def _wrote(answered: Callable[[Callable[[str], bool], str], bool], country: str) -> Callable[[str, str, str], None]:
    from heartlamp_gateway.outputs.modem.numbers import e164

    def take(number: str, answer: str, text: str) -> None:
        if not answered(lambda address: e164(address, country) == number, answer):
            log.info("a message of somebody whom nobody asked: %s", text)

    return take
