"""heartlamp-server: the front door. Each command imports what it needs and no more."""

import argparse
import asyncio
import gc
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from heartlamp_server import config as configuration
from heartlamp_server import logs
from heartlamp_server.area import commands as area_commands
from heartlamp_server.audit import commands as audit_commands
from heartlamp_server.config import Config, ConfigError
from heartlamp_server.database.embedded import DatabaseError
from heartlamp_server.device import commands as device_commands
from heartlamp_server.escalation import commands as policy_commands
from heartlamp_server.figures import commands as figure_commands
from heartlamp_server.firmware import commands as firmware_commands
from heartlamp_server.groundplan import commands as groundplan_commands
from heartlamp_server.matter import commands as matter_commands
from heartlamp_server.notification import commands as notification_commands
from heartlamp_server.operation import commands as operation_commands
from heartlamp_server.operation import init
from heartlamp_server.options import of_file
from heartlamp_server.responder import commands as responder_commands
from heartlamp_server.responder.roster import commands as roster_commands
from heartlamp_server.running import Running, config_option, connected, opened


def main() -> None:
    args = _parser().parse_args()
    logs.to_stderr()
    try:
        sys.exit(args.do(args))
    except (ConfigError, DatabaseError, OSError) as error:
        print(f"heartlamp-server: {of_file(error) if isinstance(error, OSError) else error}", file=sys.stderr)
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="heartlamp-server", description="The county server of Heart-Lamp.")
    commands = parser.add_subparsers(required=True)
    init.add_to(commands)
    for name, do, help in (
        ("migrate", _migrate, "bring the database's schema to this version"),
        ("run", _run, "serve gateways and screens"),
        ("openapi", _openapi, "print the console's OpenAPI document"),
        ("permissions", _permissions, "print which role may do what, as docs/permissions.md has it"),
    ):
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(do=do)
        if name not in ("openapi", "permissions"):
            config_option(sub)
        if name == "run":
            sub.add_argument("--log", choices=logs.FORMS, default="text", help="json: one object a line")
    device_commands.add_to(commands, _update_key)
    for sub in area_commands.add_to(commands, _import):
        config_option(sub)
    responder_commands.add_to(commands, config_option, opened)
    roster_commands.add_to(commands, config_option, opened)
    policy_commands.add_to(commands, config_option, opened)
    matter_commands.add_to(commands, config_option, opened)
    figure_commands.add_to(commands, config_option, opened)
    groundplan_commands.add_to(commands, config_option, opened)
    firmware_commands.add_to(commands)
    notification_commands.add_to(commands, configuration.read, Running, _hooks)
    audit_commands.add_to(commands, Running, connected, _read_key)
    operation_commands.add_to(commands, Running, connected)
    return parser


def _migrate(args: argparse.Namespace) -> int:
    config = configuration.read(args.config)
    from heartlamp_server.database.migrate import migrate

    with Running(config) as conninfo:
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

    gc.set_threshold(
        20_000
    )  # a batch makes thousands of objects and no rings; by default they are looked for every 700
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


def _update_key(file: Path | None) -> str:
    from heartlamp_server.firmware.model import KEY_HEX, read_key

    if file is None:
        return ""
    try:
        return f"{read_key(file.read_text()):0{KEY_HEX}x}"
    except (ValueError, KeyError) as wrong:
        raise ConfigError(f"{file} holds no key that devices could trust: {wrong}") from wrong


def _import(args: argparse.Namespace) -> int:
    from heartlamp_server.area.importing.take import take
    from heartlamp_server.device.rezone import retell
    from heartlamp_server.device.vault import Vault, read_key

    config = configuration.read(args.config)
    return asyncio.run(take(args, lambda: connected(config), Vault(read_key(config.key_file)), retell))


def _read_key(file: Path) -> bytes:
    from heartlamp_server.device.vault import read_key

    return read_key(file)


def _hooks(config: Config) -> Any:
    from heartlamp_server.calling import hooks

    return hooks(config)


if __name__ == "__main__":
    os.umask(0o077)
    main()
