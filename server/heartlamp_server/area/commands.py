"""The words of `heartlamp-server import`. What they do is in importing/take.py, which only who imports loads."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from heartlamp_server.options import day


def add_to(commands: Any, do: Callable[[argparse.Namespace], int]) -> list[argparse.ArgumentParser]:
    """`import areas|sites|households FILE`. `do`: called with the parsed words. Returns the parsers."""
    what = commands.add_parser("import", help="take in an office's table: areas, sites or households")
    kinds = what.add_subparsers(required=True, dest="kind")
    parsers = []
    for kind, help in (
        ("areas", "division codes, grids and household groups"),
        ("sites", "households, public alarm posts, nursing homes, schools"),
        ("households", "whom to call, what to know, what they consented to"),
    ):
        parser: argparse.ArgumentParser = kinds.add_parser(kind, help=help, description=help)
        parser.add_argument("file", type=Path, help="CSV (UTF-8 or GBK) or XLSX")
        parser.add_argument("--sheet", default="", help="of a spreadsheet; else the first that has anything")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
        parser.add_argument("--refused", type=Path, help="where the refused rows go; else beside the file")
        if kind == "areas":
            parser.add_argument(
                "--since", type=day, help="names and codes that differ hold from this day, such as "
                "2026-03-01, and what was is kept; without it what was had been wrong"
            )  # fmt: skip
        parser.set_defaults(do=do)
        parsers.append(parser)
    return parsers
