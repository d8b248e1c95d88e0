"""Which picture a camera may send: what the alarm file says, so that nothing of the alarm's path knows of pictures."""

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.inbound import Still, read_frame

from heartlamp_gateway.chain import Chain
from heartlamp_gateway.rules.model import NoteWanted


class Announced:
    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def still(self, event: str) -> Still | None:
        """The still that this gateway took in under this id; the first, where two clash."""
        with self._chain.lock:
            frames = self._chain.ledger.file.frames(event)
        for frame in frames[:1]:
            try:
                content = read_frame(frame).content
            except FrameError:
                return None
            return content if isinstance(content, Still) and content.id == event else None
        return None

    def note(self, text: str) -> None:
        """The county is to know; it shows it with what it was sent and did not take."""
        chain = self._chain
        with chain.lock:
            chain.settle(chain.village, [chain.note(NoteWanted("", "refused", text[:200]))])
