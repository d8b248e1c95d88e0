"""Every runtime reproduces the golden vectors, byte for byte."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from heartlamp_protocol.device.frame import FrameError, write_frame
from heartlamp_protocol.inbound import read_frame

REPO = Path(__file__).resolve().parents[2]
GOLDEN = REPO / "protocol/vectors/golden.json"
VECTORS: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
RUNTIMES = {
    "CPython": ([sys.executable], {"PYTHONPATH": str(REPO / "protocol"), "PYTHONUTF8": "1"}),
    "MicroPython": ([str(REPO / ".tools/bin/micropython")], {"MICROPYPATH": f"{REPO / 'protocol'}:.frozen"}),
}


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_every_vector_comes_out_byte_for_byte(runtime: str) -> None:
    command, environment = RUNTIMES[runtime]
    done = subprocess.run(
        [*command, str(Path(__file__).parent / "reproduce.py"), str(GOLDEN)],
        env=os.environ | environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    expected = [
        {"name": v["name"], "outcome": {k: v[k] for k in ("gives", "refused") if k in v}} for v in VECTORS["device"]
    ]
    for one, other in zip(said, expected, strict=True):
        assert one == other


def test_the_vectors_macs_are_those_of_pythons_own_hmac() -> None:
    """Checked without our own HMAC: the file cannot have been made by the code it tests."""
    checked = 0
    for v in VECTORS["device"]:
        if v["op"] == "sign":
            key, body = bytes.fromhex(v["args"][0][4:]), v["args"][1].encode()
        elif v["op"] == "hmac":
            key, body = (bytes.fromhex(a[4:]) for a in v["args"])
        else:
            continue
        assert hmac.new(key, body, hashlib.sha256).hexdigest() == v["gives"], v["name"]
        checked += 1
    assert checked >= 11


@pytest.mark.parametrize("vector", VECTORS["inbound_refused"], ids=lambda v: v["name"])
def test_a_malformed_body_is_refused_with_its_reason(vector: dict[str, str]) -> None:
    with pytest.raises(FrameError) as refusal:
        read_frame(write_frame(0, "0" * 64, vector["body"].encode()))
    assert str(refusal.value) == vector["refused"]
