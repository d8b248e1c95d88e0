"""`heartlamp-server init`: a folder with all that a county needs to be started."""

import argparse
import json
import secrets
from pathlib import Path
from typing import Any

from heartlamp_server import config as configuration


def add_to(commands: Any) -> None:
    """`commands`: of an argument parser."""
    words = "make a folder with server.toml, key file, county CA and certificate"
    init = commands.add_parser("init", help=words, description=words)
    init.set_defaults(do=_init)
    init.add_argument("--dir", type=Path, required=True)
    init.add_argument("--database", default="embedded:postgres", help="postgresql://… or embedded:FOLDER (in --dir)")
    init.add_argument("--county", default="", help="the county's name, for its CA")
    init.add_argument("--host", default="127.0.0.1", help="where gateways reach it; also the address it binds")
    init.add_argument("--gateway-port", type=int, default=8443)
    init.add_argument("--console-host", default="127.0.0.1")
    init.add_argument("--console-port", type=int, default=8080)
    init.add_argument("--name", default="county.heartlamp", help="host name in the server's certificate")


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

# [devices]
# update_key = "update_key.json"  # by which devices that technicians install trust updates
# images = "images"  # as `heartlamp-tech image add` keeps them: for the page /flash

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
