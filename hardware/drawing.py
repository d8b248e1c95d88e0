"""SVG by hand: the few marks that our pictures are made of. The same input always gives the same bytes."""

from html import escape

INK, FAINT, PAPER = "#1b2430", "#7c8797", "#ffffff"


def svg(width: int, height: int, title: str, marks: list[str]) -> str:
    body = "\n".join(marks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>\n'
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>\n{body}\n</svg>\n'
    )


def text(
    x: float, y: float, words: str, color: str = INK, anchor: str = "start", size: int = 12, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" fill="{color}" text-anchor="{anchor}" font-size="{size}"{weight}>'
        f"{escape(words)}</text>"
    )


def box(x: float, y: float, width: float, height: float, fill: str, line: str = INK, round_: int = 4) -> str:
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_}" fill="{fill}" stroke="{line}"/>'
    )


def path(points: list[tuple[float, float]], color: str, width: float = 1.6, dash: str = "") -> str:
    way = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{way}" fill="none" stroke="{color}" stroke-width="{width:g}"{dashes}/>'
