"""What systemd hears of us."""

import socket
import threading
from pathlib import Path

import pytest
from heartlamp_gateway.install.notify import Heart, notify


def word(heard: socket.socket) -> bytes:
    try:
        return heard.recv(100)
    except TimeoutError:
        return b""


def test_a_heart_beats_while_the_chain_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(tmp_path / "notify"))
    heard.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "150000")
    lock, stop = threading.RLock(), threading.Event()
    beating = threading.Thread(target=Heart(lock, stop.wait).run)
    beating.start()
    assert [heard.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
    with lock:
        heard.settimeout(0.3)
        silent = [word(heard) for _ in range(2)]  # one may have been on its way
        assert silent[-1] == b""
    heard.settimeout(5)
    assert heard.recv(100) == b"WATCHDOG=1"
    stop.set()
    beating.join()
    heard.close()


def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
