"""What the console is told of a table that was taken in."""

from pydantic import BaseModel

from heartlamp_server.area.importing.report import Outcome

REFUSED_MOST = 500


class RefusedCell(BaseModel):
    """`row`: as the office's program numbers it; `column`: as it is called in the file, "" the whole row; `why`, `do`:
    中文 · English."""

    row: int
    column: str
    value: str
    why: str
    do: str


class TableTaken(BaseModel):
    """`rows`: below the head; `refused`: REFUSED_MOST at most, of `refused_rows` rows; `unknown`: columns that were
    passed over; `kept`: false where it was only tried."""

    rows: int
    added: int
    changed: int
    same: int
    refused_rows: int
    refused: list[RefusedCell]
    notes: list[str]
    unknown: list[str]
    kept: bool


def taken(outcome: Outcome, rows: int, unknown: list[str], kept: bool) -> TableTaken:
    return TableTaken(
        rows=rows,
        added=outcome.added,
        changed=outcome.changed,
        same=outcome.same,
        refused_rows=outcome.rows_refused(),
        refused=[
            RefusedCell(row=one.row, column=one.column, value=one.value[:40], why=one.why, do=one.do)
            for one in outcome.refused[:REFUSED_MOST]
        ],
        notes=outcome.notes,
        unknown=unknown,
        kept=kept,
    )
