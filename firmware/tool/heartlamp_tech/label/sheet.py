"""Labels on A4 sheets, as shapes: what SVG and PDF both draw. Pure. No secret goes in: only what is said in public."""

from dataclasses import dataclass
from typing import Any

import segno

from heartlamp_tech.trouble import Trouble

WIDTH, HEIGHT = 210.0, 297.0  # mm
COLUMNS, ROWS = 2, 5
MARGIN_X, MARGIN_Y = 12.0, 14.0
QR = 34.0
INSET = 4.0
FIRST, LINE = 5.2, 4.0  # mm: sizes of the first line and the others
LINES_MOST = 5
CHINESE = 0x2E80  # and what comes after: as wide as high
EM = 0.5  # of a letter's width that is not Chinese
FORBIDDEN = ("secret", "root", "password", "token")


@dataclass(frozen=True)
class Square:
    """mm from the sheet's upper left; filled black."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Text:
    """`y`: of its base line."""

    x: float
    y: float
    size: float
    text: str


@dataclass(frozen=True)
class Label:
    """`url`: where a fault is reported; `lines`: place, village, what to do."""

    url: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, given: dict[str, Any]) -> "Label":
        """As a claim has it. Raises Trouble where it would print what is not for everybody."""
        url, lines = str(given.get("url", "")), tuple(str(line) for line in given.get("lines", ()))
        if not lines:
            raise Trouble("the county gave no label for this site", "print it later: `heartlamp-tech label SITE`")
        if any(word in f"{url} {lines}".lower() for word in FORBIDDEN):
            raise Trouble("this label would hold a secret", "report it to the office; nothing was printed")
        return cls(url, lines)


Shape = Square | Text


def sheets(labels: list[Label]) -> list[list[Shape]]:
    """The shapes of each page, ten labels a page."""
    a_page = COLUMNS * ROWS
    pages = [labels[at : at + a_page] for at in range(0, len(labels), a_page)]
    return [[shape for place, label in enumerate(page) for shape in _label(label, place)] for page in pages]


def _label(label: Label, place: int) -> list[Shape]:
    width, height = (WIDTH - 2 * MARGIN_X) / COLUMNS, (HEIGHT - 2 * MARGIN_Y) / ROWS
    left, top = MARGIN_X + place % COLUMNS * width, MARGIN_Y + place // COLUMNS * height
    shapes = list(_qr(label.url, left + INSET, top + INSET)) if label.url else []
    x = left + INSET + (QR + 3 if label.url else 0)
    room = left + width - INSET - x
    y = top + INSET + FIRST
    wanted = [piece for index, line in enumerate(label.lines) for piece in _wrapped(line, room, _size(index))]
    for index, text in enumerate(wanted[: LINES_MOST + 2]):
        shapes.append(Text(x, y, _size(index), text))
        y += 1.5 * _size(index)
    return shapes


def _size(index: int) -> float:
    return FIRST if index == 0 else LINE


def _wrapped(line: str, room: float, size: float) -> list[str]:
    """Cut where the room ends, before a word of letters; Chinese has no blanks to cut at."""
    pieces, now = [], ""
    for letter in line:
        if now and _wide(now + letter) * size > room:
            cut = now.rfind(" ") + 1 if letter != " " and ord(letter) < CHINESE else 0
            pieces.append(now[: cut or len(now)])
            now = now[cut or len(now) :]
        now += letter
    return [piece.strip() for piece in [*pieces, now] if piece.strip()]


def _wide(text: str) -> float:
    """In ems."""
    return sum(EM if ord(letter) < CHINESE else 1.0 for letter in text)


def _qr(url: str, left: float, top: float) -> list[Shape]:
    """Runs of dark modules as one square each; level M, because a label gets dirty."""
    matrix = [bytes(row) for row in segno.make(url, error="m", micro=False).matrix]
    side = QR / len(matrix)
    shapes: list[Shape] = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            begin = x
            while x < len(row) and row[x]:
                x += 1
            if x > begin:
                shapes.append(Square(left + begin * side, top + y * side, (x - begin) * side, side))
            x += 1
    return shapes
