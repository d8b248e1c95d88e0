"""heartlamp-gateway: the front door. Each command imports what it needs and no more."""

import argparse
import errno
import getpass
import json
import os
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path

import apsw
from heartlamp_protocol.registry import Registry

from heartlamp_gateway.config import Config, ConfigError, read_config
from heartlamp_gateway.say import FORMS, to_stderr

CONFIG, DATA = Path("/etc/heartlamp/gateway.toml"), Path("/var/lib/heartlamp")


def main() -> None:
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.do(arguments))
    except (ConfigError, ValueError, OSError, apsw.Error) as wrong:
        sys.exit(f"heartlamp-gateway: {wrong}")
    except KeyboardInterrupt:
        sys.exit("heartlamp-gateway: broken off; nothing is lost, run it again")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heartlamp-gateway", description="The village gateway of Heart-Lamp.")
    commands = parser.add_subparsers(required=True)
    for name, do, help in (
        ("setup", _setup, "three questions, and this box is a village's gateway"),
        ("run", _run, "serve the village"),
        ("broker-files", _broker_files, "write Mosquitto's files, print the path of mosquitto.conf"),
        ("status", _status, "what a technician wants to know first"),
        ("doctor", _doctor, "try everything, and say what to do"),
        ("backup", _backup, "one encrypted file from which another box goes on; while it runs"),
        ("restore", _restore, "make this box the gateway of a backup"),
    ):
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(do=do)
        sub.add_argument("--config", type=Path, default=CONFIG, help=f"gateway.toml (default {CONFIG})")
        if name in ("setup", "restore"):
            sub.add_argument("--data", type=Path, default=DATA, help=f"where all is kept (default {DATA})")
        if name == "setup":
            sub.add_argument("--from", dest="answers", type=Path, help="a TOML file: county, code, address")
            sub.add_argument("--again", action="store_true", help="join anew, and keep what waits for the county")
        if name == "run":
            sub.add_argument("--with-broker", action="store_true", help="start Mosquitto as a child, and watch it")
            sub.add_argument("--log", choices=FORMS, default="text", help="json: one object a line")
        if name in ("status", "doctor"):
            sub.add_argument("--json", action="store_true")
        if name in ("backup", "restore"):
            sub.add_argument("file", type=Path)
            sub.add_argument("--passphrase-file", type=Path, help="else it is asked for")
        if name == "restore":
            sub.add_argument("--address", default="", help="of this box on the village's LAN, where it is another one")
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from heartlamp_gateway.run import run

    config = read_config(arguments.config)
    to_stderr(config.id, arguments.log)
    try:
        run(config, with_broker=arguments.with_broker)
    except (OSError, apsw.Error) as wrong:
        raise OSError(f"cannot start: {_first_words(config, wrong)}") from None
    return 0


def _first_words(config: Config, wrong: Exception) -> str:
    """A gateway that ran before goes on without its disk; a first start must leave the broker's files there."""
    if isinstance(wrong, OSError) and wrong.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        how = "is read-only: make it writable" if wrong.errno == errno.EROFS else "is full: free some MB"
        return (
            f"the disk of {config.data_dir} {how}. Without the broker's files, which are not on it yet, no device can "
            "log in; nothing is lost, and under systemd it starts by itself when there is room"
        )
    if isinstance(wrong, FileExistsError | NotADirectoryError):
        return f"`data_dir` {config.data_dir} is no folder: name one"
    if isinstance(wrong, ssl.SSLError):
        return f"the county's certificate authority, `county_ca` ({config.county_ca}), is no certificate: {wrong}"
    return str(wrong)


def _broker_files(arguments: argparse.Namespace) -> int:
    from heartlamp_gateway.broker.writing import write_broker_files
    from heartlamp_gateway.run import ALARMS

    config = read_config(arguments.config)
    to_stderr(config.id)
    try:
        write_broker_files(config, _stored_registry(config.data_dir / ALARMS))
    except OSError as wrong:
        raise OSError(f"cannot write the broker's files: {_first_words(config, wrong)}") from None
    print(config.broker_dir / "mosquitto.conf")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    from heartlamp_gateway.status import facts, status

    found = facts(read_config(arguments.config))
    print(json.dumps(found, ensure_ascii=False, indent=1) if arguments.json else status(found))
    return int(bool(found["wrong"]))


