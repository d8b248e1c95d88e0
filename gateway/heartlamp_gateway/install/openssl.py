"""What only the `openssl` program on the box does for us: keys, requests, dates, ciphers. Raises OpensslError."""

import os
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

PATIENCE_S = 60.0


class OpensslError(OSError):
    """In words."""


def make_key(path: Path) -> None:
    """A fresh P-256 key, mode 0600; one that is there already stays."""
    if path.exists():
        return
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    call("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(beside))
    with beside.open("rb") as made:
        os.fsync(made.fileno())
    beside.rename(path)


def request(key: Path, name: str) -> str:
    """A PKCS#10 request for this key, PEM."""
    return call("req", "-new", "-sha256", "-key", str(key), "-subj", f"/CN={name}").decode("ascii")


def dates(certificate: Path) -> tuple[float, float]:
    """(not before, not after), seconds since 1970."""
    said = call("x509", "-in", str(certificate), "-noout", "-startdate", "-enddate").decode("ascii", "replace")
    fields = dict(line.partition("=")[::2] for line in said.splitlines())
    try:
        return ssl.cert_time_to_seconds(fields["notBefore"]), ssl.cert_time_to_seconds(fields["notAfter"])
    except (KeyError, ValueError):
        raise OpensslError(f"{certificate} has no dates: {said[:200]}") from None


def is_signed_by(certificate: Path, ca: Path) -> bool:
    """Whatever its dates are."""
    try:
        call("verify", "-no_check_time", "-CAfile", str(ca), str(certificate))
    except OpensslError:
        return False
    return True


def cipher(way: str, source: Path, target: Path, secret: str) -> None:
    """AES-256-CTR. `way`: "-e" or "-d"; `secret`: as a passphrase, over a pipe, so that no list of processes shows it;
    its stretching is the caller's."""
    reading, writing = os.pipe()
    try:
        os.write(writing, secret.encode() + b"\n")
        os.close(writing)
        pass_in = ("-pass", f"fd:{reading}", "-pbkdf2", "-iter", "1", "-md", "sha256")
        call("enc", way, "-aes-256-ctr", *pass_in, "-in", str(source), "-out", str(target), pipes=(reading,))
    finally:
        os.close(reading)


def call(*words: str, pipes: Sequence[int] = ()) -> bytes:
    """Its standard output."""
    try:
        done = subprocess.run(["openssl", *words], capture_output=True, timeout=PATIENCE_S, pass_fds=tuple(pipes))
    except FileNotFoundError:
        raise OpensslError("the program `openssl` is missing: apt install openssl") from None
    except subprocess.TimeoutExpired:
        raise OpensslError(f"openssl {words[0]} takes longer than {PATIENCE_S:.0f} s") from None
    if done.returncode:
        raise OpensslError(f"openssl {words[0]}: {done.stderr.decode(errors='replace').strip()[:300]}")
    return done.stdout
