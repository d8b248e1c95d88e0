"""python -m tests.village demo | drill | bench | backlog"""

import importlib
import sys

COMMANDS = ("demo", "drill", "bench", "backlog")


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: python -m tests.village {' | '.join(COMMANDS)}", file=sys.stderr)
        return 2
    return int(importlib.import_module(f"tests.village.{sys.argv[1]}").main())


if __name__ == "__main__":
    sys.exit(main())
