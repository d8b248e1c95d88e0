"""A bare Debian becomes the village's gateway by its bundle, under real systemd and without a network, and stays it
through kills, restarts of the box, bad and good upgrades. `make prove`; what it needs, `machine.needs` says."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from heartlamp_protocol.device import event

from tests.gateway.install.machine import HOUSE, Machine, bare, needs
from tests.gateway.install.place import Village
from tests.gateway.rig.device import Device
from tests.gateway.rig.waiting import until

pytestmark = [
    pytest.mark.prove,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(needs()), reason=needs() or "all is here"),
]
UNITS = "heartlamp-broker heartlamp-gateway"
PROGRAM = "heartlamp_gateway/__main__.py"
AGAIN_S = 60.0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a technician unpacks. HEARTLAMP_BUNDLE: a bundle that is there."""
    given = os.environ.get("HEARTLAMP_BUNDLE", "")
    if not given:
        subprocess.run(["make", "bundle-pi"], cwd=HOUSE, check=True)
        (given,) = map(str, (HOUSE / "build/bundle").glob("*-amd64.tar.gz"))
    place = tmp_path_factory.mktemp("bundle")
    with tarfile.open(given) as packed:
        packed.extractall(place, filter="data")
    (folder,) = place.iterdir()
    assert {p.name for p in (folder / "debs").glob("*")} == {"bookworm", "trixie"}, "Debian's packages are missing"
    return folder


