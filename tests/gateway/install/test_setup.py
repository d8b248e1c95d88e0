"""A technician stands before a new box with a code, and ten minutes later it is the village's gateway."""

import json
import shutil
import ssl
import stat
import threading
import tomllib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from heartlamp_gateway.config import read_config
from heartlamp_gateway.install import addresses
from heartlamp_gateway.install.asking import county_url
from heartlamp_protocol import join

from tests.gateway.install.place import Box, Village
from tests.gateway.rig.certificates import Authority
from tests.ports import free_port
from tests.server.county import County

MakeBox = Callable[[], Box]


def test_three_questions_and_the_village_is_served(village: Village, box: MakeBox) -> None:
    new = box()
    typed = f"{village.county.gateways.removeprefix('https://')}\n{village.code().lower().replace('-', ' ')}\n\n"
    said = new.do("setup", typed=typed).stdout
    assert f"this box is {village.gateway}, the gateway of {village.name}" in said
    assert "village's LAN [127.0.0.1]" in said  # the guess: where its devices look for it
    for secret in ("token", "broker.key"):
        assert stat.S_IMODE((new.data / "papers" / secret).stat().st_mode) == 0o600
    assert not (new.data / "papers" / "joining.json").exists()
    assert stat.S_IMODE(new.config.stat().st_mode) & 0o007 == 0  # a technician's codes will stand there
    assert "#[modem]" in new.config.read_text()
    new.run()
    lamp, button = village.device("lamp"), village.device("key")
    press = button.press()
    button.is_received(press)
    lamp.board.wait("the lamp is lit", lambda: any(state["calls"] for state in lamp.lamps))
    found = new.do("doctor")
    assert "✗" not in found.stdout
    assert "through the broker and back" in found.stdout
    told = json.loads(new.do("status", "--json").stdout)
    assert (told["gateway"], told["running"], told["broker"], told["waiting"]) == (village.gateway, True, True, 0)


def test_the_private_key_never_left_the_box(village: Village, box: MakeBox) -> None:
    new = box()
    new.setup(village)
    key = (new.data / "papers" / "broker.key").read_text().splitlines()[1]
    files = [p for p in village.county.folder.rglob("*") if p.is_file()]
    assert files
    assert [p for p in files if key.encode() in p.read_bytes()] == []


def test_the_power_goes_in_the_middle_and_the_same_code_goes_on(village: Village, box: MakeBox) -> None:
    new, code = box(), village.code()
    new.setup(village, code)
    # As a power cut leaves it between the county's commit and our last file.
    first = new.token()
    papers = new.data / "papers"
    invite = _invite(village, code)
    (papers / "joining.json").write_text(json.dumps({"invite": invite, "token": first}))
    for lost in (papers / "token", papers / "broker.crt", new.config):
        lost.unlink()
    new.setup(village, code)
    assert new.token() == first
    new.run()
    # Done is done: with the code used, the next one is told what to do.
    other = box()
    said = other.setup(village, code, check=False)
    assert "this code was used on" in said
    assert "Traceback" not in said
    assert not other.config.exists()


def _invite(village: Village, code: str) -> str:
    return join.invite_name(join.read_code(code))


def test_whoever_stands_in_for_the_county_learns_nothing(village: Village, box: MakeBox, tmp_path: Path) -> None:
    """Another county, at the address that the technician was told: it has not the code."""
    heard: list[bytes] = []
    cert, key = Authority(tmp_path).certificate("thief")
    port = _thief(cert, key, heard)
    new = box()
    answers = new.folder / "answers.toml"
    answers.write_text(f'county = "https://127.0.0.1:{port}"\ncode = "{village.code()}"\n')
    done = new.do("setup", "--from", answers, check=False)
    assert "does not know this code: it is not your county" in done.stderr
    assert len(heard) == 1  # the first question, in which there is no token, no key, and no code
    assert set(json.loads(heard[0])) == {"v", "invite", "nonce"}
    assert not new.data.exists()