def _setup(arguments: argparse.Namespace) -> int:
    from heartlamp_gateway.install.setup import Answers, read_answers, setup

    answers = read_answers(arguments.answers) if arguments.answers else Answers()

    def ask(question: str, guess: str) -> str:
        try:
            typed = input(f"{question}{f' [{guess}]' if guess else ''}: ").strip()
        except EOFError:
            raise ValueError(f"nobody answers {question!r}; nothing was written. Answers in a file: --from") from None
        return typed or guess

    for line in setup(arguments.config.resolve(), arguments.data.resolve(), answers, ask, arguments.again):
        print(line)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from heartlamp_gateway.install.doctor import examine, worst

    config = read_config(arguments.config)
    found = []
    for finding in examine(config, _healths(config)):
        found.append(finding)
        if not arguments.json:
            print(finding.line(), flush=True)
    if arguments.json:
        print(json.dumps([asdict(f) for f in found], ensure_ascii=False, indent=1))
    return worst(found)


def _healths(config: Config) -> dict[str, Callable[[], str]]:
    """Of the outputs that are configured, and of what they hang on; nothing is done with them."""
    from heartlamp_gateway.outputs.opening import Opened
    from heartlamp_gateway.rules.health import OK
    from heartlamp_gateway.status import sim_warnings
    from heartlamp_gateway.supervision import ups
    from heartlamp_gateway.supervision.watch import Watch

    opened = Opened(config, lambda: None, lambda _: False, lambda *_: None, lambda *_: False, lambda _: True, Watch())
    healths: dict[str, Callable[[], str]] = {adapter.channel: adapter.health for adapter in opened.adapters}
    if "speaker" in healths:  # which has just looked at each of them
        healths["each speaker"] = lambda: "; ".join(f"{name}: {why}" for name, why in opened.speaker_troubles().items())
    if config.modem is not None:
        healths["card"] = lambda: " ".join(sim_warnings(config))
    if config.ups is not None:
        healths["ups"] = lambda: "" if (found := ups.look(config.ups)).state == OK else found.en
    return healths


def _backup(arguments: argparse.Namespace) -> int:
    from heartlamp_gateway.install.backup import backup

    words = _passphrase(arguments.passphrase_file, twice=True)
    found = backup(read_config(arguments.config), arguments.config, arguments.file, words)
    size = arguments.file.stat().st_size
    print(f"{arguments.file}: {size:,} bytes; {found.gateway}, {found.waiting} rows wait for the county")
    print("keep it elsewhere than this box, and the passphrase elsewhere than the file")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    from heartlamp_gateway.install.restore import restore

    words = _passphrase(arguments.passphrase_file)
    config, data = arguments.config.resolve(), arguments.data.resolve()
    found = restore(arguments.file, words, config, data, arguments.address)
    taken = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(found.at))
    print(f"this box is {found.gateway} as it was on {taken}; {found.waiting} rows wait for the county")
    print("start it; devices offer again what came later. The box of before is refused once this one was at the county")
    return 0


def _passphrase(file: Path | None, twice: bool = False) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    try:
        words = getpass.getpass("Passphrase: ")
        if twice and getpass.getpass("Once more: ") != words:
            raise ValueError("these were two different ones")
    except EOFError:
        raise ValueError("nobody types a passphrase; from a file: --passphrase-file") from None
    return words


def _stored_registry(path: Path) -> Registry:
    """What the gateway knew when it last ran; at first nobody may log in but the gateway itself."""
    if path.exists():
        try:
            db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            row = db.execute("SELECT value FROM word WHERE name = 'registry'").fetchone()
            db.close()
            if row:
                return Registry.from_json(str(row[0]).encode())
        except (apsw.Error, ValueError) as wrong:
            print(f"heartlamp-gateway: {path}: {wrong}; written without devices", file=sys.stderr)
    return Registry(0, "", (), ())


if __name__ == "__main__":
    os.umask(0o077)
    main()
