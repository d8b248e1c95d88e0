"""SLIP (RFC 1055) as Espressif's serial loader speaks it: 0xC0 before and after each packet. Pure."""

END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE = 0xC0, 0xDB, 0xDC, 0xDD


def packed(packet: bytes) -> bytes:
    inside = packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + inside + b"\xc0"


class Unpacker:
    """Bytes in, whole packets out; what stands outside of two 0xC0 is no packet."""

    def __init__(self) -> None:
        self._inside = False
        self._escaped = False
        self._packet = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        packets = []
        for byte in data:
            if byte == END:
                if self._inside and self._packet:
                    packets.append(bytes(self._packet))
                    self._inside = False
                else:
                    self._inside = True
                self._packet.clear()
                self._escaped = False
            elif self._inside and self._escaped:
                self._packet.append(END if byte == ESCAPED_END else ESCAPE)
                self._escaped = False
            elif self._inside and byte == ESCAPE:
                self._escaped = True
            elif self._inside:
                self._packet.append(byte)
        return packets
