"""python -m tests.county seed | bench: a county of 60,000 devices, and how fast its server is."""

import argparse
import sys

from tests.county import bench, seed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.county")
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("seed", help="make it")
    seed.options(one)
    one.set_defaults(do=seed.main)
    two = commands.add_parser("bench", help="measure the server on it")
    bench.options(two)
    two.set_defaults(do=bench.main)
    args = parser.parse_args()
    return int(args.do(args))


if __name__ == "__main__":
    sys.exit(main())
