"""A bundle over the serial line, piece by piece."""

from base64 import b64encode
from time import monotonic, sleep

from heartlamp_protocol.refusals import refusal

from heartlamp_tech.bundle import MAGIC, bundle_id
from heartlamp_tech.serial_lines import Answer, SerialError, SerialLines

PIECE = 2048
POLL_S = 0.02
PATIENCE_S = 60.0  # a device that is needed by somebody takes nothing


def send(serial: SerialLines, bundle: bytes) -> None:
    """Returns when the device has every byte. It checks all of it again, then restarts into the new program, on trial
    until its next receipt: press its key. Raises SerialError with the device's reason."""
    start = len(MAGIC) + 4
    id = bundle_id(bundle[start : start + int.from_bytes(bundle[len(MAGIC) : start], "big")])
    at = 0
    while at < len(bundle):
        data = b64encode(bundle[at : at + PIECE]).decode()
        serial.ask("update", bundle=id, size=len(bundle), at=at, data=data)
        at = _taken(serial, id, at)


def _taken(serial: SerialLines, id: str, at: int) -> int:
    """The next byte, once the device has written what came for `at`."""
    until = monotonic() + PATIENCE_S
    while monotonic() < until:
        answer: Answer = serial.ask("update")
        if answer["bundle"] == id and answer["at"] > at:
            return int(answer["at"])
        if answer["running"] == id:
            raise SerialError("the device runs this bundle already", "there is nothing to do")
        if answer["refused"] and answer["refused_bundle"] == id != answer["bundle"]:
            why = refusal(answer["refused"])
            raise SerialError(f"the device refused it ({why.name}): {why.english}", "build a bundle for this device")
        sleep(POLL_S)
    raise SerialError(
        "the device takes no program now: an alarm waits, or a call or a drill is on it",
        "again when the desk has closed them (an installation's drill too)",
    )
