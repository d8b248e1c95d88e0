"""G.711 and RTP against tables and a decoder written from the standard."""

import struct
import sys
from array import array

import pytest
from heartlamp_gateway.outputs.speaker.rtp import encoded, packets
from heartlamp_gateway.outputs.speaker.sip_words import PCMA, PCMU
from heartlamp_gateway.outputs.speaker.sound import halved

from tests.gateway.sound.g711 import from_a_law, from_u_law

EVERY = array("h", range(-32768, 32768))


@pytest.mark.parametrize(("payload", "decode"), [(PCMA, from_a_law), (PCMU, from_u_law)])
def test_every_sample_comes_back_within_its_step(payload: int, decode: object) -> None:
    back = decode(encoded(EVERY, payload))  # type: ignore[operator]
    for sample, got in zip(EVERY, back, strict=True):
        # a step is a sixteenth of its segment; half of it is lost at most, and the loudest is cut
        assert abs(sample - got) <= max(16, abs(sample) / 16) + (644 if abs(sample) > 32_124 else 0)


def test_the_values_of_the_standards_tables() -> None:
    assert encoded(array("h", [0, -1, 32767, -32768]), PCMA) == bytes([0xD5, 0x55, 0xAA, 0x2A])
    assert encoded(array("h", [0, 32767, -32768]), PCMU) == bytes([0xFF, 0x80, 0x00])


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the old standard module is gone")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_same_bytes_as_an_encoder_that_everybody_used() -> None:
    import audioop

    assert encoded(EVERY, PCMA) == audioop.lin2alaw(EVERY.tobytes(), 2)
    assert encoded(EVERY, PCMU) == audioop.lin2ulaw(EVERY.tobytes(), 2)


def test_packets_of_20_ms_count_on_over_the_ends_of_their_numbers() -> None:
    sent = list(packets(array("h", [500] * 410), PCMA, 7, 65_535, 2**32 - 160))
    heads = [struct.unpack("!BBHII", p[:12]) for p in sent]
    assert [len(p) for p in sent] == [172, 172, 172]
    assert heads == [
        (0x80, 0x80 | PCMA, 65_535, 2**32 - 160, 7),
        (0x80, PCMA, 0, 0, 7),
        (0x80, PCMA, 1, 160, 7),
    ]
    assert sent[2][12:] == encoded(array("h", [500] * 90 + [0] * 70), PCMA)


def test_halving_keeps_what_a_telephone_can_carry() -> None:
    assert halved(array("h", [1_000] * 16_000))[10:-10] == array("h", [1_000] * 7_980)
    assert len(halved(array("h", [0] * 321))) == 161
    fastest = array("h", [8_000, -8_000] * 400)  # 8 kHz, which would fold down to a hum
    assert max(map(abs, halved(fastest)[10:-10])) <= 8_000 * 4 // 32