@pytest.fixture(params=["bookworm", "trixie"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    root = tmp_path / request.param
    subprocess.run(["cp", "-a", bare(request.param), root], check=True)
    made = Machine(root)
    yield made
    print(made.do("journalctl -u 'heartlamp*' --no-pager -n 100", check=False).stdout)  # shown where it failed
    made.pull_the_plug()
    shutil.rmtree(root)


def newer(bundle: Path, place: Path, version: str, main: bytes | None = None) -> None:
    """A bundle of another version, in the machine's /root; `main`: the program's, instead of ours."""
    shutil.copytree(bundle, place)
    (place / "VERSION").write_text(f"{version}\n")
    if main is not None:
        (wheel,) = (place / "wheels/any").glob("heartlamp_gateway-*.whl")
        with zipfile.ZipFile(wheel) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
        with zipfile.ZipFile(wheel, "w") as packed:
            for name, data in {**files, PROGRAM: main}.items():
                packed.writestr(name, data)
    files_of = sorted(p.relative_to(place) for p in place.rglob("*") if p.is_file() and p.name != "SHA256SUMS")
    sums = [f"{hashlib.sha256((place / name).read_bytes()).hexdigest()}  {name}\n" for name in files_of]
    (place / "SHA256SUMS").write_text("".join(sums))


class Household:
    """Somebody who presses, and the lamp there, over the LAN; both connect again by themselves."""

    def __init__(self, village: Village) -> None:
        self.key: Device = village.device("key")
        self.lamp: Device = village.device("lamp")

    def presses(self, when: str) -> None:
        """Heard on that box's disk, received by the county, and told to the lamp that asks."""
        began = time.monotonic()
        press = self.key.press()
        self.key.offers(press, AGAIN_S)
        heard = time.monotonic()
        self.key.is_received(press, AGAIN_S)
        before = len(self.lamp.lamps)
        self.lamp.publish("ask", event.write_ask(""))
        self.lamp.board.wait("a lit lamp", lambda: self.lamp.lamps[before:] and self.lamp.calls(), AGAIN_S)
        print(f"{when}: heard after {heard - began:.2f} s, received after {time.monotonic() - began:.2f} s")


def both_active(machine: Machine) -> None:
    until("both units", lambda: machine.do(f"systemctl is-active {UNITS}", check=False).returncode == 0, AGAIN_S)


def begin(machine: Machine, village: Village, how: str = "rw") -> None:
    """Power on; the cables are plugged in."""
    machine.start(how)
    machine.lead_out(village.uplink.port)
    machine.lead_in(village.port)


def main_pid(machine: Machine, unit: str) -> str:
    return machine.do(f"systemctl show --property MainPID --value {unit}").stdout.strip()


def test_a_bare_debian_becomes_the_gateway_and_stays_it(machine: Machine, bundle: Path, village: Village) -> None:
    begin(machine, village)
    shutil.copytree(bundle, machine.root / "root/bundle")
    assert machine.do("ip route 2>/dev/null | wc -l").stdout.strip() in ("0", "")

    began = time.monotonic()
    said = machine.do("/root/bundle/install.sh").stdout
    print(f"install.sh: {time.monotonic() - began:.1f} s")
    assert "now: sudo heartlamp-gateway setup" in said
    assert machine.do(f"systemctl is-enabled {UNITS}").stdout.split() == ["enabled", "enabled"]
    assert machine.do("systemctl is-active mosquitto", check=False).stdout.strip() == "inactive"  # Debian's own

    answers = f'county = "{village.address}"\ncode = "{village.code()}"\n'
    machine.do("cat >/root/answers.toml", typed=answers)
    said = machine.do("heartlamp-gateway setup --from /root/answers.toml").stdout
    assert f"this box is {village.gateway}" in said
    began = time.monotonic()
    machine.do(f"systemctl start {UNITS}")
    print(f"start: {time.monotonic() - began:.2f} s")
    both_active(machine)
    home = Household(village)
    home.presses("a new box")
    assert "✗" not in machine.do("heartlamp-gateway doctor").stdout

    for unit in UNITS.split():
        machine.do(f"kill -9 {main_pid(machine, unit)}")
        home.presses(f"kill -9 of {unit}")
    both_active(machine)

    frozen = main_pid(machine, "heartlamp-gateway")
    machine.do(f"kill -STOP {frozen}")
    began = time.monotonic()
    until("the watchdog", lambda: main_pid(machine, "heartlamp-gateway") not in ("0", frozen), AGAIN_S)
    print(f"SIGSTOP: another one after {time.monotonic() - began:.1f} s")
    home.presses("SIGSTOP")

    machine.do("systemctl poweroff", check=False)
    machine.ended()
    begin(machine, village)
    home.presses("the box was switched off and on")
    machine.pull_the_plug()
    begin(machine, village)
    home.presses("the plug was pulled")

    newer(bundle, machine.root / "root/bad", "9.9.8", b"def main():\n    raise SystemExit('not here')\nmain()\n")
    done = machine.do("/root/bad/install.sh", check=False)
    assert (done.returncode, "0.1.0 runs again" in done.stderr) == (1, True), done.stdout + done.stderr
    both_active(machine)
    home.presses("a version that does not come up")

    newer(bundle, machine.root / "root/good", "9.9.9")
    assert "before it was 0.1.0" in machine.do("/root/good/install.sh").stdout
    assert machine.do("readlink /opt/heartlamp-gateway/current").stdout.strip() == "9.9.9"
    home.presses("an upgrade")
    assert "back at 0.1.0" in machine.do("/root/good/install.sh --back").stdout
    home.presses("--back")

    # The plug is pulled in the middle of the upgrade, at moments from its beginning to its end.
    began = time.monotonic()
    machine.do("/root/good/install.sh")
    whole = time.monotonic() - began
    machine.do("/root/good/install.sh --back")
    for part in (0.1, 0.3, 0.5, 0.7, 0.9):
        upgrade = machine.begin("/root/good/install.sh")
        time.sleep(part * whole)  # the moment is what is tried
        machine.pull_the_plug()
        upgrade.communicate()
        begin(machine, village)
        both_active(machine)
        now = machine.do("readlink /opt/heartlamp-gateway/current").stdout.strip()
        assert now in ("0.1.0", "9.9.9")
        home.presses(f"the plug was pulled {part * whole:.1f} s after an upgrade began, {now} runs")
        machine.do("/root/good/install.sh")  # done is done, run again
        machine.do("/root/good/install.sh --back")
    assert "✗" not in machine.do("heartlamp-gateway doctor").stdout


def test_the_card_is_read_only(machine: Machine, bundle: Path, village: Village) -> None:
    begin(machine, village)
    shutil.copytree(bundle, machine.root / "root/bundle")
    machine.do("/root/bundle/install.sh")
    machine.do("cat >/root/answers.toml", typed=f'county = "{village.address}"\ncode = "{village.code()}"\n')
    machine.do("heartlamp-gateway setup --from /root/answers.toml")
    machine.do("systemctl poweroff", check=False)
    machine.ended()

    begin(machine, village, "ro")
    assert machine.do("touch /etc/heartlamp/x", check=False).returncode == 1
    both_active(machine)
    home = Household(village)
    home.presses("read-only")
    machine.do(f"kill -9 {main_pid(machine, 'heartlamp-gateway')}")
    home.presses("read-only, kill -9")
    assert "✗" not in machine.do("heartlamp-gateway doctor").stdout
    machine.do("echo correct-horse-battery >/run/phrase")
    machine.do("heartlamp-gateway backup --passphrase-file /run/phrase /run/village.backup")
