"""`heartlamp-server enrol | device | gateway`: what a technician says of devices and gateways. Each returns the exit
code."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from heartlamp_server import config as configuration
from heartlamp_server.audit import operating
from heartlamp_server.config import ConfigError
from heartlamp_server.running import config_option, connected

UpdateKey = Callable[[Path | None], str]


def add_to(commands: Any, update_key: UpdateKey) -> None:
    """`commands`: of an argument parser; `update_key`: the modulus, as hex, by which devices trust updates."""
    enrol = commands.add_parser("enrol", help="enter villages, sites, devices and gateways; write their folders")
    enrol.set_defaults(do=partial(_enrol, update_key))
    config_option(enrol)
    enrol.add_argument("--file", type=Path, required=True, help="villages.json")
    enrol.add_argument("--out", type=Path, required=True)
    enrol.add_argument("--update-key", type=Path, help="by which devices shall trust updates: update_key.json or a PEM")
    devices = commands.add_parser("device", help="devices").add_subparsers(required=True)
    gateways = commands.add_parser("gateway", help="villages' gateways").add_subparsers(required=True)
    for group, verb, do, help in (
        (devices, "revoke", _device_revoke, "no longer believe a device, by whatever path"),
        (gateways, "invite", _gateway_invite, "print a code by which a box becomes this gateway: 24 hours, once"),
        (gateways, "revoke", _gateway_revoke, "no longer talk to a gateway"),
        (gateways, "token", _gateway_token, "give a gateway a new token; the old one is refused"),
    ):
        sub = group.add_parser(verb, help=help, description=help)
        sub.set_defaults(do=do)
        sub.add_argument("name")
        config_option(sub)
        if verb == "invite":
            sub.add_argument("--village", default="", help="name or code, where the gateway is new")
        if verb == "token":
            sub.add_argument("--out", type=Path, required=True, help="as at enrolment: OUT/gateways/NAME/token")


def _enrol(update_key: UpdateKey, args: argparse.Namespace) -> int:
    from heartlamp_server.area.model import read
    from heartlamp_server.audit import store as audit
    from heartlamp_server.device.enrol import Folder, enrol
    from heartlamp_server.device.vault import Vault, read_key

    config = configuration.read(args.config)
    try:
        county = read(json.loads(args.file.read_text()))
    except ValueError as error:
        raise ConfigError(f"{args.file} is not JSON: {error}") from error
    folder = Folder(args.out, config.ca, config.ca_key, config.url, config.name(), update_key(args.update_key))

    async def work() -> int:
        async with connected(config) as conn:
            await audit.record(conn, operating.person(), "county.enrol", "", villages=len(county.villages))
            outcome = await enrol(conn, county, Vault(read_key(config.key_file)), folder)
        for problem in outcome.problems:
            print(f"not taken: {problem}", file=sys.stderr)
        print(f"{outcome.devices} devices and {outcome.gateways} gateways are enrolled; their files are in {args.out}")
        return 1 if outcome.problems else 0

    return asyncio.run(work())


def _device_revoke(args: argparse.Namespace) -> int:
    from heartlamp_server.device.revoke import revoke_device

    return _revoke(args, revoke_device, "device.revoke")


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
        async with connected(config) as conn:
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
        async with connected(configuration.read(args.config)) as conn:
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
        async with connected(configuration.read(args.config)) as conn, conn.transaction():
            known = await revoke(conn, args.name)
            if known:
                await audit.record(conn, operating.person(), what, args.name)
        print(
            f"{args.name} is revoked" if known else f"{args.name} is not known",
            file=sys.stdout if known else sys.stderr,
        )
        return 0 if known else 1

    return asyncio.run(work())
