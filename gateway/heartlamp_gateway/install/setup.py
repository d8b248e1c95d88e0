"""`heartlamp-gateway setup`: three questions, or a file with the answers, and the box is the village's gateway."""

import json
import os
import shutil
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from heartlamp_protocol import join

from heartlamp_gateway.broker.writing import write_atomically
from heartlamp_gateway.config import ConfigError, read_config
from heartlamp_gateway.install import addresses
from heartlamp_gateway.install.asking import county_url
from heartlamp_gateway.install.joining import Papers, enter, meet
from heartlamp_gateway.install.optional import MARK, OPTIONAL
from heartlamp_gateway.settings_file import ENCODING

PORT = 8883
BROKER = ("host", "port", "cert", "key", "ca")


@dataclass(frozen=True, slots=True)
class Answers:
    """ "" is asked for. `address`: of this box on the village's LAN."""

    county: str = ""
    code: str = ""
    address: str = ""


def read_answers(path: Path) -> Answers:
    """TOML with `county`, `code` and, where the guess may be wrong, `address`. Raises ValueError."""
    try:
        fields = tomllib.loads(path.read_text(encoding=ENCODING))
    except OSError as wrong:
        raise ValueError(f"{path} cannot be read: {wrong}") from None
    except ValueError as wrong:
        raise ValueError(f"{path} is not TOML: {wrong}") from None
    strange = sorted(fields.keys() - {"county", "code", "address"})
    missing = sorted({"county", "code"} - fields.keys())
    if strange or missing or not all(isinstance(v, str) for v in fields.values()):
        raise ValueError(f"{path}: missing: {missing}, unknown: {strange}; each is a text")
    return Answers(**fields)


def setup(config: Path, data: Path, answers: Answers, ask: Callable[[str, str], str], again: bool) -> list[str]:
    """`ask(question, guess)`: puts what `answers` does not have to a person. Returns what to tell them. Raises
    ValueError or OSError, in words; run again, it goes on where it was."""
    if config.exists() and not again:
        raise ValueError(
            f"{config} is there: this box is a gateway already. `status` shows it; `setup --again` joins anew with a "
            "new code, and keeps what waits for the county"
        )
    url = county_url(answers.county or ask("The county's address (https://host:port)", ""))
    secret = join.read_code(answers.code or ask("The code (four groups of four)", ""))
    told = meet(url, secret)
    guess = addresses.guess(addresses.own(), told.host)
    host = answers.address or (guess if answers.code else ask("This box's address on the village's LAN", guess))
    if not addresses.is_address(host):
        raise ValueError(f"{host!r} is no address: give this box's own on the village's LAN, as 192.168.8.2")
    papers = Papers(data / "papers")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    enter(url, secret, told, host, papers)
    config.parent.mkdir(parents=True, exist_ok=True)
    rest = _rest_of(config) if config.exists() else ""
    more = rest if MARK in rest else f"{rest}\n{OPTIONAL}".lstrip("\n")
    write_atomically(config, f"{gateway_toml(told, url, host, data, papers)}\n{more}")
    read_by_its_runner(config, data)
    papers.begun.unlink(missing_ok=True)
    belongs_to_its_folder(data)
    said = [f"this box is {told.gateway}, the gateway of {told.village}; written to {config}", *_flaws(config)]
    if told.host and told.host != host:
        said.append(
            f"! devices of this village look for their broker at {told.host}, this box is at {host}: give it that "
            "address, or enrol the village with the new one and provision its devices again"
        )
    if not shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin"):
        said.append("! mosquitto is missing: apt install mosquitto")
    if Path("/run/systemd/system").exists():
        said.append("now: systemctl restart heartlamp-broker heartlamp-gateway, and then heartlamp-gateway doctor")
    return said


def _flaws(config: Path) -> list[str]:
    """Of what a technician added."""
    try:
        return [f"! {config}: {flaw.en}" for flaw in read_config(config).flaws]
    except ConfigError as wrong:
        return [f"! {wrong}: the gateway will not start"]


def gateway_toml(told: join.Village, url: str, host: str, data: Path, papers: Papers) -> str:
    """Pure."""
    top: Mapping[str, object] = {
        "id": told.gateway,
        "name": told.village or told.gateway,
        "county_url": url,
        "county_ca": str(papers.ca),
        "token_file": str(papers.token),
        "data_dir": str(data),
    }
    broker: Mapping[str, object] = {
        "host": host,
        "port": told.port or PORT,
        "cert": str(papers.certificate),
        "key": str(papers.key),
        "ca": str(papers.ca),
    }
    return "".join([_lines(top), "\n[broker]\n", _lines(broker)])


def _lines(fields: Mapping[str, object]) -> str:
    # A JSON string, or number, is TOML's.
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())


def _rest_of(config: Path) -> str:
    """What a technician added to the file of before: [modem], [siren] and the like, what is commented out, and what
    they wrote below [broker] themselves."""
    table, kept = "", []
    for line in config.read_text(encoding=ENCODING).splitlines():
        begins = line.strip().startswith("[")
        table = line.strip() if begins else table
        ours = not table or (table == "[broker]" and (begins or line.partition("=")[0].strip() in BROKER))
        if not ours:
            kept.append(line)
    return "\n".join(kept).strip("\n") + "\n" if kept else ""


def read_by_its_runner(config: Path, data: Path) -> None:
    """And by nobody else: codes and passwords may stand in it. Root writes it, who owns the data folder runs it."""
    config.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(config, 0, data.stat().st_gid)
        config.chmod(0o640)


def belongs_to_its_folder(data: Path) -> None:
    """Root writes it, another user runs it: what is in the folder belongs to whom the folder belongs."""
    if os.geteuid() != 0:
        return
    owner = data.stat()
    for path in [p for p in data.rglob("*") if not p.is_symlink()]:
        os.chown(path, owner.st_uid, owner.st_gid)
