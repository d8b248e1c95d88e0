"""A technician's day against a real county, gateway and broker: claims, cut cables, outcomes, labels."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
import pytest
from heartlamp_protocol.device.mac import mqtt_password
from heartlamp_tech.bench.board import BenchBoard
from heartlamp_tech.bench.control import Control
from heartlamp_tech.county.claims import Claim, Claims
from heartlamp_tech.county.results import Results
from heartlamp_tech.county.web import County, Offline
from heartlamp_tech.county.web import Refused as CountyRefused
from heartlamp_tech.provision.hands import Bench
from heartlamp_tech.provision.journal import Journal
from heartlamp_tech.provision.visit import Desk, Plan, Visited, visit
from heartlamp_tech.trouble import Trouble
from paho.mqtt.enums import CallbackAPIVersion

from tests.firmware.tool.parts import bench_board, store
from tests.village.plan import House, Village
from tests.village.rig import Rig

pytestmark = [pytest.mark.prove, pytest.mark.timeout(240)]

HOUSES = 60
GIVEN = {"given": True, "language": "zh", "witness": "组长", "voice": ""}


class World(NamedTuple):
    rig: Rig
    folder: Path
    password: str
    made: Path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Iterator[World]:
    """A county with one village, one house that has a lamp, and many that want one."""
    folder = tmp_path_factory.mktemp("county")
    houses = tuple(House("liu", "三组", n, ("lamp",) if n == 1 else ()) for n in range(1, HOUSES))
    with Rig(folder, (Village("liu", "柳树湾村", "990101100201", houses),), boards=False) as rig:
        config = folder / "county/server.toml"
        password = rig._server_cli("user", "add", "tech", "--display", "安装员", "--config", config).split()[-1]
        rig._server_cli("user", "role", "tech", "technician", "--config", config)
        yield World(rig, folder, password, made)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    """A laptop that is logged in."""
    county = County(tmp_path / "home")
    county.log_in(world.rig.console_url, "tech", world.password)
    return laptop(tmp_path / "home")


def laptop(home: Path) -> Desk:
    """The tool started again on the same files."""
    county, claims = County(home), Claims(home)
    return Desk(county, claims, Results(home, county, claims), Journal(home))


def claimed(desk: Desk, site: str, offline: bool = False) -> Claim:
    said = desk.county.post(
        "/api/claims", {"sites": [{"site": site, "kind": "lamp", "board": "virtual"}], "offline": offline}
    )
    assert said["refused"] == [], said
    return desk.claims.add(said["claims"])[0]


def let_in(claim: Claim) -> bool:
    """Whether the village's broker takes what this claim's device would log in with."""
    settings, answers = claim.settings, []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{claim.device}.{settings['kv']}")
    client.username_pw_set(
        f"{claim.device}.{settings['kv']}", mqtt_password(bytes.fromhex(settings["root"]), settings["kv"])
    )
    client.tls_set_context(insecure())
    client.on_connect = lambda c, d, f, reason, p: answers.append(not reason.is_failure)
    client.connect(settings["host"], settings["port"])
    until = time.monotonic() + 10
    while not answers and time.monotonic() < until:
        client.loop(0.1)
    client.disconnect()
    return answers[0]


def insecure() -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def carried_out(desk: Desk, claim: Claim, board: BenchBoard, control: Path, told: Any = lambda s, p: None) -> Visited:
    return visit(desk, claim, str(board.port), Plan("virtual", consent=GIVEN), Bench(control, str(board.port)), told)


def test_one_command_from_a_bare_board_to_a_passed_drill_with_its_label(
    world: World, built: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    env = os.environ | {
        "HEARTLAMP_TECH_HOME": str(home), "HEARTLAMP_FIRMWARE": str(built), "HEARTLAMP_PASSWORD": world.password,
    }  # fmt: skip

    def tech(*words: object) -> str:
        command = [sys.executable, "-m", "heartlamp_tech", *map(str, words)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    store(home)
    with bench_board(tmp_path / "b001") as board, Control(tmp_path / "hands", [board]):
        tech("login", world.rig.console_url, "tech")
        assert "liu-2" in tech("claims", "sites")
        log = tmp_path / "log.jsonl"
        began = time.monotonic()
        said = tech(
            "provision", "liu-2", "--port", board.port, "--board", "virtual", "--flash",
            "--hands", tmp_path / "hands", "--log", log,
        )  # fmt: skip
        print(f"bare board to label: {time.monotonic() - began:.1f} s, load {os.getloadavg()[0]:.1f}\n{said}")
        tech("label", "liu-2", "-o", tmp_path / "sheet.svg")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    visited = next(line for line in lines if line["what"] == "visited")
    parts = {test["part"]: test["ok"] for test in visited["tests"]}
    assert parts == dict.fromkeys(parts, True)
    assert {"settings", "link lan", "press red key", "press heard", "press received", "press at the console"} <= set(
        parts
    )
    assert visited["mains_off"]["ok"], visited["mains_off"]
    assert "with mains and router off: a press: received after" in said
    label = (home / "labels/liu-2.json").read_text()
    assert "三组 2号" in label
    everything = said + log.read_text() + label + (tmp_path / "sheet.svg").read_text()
    assert not re.findall("[0-9a-f]{32,}|" + world.password, everything), "a secret, or what looks like one"
    assert (home / "session").stat().st_mode & 0o77 == 0
    assert list((home / "results").glob("*.json")) == list((home / "journal").glob("*.json")) == []


@pytest.mark.parametrize("stage", ["write", "prove", "use", "test", "test: a drill"])
def test_a_cable_that_comes_off_leaves_nothing_half_done_and_the_next_run_ends_it(
    world: World, desk: Desk, tmp_path: Path, stage: str
) -> None:
    site = f"liu-{3 + ['write', 'prove', 'use', 'test', 'test: a drill'].index(stage)}"
    claim = claimed(desk, site)
    cut = [stage]
    with bench_board(tmp_path / "b", world.made) as board, Control(tmp_path / "hands", [board]):

        def told(now: str, part: float) -> None:
            if cut and now == cut[0]:
                cut.clear()
                board.pull()

        with pytest.raises(Trouble, match="cable") as trouble:
            carried_out(desk, claim, board, tmp_path / "hands", told)
        assert "again" in trouble.value.do
        if stage in ("write", "prove"):
            assert not let_in(claim), "a device that proved nothing is live"
        board.plug_in()
        again = laptop(tmp_path / "home")
        done = carried_out(again, claim, board, tmp_path / "hands")
    assert (done.outcome, done.told) == ("done", True)
    assert state_of(desk, site) == "done"
    assert again.claims.all() == []


def test_a_visit_that_puts_nothing_up_ends_the_claim_and_its_key(world: World, desk: Desk, tmp_path: Path) -> None:
    from heartlamp_tech.provision.visit import ended

    claim = claimed(desk, "liu-10", offline=True)
    wait_until(lambda: let_in(claim), "the village to take the offline claim")
    assert ended(desk, claim, "nobody_home", "", lambda s, p: None).told
    wait_until(lambda: not let_in(claim), "the key to die")
    assert state_of(desk, "liu-10") == "revisit"


def test_a_household_that_says_no_gets_nothing(world: World, desk: Desk, tmp_path: Path) -> None:
    claim = claimed(desk, "liu-11")
    with bench_board(tmp_path / "b", world.made) as board:
        plan = Plan("virtual", consent=GIVEN | {"given": False})
        done = visit(desk, claim, str(board.port), plan, Bench(tmp_path / "no", str(board.port)), lambda s, p: None)
    assert done.outcome == "no_consent"
    assert state_of(desk, "liu-11") == "refused"


def test_without_a_network_a_morning_claim_serves_and_the_evening_tells(
    world: World, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline, plain = claimed(desk, "liu-12", offline=True), claimed(desk, "liu-13")

    def away(self: County, method: str, path: str, body: object) -> None:
        raise Offline("the county does not answer", "later")

    with bench_board(tmp_path / "b", world.made) as board, Control(tmp_path / "hands", [board]):
        with monkeypatch.context() as nowhere:
            nowhere.setattr(County, "_ask", away)
            done = carried_out(desk, offline, board, tmp_path / "hands")
            assert not done.told
            assert {"part": "link lan", "ok": True} in [{k: t[k] for k in ("part", "ok")} for t in done.tests]
        with bench_board(tmp_path / "c", world.made) as other, monkeypatch.context() as nowhere:
            nowhere.setattr(County, "_ask", away)
            with pytest.raises(Trouble, match="lives only once the county has seen its proof"):
                carried_out(desk, plain, other, tmp_path / "hands")
        assert desk.results.send() == (1, [])
    assert desk.results.send() == (0, [])
    assert state_of(desk, "liu-12") == "done"
    assert not let_in(plain)


def test_claims_that_cannot_be_are_refused_with_a_reason(desk: Desk) -> None:
    claimed(desk, "liu-14")
    other = [
        {"site": site, "kind": kind} for site, kind in (("liu-14", "lamp"), ("liu-999", "lamp"), ("liu-15", "siren"))
    ]
    said = desk.county.post("/api/claims", {"sites": other})
    assert [one["code"] for one in said["refused"]] == ["already_claimed", "unknown_site", "bad_kind"]
    with pytest.raises(CountyRefused):
        desk.county.post("/api/claims/0123456789abcdef/use", {"secret": "0" * 32, "proof": "0" * 64})


def test_a_new_device_takes_a_broken_one_s_place_which_ends_on_its_live_connection(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    old = claimed(desk, "liu-56")
    with (
        bench_board(tmp_path / "old", world.made) as broken,
        bench_board(tmp_path / "new", world.made) as board,
        Control(tmp_path / "hands", [broken, board]),
    ):
        carried_out(desk, old, broken, tmp_path / "hands")
        lost: list[float] = []
        broken.said = lambda said: lost.append(time.monotonic()) if b'"link"' in said and b'"up": 0' in said else None
        new = desk.claims.add([desk.county.post(f"/api/devices/{old.device}/replace", {"board": "virtual"})])[0]
        began: list[float] = []
        told = lambda stage, part: began.append(time.monotonic()) if stage == "test" else None  # noqa: E731
        carried_out(desk, new, board, tmp_path / "hands", told)
        wait_until(lambda: bool(lost), "the old device's connection to drop")
    print(f"old connection dropped {lost[0] - began[0]:.2f} s after the new one's proof, load {os.getloadavg()[0]:.1f}")
    assert lost[0] - began[0] < 5
    assert not let_in(old)
    assert [one["device"] for one in site_of(desk, "liu-56")["devices"]] == [new.device]


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_forty_boards_by_a_list_one_of_them_with_a_dead_key(world: World, built: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = os.environ | {
        "HEARTLAMP_TECH_HOME": str(home), "HEARTLAMP_FIRMWARE": str(built), "HEARTLAMP_PASSWORD": world.password,
    }  # fmt: skip
    with contextlib.ExitStack() as bench:
        boards = [bench.enter_context(bench_board(tmp_path / f"b{n:03d}", world.made)) for n in range(40)]
        boards[6].dead = {"red"}
        bench.enter_context(Control(tmp_path / "hands", boards))
        rows = [f"liu-{16 + n},lamp,virtual,{board.port},yes,组长,zh" for n, board in enumerate(boards)]
        bad = ["liu-999,lamp,virtual,/dev/none,yes,组长,zh", "liu-16,lamp", ",lamp"]
        (tmp_path / "day.csv").write_text("\n".join(["site,kind,board,port,consent,witness,language", *rows, *bad]))
        tech = [sys.executable, "-m", "heartlamp_tech"]
        subprocess.run([*tech, "login", world.rig.console_url, "tech"], env=env, check=True, timeout=60)
        command = [
            *tech,
            "provision",
            "--csv",
            str(tmp_path / "day.csv"),
            "--jobs",
            "4",
            "--hands",
            str(tmp_path / "hands"),
        ]
        began = time.monotonic()
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=800)
        took = time.monotonic() - began
        boards[6].dead = set()  # the key is mended, the board left on: the same command again
        again = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    print(f"{done.stdout[-6000:]}\nforty boards: {took:.0f} s, load {os.getloadavg()[0]:.1f}")
    assert done.returncode == 1, done.stderr
    assert "39 done, 0 without a device, 0 done before, 2 failed, 2 rows refused" in done.stdout
    assert re.search("liu-22 lamp: the self-test found: press red key: no press came within 60 s", done.stdout)
    assert "liu-999: no such site" in done.stdout or "unknown_site" in done.stdout
    print(again.stdout[-3000:])
    assert "1 done, 0 without a device, 39 done before, 1 failed, 2 rows refused" in again.stdout, again.stderr
    assert len(list((home / "labels").glob("*.pdf"))) == 40
    laptop(home).county.log_in(world.rig.console_url, "tech", world.password)
    assert [len(site_of(laptop(home), f"liu-{16 + n}")["devices"]) for n in range(40)] == [1] * 40


def site_of(desk: Desk, site: str) -> dict[str, Any]:
    sites: list[dict[str, Any]] = desk.county.get("/api/installing")["sites"]
    return next(one for one in sites if one["site"] == site)


def state_of(desk: Desk, site: str) -> str:
    return str(site_of(desk, site)["state"])


def wait_until(good: Any, what: str, seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if good():
                return
        time.sleep(0.2)  # a broker's list of passwords is no event that can be awaited from outside
    raise AssertionError(f"waited in vain for {what}")
