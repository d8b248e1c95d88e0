"""Bytes of a serial port to lines of text. Pure."""

from heartlamp.settings.serial import LINE_MOST

MOST = LINE_MOST + 1  # so that a line that is too long is known for one, and costs no more RAM


class Lines:
    def __init__(self) -> None:
        self._begun = bytearray()

    def feed(self, data: bytes) -> "list[str]":
        """The lines that `data` ends, without empty ones; bytes that are no UTF-8 make a line of "?"."""
        lines = []
        for byte in data:
            if byte in b"\r\n":
                if self._begun:
                    lines.append(_text(self._begun))
                    self._begun = bytearray()
            elif len(self._begun) < MOST:
                self._begun.append(byte)
        return lines


def _text(data: bytearray) -> str:
    try:
        return data.decode()
    except ValueError:
        return "?"
