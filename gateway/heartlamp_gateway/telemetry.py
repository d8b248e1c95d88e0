"""Readings on their way in, on a broker connection, a thread and a file of their own: no alarm waits for them."""

from collections.abc import Callable, Mapping, Sequence

from heartlamp_protocol.device.names import PULSE

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.clock import boottime
from heartlamp_gateway.disk.readings import ReadingFile, Row
from heartlamp_gateway.from_devices import FromDevices
from heartlamp_gateway.rules import relay, thinning
from heartlamp_gateway.rules.ingest import judge
from heartlamp_gateway.rules.untold import is_untold
from heartlamp_gateway.say import log


class Telemetry:
    """`said(device, values)`: what a device says of itself, for supervision."""

    def __init__(
        self,
        chain: Chain,
        devices: FromDevices,
        file: ReadingFile,
        said: Callable[[str, Mapping[str, int]], None],
    ) -> None:
        self._chain, self._devices, self._file, self._said = chain, devices, file, said
        self.pulse_at: int | None = None
        """BOOTTIME ms at which our own pulse came back to us: the broker passes on what it is given."""

    def messages(self, batch: Sequence[tuple[str, bytes]]) -> None:
        """(topic, payload) as they came."""
        rows: list[Row] = []
        now = boottime()
        for name, payload in batch:
            if name == PULSE:
                self.pulse_at = now
                continue
            word = relay.said(name)
            if word is None:
                continue
            judged = judge(word.device, payload, None)
            if judged.event is not None:
                if not is_untold(self._chain.village, word.device, payload):
                    log.warning("%s: an event on the topic for readings; it is treated as one", word.device)
                self._devices.messages([(name, payload)])
                continue
            trusted = self._devices.reads(word)
            if judged.reading and trusted:
                self._said(word.device, judged.values)
            if not trusted or (word.lamp and not judged.reading):
                judged = relay.blame(judged, word.lamp, self._chain.village.key_version(word.lamp))
            again = thinning.of_rubbish(payload)
            if judged.reading:
                again = thinning.series(judged.kind, judged.values)
            rows.append((self._chain.boot, now, judged.device, judged.user, again, judged.frame))
        if rows:
            self._file.add(rows)
