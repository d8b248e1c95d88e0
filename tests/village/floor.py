"""What one durable hop of each kind costs on this machine at best, measured beside the running village."""

import http.client
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.village.rig import MICROPYTHON, ROOT, Rig

ROUNDS = 200
# As between two presses: nothing is warm (back to back the same things take a third of the time), and as much time goes
# by for the disk's rare long pauses to fall into.
REST = 0.15


def measure(rig: Rig) -> dict[str, list[float]]:
    """Name -> milliseconds of each of 200 rounds."""
    device = _device(rig)
    return {
        "device's flash write": device["flash"],
        "MQTT QoS 1 round trip (TLS)": device["mqtt"],
        "fsync of 4 KiB": _fsync(rig.folder / "fsync"),
        "HTTPS round trip": _https(rig),
        "PostgreSQL commit": _postgres(rig),
    }


def _rounds(once: Callable[[], object]) -> list[float]:
    found = []
    for _ in range(ROUNDS + 20):
        began = time.perf_counter()
        once()
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(REST)
    return found[20:]  # the first ones warm caches and connections


def _fsync(path: Path) -> list[float]:
    with path.open("wb", buffering=0) as file:

        def once() -> None:
            file.write(b"x" * 4096)
            os.fsync(file.fileno())

        return _rounds(once)


def _postgres(rig: Rig) -> list[float]:
    with psycopg.connect(host=str(rig.folder / "postgres"), user="postgres", dbname="postgres", autocommit=True) as db:
        db.execute("CREATE TABLE floor_of_this_machine (n int)")
        found = _rounds(lambda: db.execute("INSERT INTO floor_of_this_machine VALUES (1)"))
        db.execute("DROP TABLE floor_of_this_machine")
    return found


def _https(rig: Rig) -> list[float]:
    """A kept connection to the smallest TLS server that Python can make; 600 bytes there, 400 back."""
    enrolled = rig.folder / "enrolled/gateways" / rig.plan[0].gateway
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(enrolled / "broker.crt", enrolled / "broker.key")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        plain, _ = listener.accept()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with serving.wrap_socket(plain, server_side=True) as end:
            while data := end.recv(65536):
                while not data.endswith(b"x" * 600):
                    data += end.recv(65536)
                end.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + b"y" * 400)

    threading.Thread(target=serve, daemon=True).start()
    asking = ssl.create_default_context(cafile=str(enrolled / "ca.pem"))
    asking.check_hostname = False
    caller = http.client.HTTPSConnection("127.0.0.1", listener.getsockname()[1], context=asking)

    def once() -> None:
        caller.request("POST", "/", b"x" * 600)
        caller.getresponse().read()

    try:
        return _rounds(once)
    finally:
        caller.close()
        listener.close()


def _device(rig: Rig) -> dict[str, list[float]]:
    """Runs on MicroPython with the firmware's own flash and MQTT session."""
    device = rig.houses()[-1].device("button")  # its own board is off meanwhile: a broker allows each name once
    rig.boards[device].kill()
    config = rig.folder / "enrolled/devices" / f"{device}.json"
    printed = subprocess.run(
        [
            MICROPYTHON, Path(__file__).parent / "floor_device.py",
            config, rig.flash / "floor.img", str(ROUNDS), str(int(REST * 1000)),
        ],
        env={"MICROPYPATH": f"{ROOT / 'protocol'}:{ROOT / 'firmware/app'}:.frozen", "HOME": "/tmp"},
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    rig.boards[device].start()
    found: dict[str, list[float]] = {"flash": [], "mqtt": []}
    for line in printed.splitlines():
        name, ms = line.split()
        found[name].append(float(ms))
    return found
