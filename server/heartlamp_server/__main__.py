"""heartlamp-server: the front door. Each command imports what it needs and no more."""

import argparse
import asyncio
import json
import logging
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartlamp_server import config as configuration
from heartlamp_server import logs
from heartlamp_server.area import commands as area_commands
from heartlamp_server.audit import commands as audit_commands
from heartlamp_server.audit import operating
from heartlamp_server.config import Config, ConfigError
from heartlamp_server.database.embedded import DatabaseError, Embedded
from heartlamp_server.escalation import commands as policy_commands
from heartlamp_server.figures import commands as figure_commands
from heartlamp_server.matter import commands as matter_commands
from heartlamp_server.operation import commands as operation_commands
from heartlamp_server.responder import commands as responder_commands
from heartlamp_server.responder.roster import commands as roster_commands

if TYPE_CHECKING:
    import psycopg


def main() -> None:
    args = _parser().parse_args()
    logs.to_stderr()
    try:
        sys.exit(args.do(args))
    except (ConfigError, DatabaseError, OSError) as error:
        print(f"heartlamp-server: {error}", file=sys.stderr)
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heartlamp-server", description="The county server of Heart-Lamp.")
    commands = parser.add_subparsers(required=True)

    def command(parent: Any, name: str, do: Any, help: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = parent.add_parser(name, help=help, description=help)
        added.set_defaults(do=do)
        return added

    init = command(commands, "init", _init, "make a folder with server.toml, key file, county CA and certificate")
    init.add_argument("--dir", type=Path, required=True)
    init.add_argument("--database", default="embedded:postgres", help="postgresql://… or embedded:FOLDER (in --dir)")
    init.add_argument("--county", default="", help="the county's name, for its CA")
    init.add_argument("--host", default="127.0.0.1", help="where gateways reach it; also the address it binds")
    init.add_argument("--gateway-port", type=int, default=8443)
    init.add_argument("--console-host", default="127.0.0.1")
    init.add_argument("--console-port", type=int, default=8080)
    init.add_argument("--name", default="county.heartlamp", help="host name in the server's certificate")

    for name, do, help in (
        ("migrate", _migrate, "bring the database's schema to this version"),
        ("run", _run, "serve gateways and screens"),
        ("openapi", _openapi, "print the console's OpenAPI document"),
        ("permissions", _permissions, "print which role may do what, as docs/permissions.md has it"),
    ):
        sub = command(commands, name, do, help)
        if name not in ("openapi", "permissions"):
            _config_option(sub)
        if name == "run":
            sub.add_argument("--log", choices=logs.FORMS, default="text", help="json: one object a line")

    enrol = command(commands, "enrol", _enrol, "enter villages, sites, devices and gateways; write their folders")
    _config_option(enrol)
    enrol.add_argument("--file", type=Path, required=True, help="villages.json")
    enrol.add_argument("--out", type=Path, required=True)
    enrol.add_argument("--update-key", type=Path, help="by which devices shall trust updates: update_key.json or a PEM")

    for sub in area_commands.add_to(commands, _import):
        _config_option(sub)

    groups = {
        name: commands.add_parser(name, help=help).add_subparsers(required=True)
        for name, help in (
            ("device", "devices"),
            ("gateway", "villages' gateways"),
            ("plan", "villages' escalation plans"),
            ("firmware", "the devices' programs"),
        )
    }
    for group, verb, do, help in (
        ("device", "revoke", _device_revoke, "no longer believe a device, by whatever path"),
        ("gateway", "invite", _gateway_invite, "print a code by which a box becomes this gateway: 24 hours, once"),
        ("gateway", "revoke", _gateway_revoke, "no longer talk to a gateway"),
        ("plan", "load", _plan_load, "hand a village's gateway an escalation plan; prints its version"),
        ("gateway", "token", _gateway_token, "give a gateway a new token; the old one is refused"),
    ):
        sub = command(groups[group], verb, do, help)
        sub.add_argument("name")
        _config_option(sub)
        if verb == "load":
            sub.add_argument("--file", type=Path, required=True, help="the plan as JSON; its version is ours to give")
        if verb == "invite":
            sub.add_argument("--village", default="", help="name or code, where the gateway is new")
        if verb == "token":
            sub.add_argument("--out", type=Path, required=True, help="as at enrolment: OUT/gateways/NAME/token")
    responder_commands.add_to(commands, _config_option, _opened)
    roster_commands.add_to(commands, _config_option, _opened)
    policy_commands.add_to(commands, _config_option, _opened)
    matter_commands.add_to(commands, _config_option, _opened)
    figure_commands.add_to(commands, _config_option, _opened)
    for verb, help in (
        ("add", "take in a signed bundle"),
        ("offer", "offer a bundle to a village, a household group or one device"),
        ("withdraw", "end every offer of a bundle; who has it keeps it"),
        ("list", "what there is, and what became of it at each device that it is offered to"),
    ):
        sub = command(groups["firmware"], verb, partial(_firmware, verb), help)
        _config_option(sub)
        if verb == "add":
            sub.add_argument("file", type=Path, help="heartlamp-….hlb")
            sub.add_argument("--key", type=Path, required=True, help="which devices trust: update_key.json or a PEM")
        elif verb != "list":
            sub.add_argument("bundle", help="its id")
        if verb == "offer":
            to = sub.add_mutually_exclusive_group(required=True)
            to.add_argument("--village", help="its name, code or gateway")
            to.add_argument("--group", help="its name, or `county township village group` where several have it")
            to.add_argument("--device")
            sub.add_argument("--again", action="store_true", help="also to devices that have refused it before")
    from heartlamp_server.notification.commands import add_to

    add_to(commands, configuration.read, _Running, _hooks)
    audit_commands.add_to(commands, _Running, _connected, _read_key)
    operation_commands.add_to(commands, _Running, _connected)
    return parser


def _config_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, default=Path("server.toml"))


