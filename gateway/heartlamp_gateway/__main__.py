"""heartlamp-gateway run | broker-files | status --config gateway.toml"""

import argparse
import sys
from pathlib import Path

import apsw
from heartlamp_protocol.registry import Registry

from heartlamp_gateway.broker.writing import write_broker_files
from heartlamp_gateway.config import ConfigError, read_config
from heartlamp_gateway.run import ALARMS, run
from heartlamp_gateway.say import FORMS, to_stderr
from heartlamp_gateway.status import status


def main() -> None:
    parser = argparse.ArgumentParser(prog="heartlamp-gateway", description=__doc__)
    parser.add_argument("what", choices=("run", "broker-files", "status"))
    parser.add_argument("--config", type=Path, required=True, help="gateway.toml")
    parser.add_argument("--log", choices=FORMS, default="text", help="json: one object a line")
    arguments = parser.parse_args()
    try:
        config = read_config(arguments.config)
    except ConfigError as wrong:
        sys.exit(f"heartlamp-gateway: {wrong}")
    to_stderr(config.id, arguments.log)
    if arguments.what == "run":
        try:
            run(config)
        except (OSError, apsw.Error) as wrong:
            sys.exit(f"heartlamp-gateway: cannot start: {wrong}")
    elif arguments.what == "broker-files":
        write_broker_files(config, _stored_registry(config.data_dir / ALARMS))
        print(config.broker_dir / "mosquitto.conf")
    else:
        try:
            print(status(config))
        except apsw.Error as wrong:
            sys.exit(f"heartlamp-gateway: nothing readable in {config.data_dir}: {wrong}")


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
    main()
