"""python -m heartlamp_gateway.outputs.siren_off gateway.toml

Switches the siren's relay off, for the unit's ExecStopPost: systemd runs that after every end of the gateway, a kill -9
too. It reads nothing of the file but [siren], so that no other fault in it leaves a siren wailing.
"""

import sys
import tomllib
from pathlib import Path

from heartlamp_gateway.config import ConfigError
from heartlamp_gateway.outputs.siren import read_siren
from heartlamp_gateway.settings_file import ENCODING


def siren_off(path: Path) -> str:
    """What was done, in words. Raises OSError, ImportError, ValueError."""
    table = tomllib.loads(path.read_text(encoding=ENCODING)).get("siren")
    if table is None:
        return "this box has no siren"
    if not isinstance(table, dict):
        raise ConfigError("[siren] is no table")
    with read_siren(table, path.resolve().parent).line.held() as relay:
        if relay.is_on():
            raise OSError("switched off, its line still reads on: look at the relay now")
    return "the siren is off"


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print(siren_off(Path(sys.argv[1])))
    except (OSError, ImportError, ValueError) as wrong:
        sys.exit(f"the siren was NOT switched off: {wrong}")


if __name__ == "__main__":
    main()