def _init(args: argparse.Namespace) -> int:
    from heartlamp_server.certificates import make_ca, make_server

    folder: Path = args.dir
    file = folder / "server.toml"
    if file.exists():
        print(f"{file} exists: nothing was changed")
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder / "secret.key"
    if not secret.exists():  # the devices' secrets are sealed with it
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_hex(32) + "\n")
    make_ca(folder / "ca.pem", folder / "ca.key", args.county)
    names = list(dict.fromkeys([args.name, args.host, "127.0.0.1", "localhost"]))
    make_server(folder / "ca.pem", folder / "ca.key", folder / "server.pem", folder / "server.key", names)
    file.write_text(f"""\
# Heart-Lamp's county server. Paths are relative to this folder. DATABASE_URL in the environment goes before `database`.
database = {json.dumps(args.database)}
key_file = "secret.key"  # seals the devices' secrets in the database: back it up, elsewhere than the database
ca = "ca.pem"
ca_key = "ca.key"

[gateway]  # for villages' gateways, always TLS
host = {json.dumps(args.host)}
port = {args.gateway_port}
cert = "server.pem"
key = "server.key"
url = {json.dumps(f"https://{args.host}:{args.gateway_port}")}

[console]  # for screens; give cert and key before it listens beyond this machine
host = {json.dumps(args.console_host)}
port = {args.console_port}
cert = ""
key = ""

# [notification.NAME]: ways to tell people; docs/notification.md has them all

[pictures]
days = {configuration.PICTURE_DAYS}  # so long each is kept

[telemetry]
store = "postgresql"  # or "influx", with url, bucket, database, org, token_file, buffer_mb
days = {configuration.READING_DAYS}  # so long each reading is kept

[figures]
zone = "{configuration.ZONE}"  # in which days and months are the county's
brief_at = "{configuration.BRIEF_AT}"  # the daily brief is of the 24 hours until then
[retention]
words_days = {configuration.WORDS_DAYS}  # what people typed about a call, after it was closed
household_days = {configuration.HOUSEHOLD_DAYS}  # what a household gave of itself, after its last device was revoked
""")
    print(f"made {file}")
    return 0


def _migrate(args: argparse.Namespace) -> int:
    config = configuration.read(args.config)
    from heartlamp_server.database.migrate import migrate

    with _Running(config) as conninfo:
        migrate(conninfo)
    return 0


