"""What goes over the air, as bytes (docs/protocol.md, "Radio"). Pure.

packet   1 version · 1 type · 4 sender · 4 receiver · 4 theirs · 4 mine · 4 number · content · 8 MAC
         The MAC is the first 8 bytes of HMAC-SHA256, under the pair key, of everything before it.
message  1 what · 1 length · device id · 1 count · 4 × lamps it came by · payload (pack.py)
"""

import hashlib

from heartlamp_protocol.device.frame import FrameError
from heartlamp_protocol.device.limits import HOPS_MAX
from heartlamp_protocol.device.mac import hmac_sha256, same
from heartlamp_protocol.device.names import is_device_id

MOST = 250  # bytes of an ESP-NOW packet
VERSION = 0xA1
HEAD, MAC = 22, 8
CONTENT_MOST = MOST - HEAD - MAC
PIECE_MOST = CONTENT_MOST - 1

# Types. A carrier's have CARRIER set: what a child sent can never be taken for what a carrier says, under the same key.
PING, DATA, ANSWER = 1, 2, 3
CARRIER = 0x80

# What a carrier, or its child, says to a DATA or a PING.
TAKEN, AGAIN, FULL, REFUSED, RESTART = 0, 1, 2, 3, 4

WHATS = ("event", "reading", "state", "ask", "shown", "receipt", "lamp", "pulse")  # by place, from 1
UP = ("event", "reading", "state", "ask", "shown")
DOWN = ("receipt", "lamp", "pulse")

NOBODY = bytes(4)  # a token that is not known
NO_LINE = 255  # hops of a lamp without one
NEVER = 0xFFFF  # age of a proof that there never was


def tag(id: str) -> bytes:
    """4 bytes that stand for a device in a packet's head. Two alike are told apart by their keys."""
    return hashlib.sha256(id.encode()).digest()[:4]


class Packet:
    """sender, receiver: tags; theirs: the receiver's token as the sender knows it; mine: the sender's own; number:
    rises with each packet of this sender to this receiver."""

    def __init__(
        self, type: int, sender: bytes, receiver: bytes, theirs: bytes, mine: bytes, number: int, content: bytes
    ) -> None:
        self.type = type
        self.sender = sender
        self.receiver = receiver
        self.theirs = theirs
        self.mine = mine
        self.number = number
        self.content = content


def write_packet(key: bytes, packet: Packet) -> bytes:
    head = bytes([VERSION, packet.type]) + packet.sender + packet.receiver + packet.theirs + packet.mine
    data = head + packet.number.to_bytes(4, "big") + packet.content
    return data + hmac_sha256(key, data)[:MAC]


def read_packet(data: bytes) -> "Packet | None":
    """None where it is none of ours. Whether it is true, is_signed() says."""
    if not HEAD + MAC <= len(data) <= MOST or data[0] != VERSION or data[1] & ~CARRIER not in (PING, DATA, ANSWER):
        return None
    number = int.from_bytes(data[18:22], "big")
    return Packet(data[1], data[2:6], data[6:10], data[10:14], data[14:18], number, data[HEAD:-MAC])


def is_signed(key: bytes, data: bytes) -> bool:
    return same(hmac_sha256(key, data[:-MAC])[:MAC].hex(), data[-MAC:].hex())


class Answer:
    """status: one of TAKEN…; number: the highest of yours that was taken; hops: from lamp to lamp, of who answers, to a
    line, NO_LINE none; proven: ms since the village was last heard of at the line's end, None never."""

    def __init__(self, status: int, number: int, hops: int, proven: "int | None") -> None:
        self.status = status
        self.number = number
        self.hops = hops
        self.proven = proven


def write_answer(answer: Answer) -> bytes:
    tenths = NEVER if answer.proven is None else min(NEVER - 1, (answer.proven + 99) // 100)
    return bytes([answer.status]) + answer.number.to_bytes(4, "big") + bytes([answer.hops]) + tenths.to_bytes(2, "big")


def read_answer(content: bytes) -> "Answer | None":
    if len(content) < 8:
        return None
    tenths = int.from_bytes(content[6:8], "big")
    proven = None if tenths == NEVER else tenths * 100
    return Answer(content[0], int.from_bytes(content[1:5], "big"), content[5], proven)


class Message:
    """what: one of WHATS; device: whose it is, "": the sender's (up), the receiver's (down); path: tags of the lamps
    that carried it so far; payload: packed."""

    def __init__(self, what: str, device: str, path: "list[bytes]", payload: bytes) -> None:
        self.what = what
        self.device = device
        self.path = path
        self.payload = payload


def write_message(message: Message) -> bytes:
    device = message.device.encode()
    head = bytes([WHATS.index(message.what) + 1, len(device)]) + device + bytes([len(message.path)])
    return head + b"".join(message.path) + message.payload


def read_message(data: bytes) -> Message:
    """Raises FrameError."""
    if len(data) < 4 or not 1 <= data[0] <= len(WHATS):
        raise FrameError("not a message")
    after = 2 + data[1]
    device = ""
    if data[1]:
        try:
            device = str(data[2:after], "ascii")
        except (UnicodeError, ValueError):
            raise FrameError("a message of no device")
        if not is_device_id(device):
            raise FrameError("a message of no device")
    if len(data) < after + 2 or data[after] > HOPS_MAX:
        raise FrameError("a message that went too far")
    start = after + 1
    end = start + 4 * data[after]
    if len(data) <= end:
        raise FrameError("a message without a payload")
    path = [data[i : i + 4] for i in range(start, end, 4)]
    return Message(WHATS[data[0] - 1], device, path, data[end:])


def pieces(message: bytes) -> "list[bytes]":
    """Contents of DATA packets, in order: 1 byte, how many follow (bit 7: the first), and a piece."""
    cuts = [message[i : i + PIECE_MOST] for i in range(0, len(message), PIECE_MOST)]
    return [bytes([(len(cuts) - 1 - i) | (0 if i else 0x80)]) + cut for i, cut in enumerate(cuts)]
