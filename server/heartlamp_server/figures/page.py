"""The table of docs/figures.md, drawn from definition.FIGURES: `python -m heartlamp_server.figures.page` prints it."""

from heartlamp_server.figures.definition import FIGURES

UNITS = {"count": "个 count", "share": "比例 share", "ms": "时长 duration", "fen": "元 yuan", "MB": "MB"}


def table() -> str:
    """Markdown. One row for each figure, in the order of reports."""
    rows = [["name", "figure", "unit", "怎么算", "how it is computed"], ["---"] * 5]
    for name, f in FIGURES.items():
        rows.append([f"`{name}`", f"{f.zh} {f.en}", UNITS[f.unit], f.how_zh, f.how_en])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


if __name__ == "__main__":
    print(table(), end="")