def _run(args: argparse.Namespace) -> int:
    config = configuration.read(args.config)
    import uvloop

    from heartlamp_server.serve import serve

    logs.to_stderr(args.log, waits=False)

    async def work() -> None:
        code = 1
        try:
            await serve(config)
            code = 0
        except (DatabaseError, OSError) as error:
            print(f"heartlamp-server: {error}", file=sys.stderr)
        except Exception:
            logging.getLogger("heartlamp").exception("ended by an error; a supervisor shall start it again")
        logs.flush()
        os._exit(code)  # all is on disk; a task that does not heed its cancellation must not hold up the end

    uvloop.run(work())
    return 0


def _openapi(args: argparse.Namespace) -> int:
    from heartlamp_server.screens import openapi

    json.dump(openapi(), sys.stdout, ensure_ascii=False, indent=1)
    return 0


def _permissions(args: argparse.Namespace) -> int:
    from heartlamp_server.responder.written import page
    from heartlamp_server.screens import routes

    print(page(routes()), end="")
    return 0


def _enrol(args: argparse.Namespace) -> int:
    from heartlamp_server.area.model import read
    from heartlamp_server.audit import store as audit
    from heartlamp_server.device.enrol import Folder, enrol
    from heartlamp_server.device.vault import Vault, read_key

    config = configuration.read(args.config)
    try:
        county = read(json.loads(args.file.read_text()))
    except ValueError as error:
        raise ConfigError(f"{args.file} is not JSON: {error}") from error
    folder = Folder(args.out, config.ca, config.ca_key, config.url, config.name(), _update_key(args.update_key))

    async def work() -> int:
        async with _connected(config) as conn:
            await audit.record(conn, operating.person(), "county.enrol", "", villages=len(county.villages))
            outcome = await enrol(conn, county, Vault(read_key(config.key_file)), folder)
        for problem in outcome.problems:
            print(f"not taken: {problem}", file=sys.stderr)
        print(f"{outcome.devices} devices and {outcome.gateways} gateways are enrolled; their files are in {args.out}")
        return 1 if outcome.problems else 0

    return asyncio.run(work())


def _update_key(file: Path | None) -> str:
    from heartlamp_server.firmware.model import KEY_HEX, read_key

    if file is None:
        return ""
    try:
        return f"{read_key(file.read_text()):0{KEY_HEX}x}"
    except (ValueError, KeyError) as wrong:
        raise ConfigError(f"{file} holds no key that devices could trust: {wrong}") from wrong


def _device_revoke(args: argparse.Namespace) -> int:
    from heartlamp_server.device.revoke import revoke_device

    return _revoke(args, revoke_device, "device.revoke")


def _plan_load(args: argparse.Namespace) -> int:
    from heartlamp_protocol.device.frame import FrameError
    from heartlamp_protocol.escalation.check import faults
    from heartlamp_protocol.escalation.plan import Plan

    from heartlamp_server.audit import store as audit
    from heartlamp_server.escalation import store

    async def work() -> int:
        try:
            plan = Plan.from_json(args.file.read_bytes())
        except FrameError as wrong:
            print(f"{args.file}: {wrong}; nothing was changed", file=sys.stderr)
            return 1
        async with _connected(configuration.read(args.config)) as conn, conn.transaction():
            wrong_with_it = faults(plan, await store.groups(conn, args.name))
            version = None if wrong_with_it else await store.keep(conn, args.name, plan)
            if version is not None:
                await audit.record(conn, operating.person(), "plan.load", args.name, version=version)
        for fault in wrong_with_it:
            print(f"{args.file}: {fault}", file=sys.stderr)
        if wrong_with_it:
            print("nothing was changed", file=sys.stderr)
            return 1
        if version is None:
            print(f"there is no gateway {args.name}, or it is revoked; nothing was changed", file=sys.stderr)
            return 1
        print(f"plan {version}: {len(plan.policies)} policies, {len(plan.targets)} targets; {args.name} is told of it")
        return 0

    return asyncio.run(work())


def _gateway_revoke(args: argparse.Namespace) -> int:
    from heartlamp_protocol.uplink import device_of_one

    from heartlamp_server.device.revoke import revoke_gateway

    failed = _revoke(args, revoke_gateway, "gateway.revoke")
    if not failed and (device := device_of_one(args.name)):
        print(f"{device} itself is still believed on its other paths: `device revoke {device}` ends that too")
    return failed


