"""A day's list as a CSV file: which board goes to which site. Pure; a bad row has its reason, the good are done."""

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass

from heartlamp_protocol.device.kinds import KINDS

from heartlamp_tech.trouble import Trouble

COLUMNS = ("site", "kind", "board", "port", "consent", "witness", "language")
NEEDED = ("site",)
YES, NO = ("yes", "y", "1", "是", "同意"), ("no", "n", "0", "否", "不同意")


@dataclass(frozen=True)
class Row:
    """`number`: of the line in the file; `port`: "" the one that is asked for; `consent`: None to be asked there."""

    number: int
    site: str
    kind: str
    board: str
    port: str
    consent: bool | None
    witness: str
    language: str


@dataclass(frozen=True)
class BadRow:
    number: int
    site: str
    why: str


def read(text: str, boards: Collection[str], board: str, languages: Collection[str]) -> tuple[list[Row], list[BadRow]]:
    """`board`: of rows that name none. Raises Trouble where it is no such file at all."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    names = [str(name).strip().lower() for name in reader.fieldnames or ()]
    missing = [name for name in NEEDED if name not in names]
    strange = [name for name in names if name not in COLUMNS]
    if missing or strange:
        wrong = f"has no column {missing[0]}" if missing else f"has a column {strange[0]!r}, which nobody knows"
        raise Trouble(
            f"the list {wrong}", f"its first line names columns: {','.join(COLUMNS)}; all but site may be left out"
        )
    reader.fieldnames = names
    good: list[Row] = []
    bad: list[BadRow] = []
    for fields in reader:
        number = reader.line_num
        said = {name: str(fields.get(name) or "").strip() for name in COLUMNS}
        why = _wrong(said, fields, boards, board, languages, good)
        if why:
            bad.append(BadRow(number, said["site"], why))
            continue
        consent = None if not said["consent"] else said["consent"].lower() in YES
        good.append(
            Row(
                number,
                said["site"],
                said["kind"] or "lamp",
                said["board"] or board,
                said["port"],
                consent,
                said["witness"],
                said["language"] or "zh",
            )
        )
    return good, bad


def _wrong(
    said: dict[str, str],
    fields: "dict[str | None, object]",
    boards: Collection[str],
    board: str,
    languages: Collection[str],
    good: list[Row],
) -> str:
    if None in fields:
        return "it has more fields than the first line has names"
    if not said["site"]:
        return "it names no site"
    if said["kind"] and said["kind"] not in KINDS:
        return f"there is no kind {said['kind']}: {', '.join(KINDS)}"
    if (said["board"] or board) not in boards:
        return f"there is no board {said['board']}" if said["board"] else "it names no board"
    if said["consent"] and said["consent"].lower() not in YES + NO:
        return f"consent is yes or no, and not {said['consent']}"
    if said["consent"].lower() in YES and not said["witness"]:
        return "consent without a witness: who heard it?"
    if said["language"] and said["language"] not in languages:
        return f"there is no text in {said['language']}: {', '.join(sorted(languages))}"
    kind = said["kind"] or "lamp"
    twice = next((one.number for one in good if (one.site, one.kind) == (said["site"], kind)), 0)
    if twice:
        return f"line {twice} has the same site and kind"
    port = next((one.number for one in good if said["port"] and one.port == said["port"]), 0)
    return f"line {port} has the same port" if port else ""
