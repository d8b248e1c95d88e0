"""What the bundle brings besides the wheels: units that systemd understands, an installer that a shell understands."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BUNDLE = Path(__file__).resolve().parents[3] / "gateway" / "bundle"
UNITS = ("heartlamp-broker.service", "heartlamp-gateway.service")
PROGRAMS = "/opt/heartlamp-gateway/current/bin"
NEEDED = ("/usr/sbin/mosquitto", "/bin/kill", f"{PROGRAMS}/heartlamp-gateway", f"{PROGRAMS}/python3")
EXPOSED_MOST = {"heartlamp-broker.service": 1.5, "heartlamp-gateway.service": 2.0}
"""Of 10, as `systemd-analyze security` counts; an unhardened service has 9.2."""

analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed here")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's files, as far as systemd looks at them."""
    place = tmp_path / "etc/systemd/system"
    place.mkdir(parents=True)
    for unit in UNITS:
        shutil.copy(BUNDLE / "units" / unit, place)
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    for program in NEEDED:
        file = tmp_path / program.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
    return tmp_path


@analyze
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_line(root: Path, unit: str) -> None:
    done = subprocess.run(["systemd-analyze", "verify", f"--root={root}", unit], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    with (root / "etc/systemd/system" / unit).open("a") as file:
        file.write("[Service]\nProtectEverything=yes\n")
    done = subprocess.run(["systemd-analyze", "verify", f"--root={root}", unit], capture_output=True, text=True)
    assert "ProtectEverything" in done.stderr


@analyze
@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_may_do_little_more_than_it_needs(root: Path, unit: str) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--root={root}", unit],
        capture_output=True,
        text=True,
    )
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert level, done.stdout + done.stderr
    assert float(level[1]) <= EXPOSED_MOST[unit]


def test_after_every_end_the_siren_is_switched_off(tmp_path: Path) -> None:
    """What systemd would run, by this Python: here on a box that has none, on a Pi in sound/test_on_a_pi.py."""
    unit = (BUNDLE / "units/heartlamp-gateway.service").read_text()
    (line,) = re.findall(r"^ExecStopPost=-(.+)$", unit, re.M)
    python, *arguments, config = line.split()
    assert (python, config) == (f"{PROGRAMS}/python3", "/etc/heartlamp/gateway.toml")
    (tmp_path / "gateway.toml").write_text('id = "gwliu1"\n')
    command = [sys.executable, *arguments, str(tmp_path / "gateway.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, "this box has no siren\n")


@pytest.mark.parametrize(
    "line",
    [
        "AmbientCapabilities=CAP_NET_BIND_SERVICE",  # 123 for the time, 80 or 443 for the office
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
        "DeviceAllow=char-gpiochip rw",
        "DeviceAllow=char-alsa rw",
        "WatchdogSec=30",
        "Restart=always",
        "StateDirectory=heartlamp",
        "RuntimeDirectory=heartlamp",
        "ProtectSystem=strict",
    ],
)
def test_the_gateways_unit_has_what_its_parts_need(line: str) -> None:
    assert line in (BUNDLE / "units/heartlamp-gateway.service").read_text().splitlines()


def test_what_is_written_is_written_in_the_state_folder() -> None:
    for unit in UNITS:
        text = (BUNDLE / "units" / unit).read_text()
        assert "ProtectSystem=strict" in text
        assert "StateDirectory=heartlamp" in text
        assert not re.search(r"^ReadWritePaths=", text, re.M)
        assert "StartLimitIntervalSec=0" in text  # a village is never given up
        assert "Restart=always" in text


def test_the_installer_is_plain_shell_and_touches_no_data() -> None:
    script = BUNDLE / "install.sh"
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", str(script)], check=True)
    removed = re.findall(r"rm -rf (\S+)", script.read_text())
    assert removed
    assert not [path for path in removed if "/var" in path or "/etc" in path]


def test_what_is_no_part_of_the_bundle_is_not_installed(tmp_path: Path) -> None:
    """A second copy beside the first, half of a download: they are in no sum, and were a traceback."""
    script = (BUNDLE / "install.sh").read_text()
    assert not re.search(r"\*\.(whl|deb)", script)
    (listed,) = re.findall(r"^listed\(\) .+$", script, re.M)
    wheels = tmp_path / "wheels" / "any"
    wheels.mkdir(parents=True)
    for name in ("paho_mqtt-2.1.0-py3-none-any.whl", "heartlamp_gateway-0.1.0-py3-none-any.whl"):
        (wheels / name).write_bytes(b"x")
    (sums,) = re.findall(r"find \. -type f .+ >SHA256SUMS", (BUNDLE.parents[1] / "bootstrap/bundle_pi.sh").read_text())
    subprocess.run(["sh", "-c", sums], cwd=tmp_path, check=True)
    (wheels / "paho_mqtt-2.1.0-py3-none-any (1).whl").write_bytes(b"")
    done = subprocess.run(
        ["sh", "-euc", f"{listed}\nlisted wheels/any whl; listed wheels/cp311 whl"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [
        "wheels/any/heartlamp_gateway-0.1.0-py3-none-any.whl",
        "wheels/any/paho_mqtt-2.1.0-py3-none-any.whl",
    ]


def test_a_bundle_that_was_damaged_on_the_stick_changes_nothing(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("the installer asks for root first")
    bundle = tmp_path / "bundle"
    shutil.copytree(BUNDLE, bundle)
    (bundle / "VERSION").write_text("9.9.9\n")
    (bundle / "ARCH").write_text("none\n")
    (bundle / "SHA256SUMS").write_text(f"{'0' * 64}  VERSION\n")
    done = subprocess.run([bundle / "install.sh"], capture_output=True, text=True)
    assert (done.returncode, "damaged" in done.stderr) == (1, True)
    assert not Path("/opt/heartlamp-gateway").exists()