def _gateway_invite(args: argparse.Namespace) -> int:
    from heartlamp_protocol.join import VALID_HOURS

    from heartlamp_server.audit import store as audit
    from heartlamp_server.device.invite import invite
    from heartlamp_server.device.vault import Vault, read_key

    config = configuration.read(args.config)

    async def work() -> int:
        async with _connected(config) as conn:
            try:
                async with conn.transaction():
                    code = await invite(conn, Vault(read_key(config.key_file)), args.name, args.village)
                    await audit.record(conn, operating.person(), "gateway.invite", args.name)
            except ValueError as why:
                print(why, file=sys.stderr)
                return 1
        print(f"county  {config.url}\ncode    {code}")
        print(f"Valid for {VALID_HOURS} hours, and once. At the box: heartlamp-gateway setup", file=sys.stderr)
        return 0

    return asyncio.run(work())


def _gateway_token(args: argparse.Namespace) -> int:
    from heartlamp_protocol.uplink import device_of_one

    from heartlamp_server.device.renew import renew_token

    async def work() -> int:
        async with _connected(configuration.read(args.config)) as conn:
            try:
                file = await renew_token(conn, args.name, args.out, operating.person())
            except ValueError as why:
                print(why, file=sys.stderr)
                return 1
        if device := device_of_one(args.name):
            print(f"{file} holds the new token of {args.name}: provision {device} with it; every other is void now")
            return 0
        print(f"{file} holds the new token of {args.name}: put it in the old one's place at the gateway; every other")
        print("file with a token of this gateway is void now, and the next `enrol` writes a new one in its place")
        return 0

    return asyncio.run(work())


def _revoke(args: argparse.Namespace, revoke: Any, what: str) -> int:
    from heartlamp_server.audit import store as audit

    async def work() -> int:
        async with _connected(configuration.read(args.config)) as conn, conn.transaction():
            known = await revoke(conn, args.name)
            if known:
                await audit.record(conn, operating.person(), what, args.name)
        print(
            f"{args.name} is revoked" if known else f"{args.name} is not known",
            file=sys.stdout if known else sys.stderr,
        )
        return 0 if known else 1

    return asyncio.run(work())


def _firmware(verb: str, args: argparse.Namespace) -> int:
    from heartlamp_server.firmware import commands

    work = {
        "add": commands.add,
        "offer": commands.offer,
        "withdraw": commands.withdraw,
        "list": commands.show,
    }[verb]
    return asyncio.run(work(args, lambda: _connected(configuration.read(args.config))))


def _import(args: argparse.Namespace) -> int:
    from heartlamp_server.area.importing.take import take
    from heartlamp_server.device.rezone import retell
    from heartlamp_server.device.vault import Vault, read_key

    config = configuration.read(args.config)
    return asyncio.run(take(args, lambda: _connected(config), Vault(read_key(config.key_file)), retell))


def _read_key(file: Path) -> bytes:
    from heartlamp_server.device.vault import read_key

    return read_key(file)


def _hooks(config: Config) -> Any:
    from heartlamp_server.calling import hooks

    return hooks(config)


class _Running:
    """The database for one command: an embedded one is started where needed, and stopped again if so."""

    def __init__(self, config: Config) -> None:
        url = config.database
        self._embedded = Embedded(Path(url.removeprefix("embedded:"))) if url.startswith("embedded:") else None
        self._conninfo = self._embedded.conninfo if self._embedded else url
        self._started = False

    def __enter__(self) -> str:
        if self._embedded:
            self._started = self._embedded.ensure_running()
        return self._conninfo

    def __exit__(self, *_: object) -> None:
        if self._embedded and self._started:
            self._embedded.stop()


def _opened(args: argparse.Namespace) -> tuple[Config, "responder_commands.Connect"]:
    """For commands of other folders: the configuration, and how to reach the database."""
    config = configuration.read(args.config)
    return config, lambda: _connected(config)


@asynccontextmanager
async def _connected(config: Config) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    import psycopg

    from heartlamp_server.database.store import check_schema

    with _Running(config) as conninfo:
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as conn:
            await check_schema(conn)
            yield conn


if __name__ == "__main__":
    os.umask(0o077)
    main()
