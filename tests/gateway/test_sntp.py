"""The time: told as long as it can be believed, to who asks seldom."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from heartlamp_gateway.rules.dates import SET_FROM
from heartlamp_gateway.rules.sntp import CLIENTS_MAX, RATE_MOST, RATE_MS, Clock, answer, ask, timestamp
from heartlamp_gateway.sntp import Sntp, own_clock
from heartlamp_gateway.sntp_table import TimeTable, read_time

from tests.gateway.rig.waiting import until
from tests.ports import free_port

GOOD = Clock(SET_FROM + 1000.25, True, 0.01)
MICROPYTHON = b"\x1b" + 47 * b"\0"  # what MicroPython's ntptime sends: version 3, client


class Server:
    """A real one on a free port, with a clock that a test sets."""

    def __init__(self) -> None:
        self.clock = GOOD
        self.port = free_port()
        self._ended = threading.Event()
        self.wrong = False
        table = TimeTable("127.0.0.1", self.port)
        self.sntp = Sntp(table, self._ended.wait, lambda: self.clock, lambda now: self.wrong)
        self._thread = threading.Thread(target=self.sntp.run, daemon=True)
        self._thread.start()
        until("it answers", lambda: self.ask(MICROPYTHON, 0.2))

    def ask(self, question: bytes, seconds: float = 2.0) -> bytes | None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(seconds)
            sock.sendto(question, ("127.0.0.1", self.port))
            try:
                return sock.recv(100)
            except OSError:
                return None

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def test_a_device_gets_the_time_as_micropython_reads_it(server: Server) -> None:
    said = server.ask(MICROPYTHON)
    assert said is not None
    assert len(said) == 48
    assert struct.unpack("!I", said[40:44])[0] - 2_208_988_800 == int(GOOD.now)
    assert struct.unpack("!I", said[44:48])[0] == 2**30  # a quarter of a second


def test_a_full_client_finds_all_that_it_checks(server: Server) -> None:
    mine = timestamp(time.time())
    question = struct.pack("!BBbb 36x 8s", 0 << 6 | 4 << 3 | 3, 0, 6, -20, mine)
    said = server.ask(question)
    assert said is not None
    first, stratum, poll, _, _, dispersion = struct.unpack("!BBbbII", said[:12])
    assert (first >> 6, first >> 3 & 7, first & 7) == (0, 4, 4)  # no leap, its version, a server
    assert 1 <= stratum <= 15
    assert poll == 6
    assert dispersion / 65536 == pytest.approx(GOOD.error, abs=1e-4)
    assert said[24:32] == mine  # whose question it answers
    assert said[32:40] <= said[40:48]
    assert said[40:48] != bytes(8)


@pytest.mark.parametrize("clock", [Clock(GOOD.now, False, 16.0), Clock(1000.0, True, 0.0)], ids=["free", "1970"])
def test_a_clock_that_cannot_be_believed_says_so(server: Server, clock: Clock) -> None:
    server.clock = clock
    said = server.ask(MICROPYTHON)
    assert said is not None
    assert (said[0] >> 6, said[1], said[12:16]) == (3, 0, b"INIT")


def test_a_clock_that_the_county_contradicts_says_so_too(server: Server) -> None:
    server.wrong = True
    said = server.ask(MICROPYTHON)
    assert said is not None
    assert (said[0] >> 6, said[12:16]) == (3, b"INIT")


def test_who_asks_too_often_is_told_once_and_then_not_at_all(server: Server) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.2", 0))  # nobody asked from here
        for _ in range(RATE_MOST + 5):
            sock.sendto(MICROPYTHON, ("127.0.0.1", server.port))
        sock.settimeout(2)
        said = [sock.recv(100) for _ in range(RATE_MOST + 1)]
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(100)
    assert [each[1] == 0 for each in said] == [False] * RATE_MOST + [True]
    assert said[-1][12:16] == b"RATE"


def test_what_is_no_question_gets_no_answer(server: Server) -> None:
    for strange in (b"", b"\x1b", b"\x1c" + 47 * b"\0", b"\x24" + 47 * b"\0", b"\x3b" + 47 * b"\0"):
        assert server.ask(strange, 0.1) is None


def test_the_answer_is_no_longer_than_the_question() -> None:
    for length in range(100):
        said = answer(MICROPYTHON[:1] + bytes(length), GOOD)
        assert said is None or len(said) <= length + 1


def test_a_question_in_two_seconds_is_never_too_often() -> None:
    asked, now = None, 0
    for _ in range(100):
        asked, word = ask(asked, now)
        assert word == ""
        now += RATE_MS


def test_who_was_too_fast_is_told_the_time_again_later() -> None:
    asked, now, words = None, 0, []
    for _ in range(20):
        asked, word = ask(asked, now)
        words.append(word)
    assert words.count("RATE") == 1
    assert ask(asked, RATE_MS * 2)[1] == ""


def test_the_addresses_that_are_remembered_are_bounded(server: Server) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        for n in range(CLIENTS_MAX + 50):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                one.bind((f"127.1.{n // 250}.{n % 250 + 1}", 0))
                one.settimeout(2)
                one.sendto(MICROPYTHON, ("127.0.0.1", server.port))
                one.recv(100)
    assert len(server.sntp._asked) == CLIENTS_MAX


def test_the_kernel_is_asked_and_says_something_sane() -> None:
    clock = own_clock()
    assert abs(clock.now - time.time()) < 5
    assert 0 <= clock.error < 100


def test_a_port_that_is_taken_is_tried_again() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        waited: list[float] = []

        def pause(seconds: float) -> bool:
            waited.append(seconds)
            if seconds:
                taken.close()
            return len(waited) >= 3  # once for the port, once before it listens, once after

        Sntp(TimeTable("127.0.0.1", taken.getsockname()[1]), pause).run()
        assert waited[0] > 1


def test_the_table_is_read_strictly() -> None:
    from pathlib import Path

    assert read_time({}, Path()) == TimeTable("0.0.0.0", 123)
    for wrong in ({"port": 0}, {"port": "123"}, {"host": ""}):
        with pytest.raises(ValueError, match=r"`(port|host)`"):
            read_time(wrong, Path())