def _thief(cert: Path, key: Path, heard: list[bytes]) -> int:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            ca = json.dumps(cert.with_name("county-ca.pem").read_text())
            text = f'{{"v":1,"gateway":"gwthief","village":"","broker":"","host":"","port":0,"ca":{ca}}}'
            said = json.dumps({"v": 1, "proof": "0" * 64, "said": text}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    server = HTTPServer(("127.0.0.1", free_port()), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


@pytest.mark.parametrize(
    ("address", "code", "why"),
    [
        ("", "0000-0000-0000-0000", "no such code"),
        ("", "ABCD-EFGH", "has 16 letters"),
        ("https://127.0.0.1:1", "", "cannot be reached"),
        ("county of the north", "", "no address of a county"),
    ],
)
def test_what_goes_wrong_is_said_in_words(
    village: Village, box: MakeBox, address: str, code: str, why: str
) -> None:  # fmt: skip
    new = box()
    answers = new.folder / "answers.toml"
    text = f'county = "{address or village.county.gateways}"\ncode = "{code or village.code()}"\n'
    answers.write_text(text)
    done = new.do("setup", "--from", answers, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert why in done.stderr
    assert not new.config.exists()


def test_with_nobody_at_the_keyboard_nothing_is_written_and_the_way_without_one_is_said(
    village: Village, box: MakeBox
) -> None:
    made = box()
    done = made.do("setup", check=False)
    assert (done.returncode, "--from" in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr
    assert not made.config.exists()
    made.setup(village)
    done = made.do("backup", made.folder / "b", check=False)
    assert (done.returncode, "--passphrase-file" in done.stderr, "Traceback" in done.stderr) == (1, True, False)


def test_a_damaged_authority_is_named_when_the_gateway_cannot_start(village: Village, box: MakeBox) -> None:
    made = box()
    made.setup(village)
    ca = read_config(made.config).county_ca
    ca.write_text("no certificate\n")
    done = made.do("run", check=False)
    assert (done.returncode, "`county_ca`" in done.stderr, str(ca) in done.stderr) == (1, True, True), done.stderr
    assert f"`county_ca` {ca} cannot be used" in made.do("doctor", check=False).stdout


def test_a_box_that_is_a_gateway_is_not_made_one_by_mistake(village: Village, box: MakeBox) -> None:
    new = box()
    new.setup(village)
    before = new.token()
    assert "this box is a gateway already" in new.setup(village, check=False)
    with new.config.open("a") as file:
        file.write('\n[siren]\nline = "GPIO17"\n')
        file.write("[tiem]\nport = 1123\n")
    said = new.setup(village, "", "--again")
    assert f"! {new.config}: there is no [tiem] (did you mean `time`?): nothing of it is done" in said
    assert new.token() != before
    assert tomllib.loads(new.config.read_text())["siren"] == {"line": "GPIO17"}


def test_the_address_is_another_one_than_devices_were_told(village: Village, box: MakeBox) -> None:
    new = box()
    answers = new.folder / "answers.toml"
    answers.write_text(f'county = "{village.county.gateways}"\ncode = "{village.code()}"\naddress = "127.0.0.2"\n')
    said = new.do("setup", "--from", answers).stdout
    assert "devices of this village look for their broker at 127.0.0.1, this box is at 127.0.0.2" in said


def test_guessing_the_address() -> None:
    four_g, lan, wifi = ("wwan0", "10.64.0.3"), ("eth0", "192.168.8.2"), ("wlan0", "192.168.1.5")
    loop = ("lo", "127.0.0.1")
    assert addresses.guess([loop, four_g, wifi, lan], "") == "192.168.8.2"
    assert addresses.guess([loop, four_g, wifi, lan], "192.168.1.5") == "192.168.1.5"
    assert addresses.guess([loop, four_g], "192.168.8.2") == "192.168.8.2"
    assert addresses.guess([loop, four_g], "") == ""


def test_an_address_as_people_type_it() -> None:
    for typed in ("10.0.0.5", "10.0.0.5:8443", "https://10.0.0.5/", " https://10.0.0.5:8443 "):
        assert county_url(typed) == "https://10.0.0.5:8443"
    for bad in ("http://10.0.0.5", "", "https://h:port", "https://h/path"):
        with pytest.raises(ValueError, match="no address of a county"):
            county_url(bad)


def test_doctor_says_what_to_do(village: Village, box: MakeBox, county: County) -> None:
    new = box()
    new.setup(village)
    found = new.do("doctor", check=False)
    assert found.returncode == 1
    assert "✗ broker       no Mosquitto with our files runs" in found.stdout
    assert "→ systemctl restart heartlamp-broker" in found.stdout
    assert "✗ gateway      does not run" in found.stdout
    county.cli("gateway", "revoke", village.gateway, "--config", county.config)
    (new.data / "papers" / "broker.key").chmod(0o644)
    stranger = Path(str(new.data / "papers" / "broker.crt"))
    shutil.copy(county.folder / "ca.pem", stranger)
    told = {f["what"]: f for f in json.loads(new.do("doctor", "--json", check=False).stdout)}
    assert "refuses our token" in told["county"]["said"]
    assert told["secrets"]["do"].startswith("chmod 600")
    assert told["certificate"]["good"] is False
