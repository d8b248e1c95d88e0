"""docs/figures.md says what the definitions say."""

from pathlib import Path

from heartlamp_server.figures.page import table


def test_the_page_is_drawn_from_the_definitions() -> None:
    written = (Path(__file__).parents[3] / "docs/figures.md").read_text(encoding="utf-8")
    assert table() in written, "put what `python -m heartlamp_server.figures.page` prints into docs/figures.md"
