"""A sheet as SVG, in millimetres."""

from xml.sax.saxutils import escape

from heartlamp_tech.label.sheet import HEIGHT, WIDTH, Shape, Square

FONTS = "Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif"


def draw(shapes: list[Shape]) -> str:
    body = "\n".join(_one(shape) for shape in shapes)
    white = '<rect width="100%" height="100%" fill="#fff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH:g}mm" height="{HEIGHT:g}mm" '
        f'viewBox="0 0 {WIDTH:g} {HEIGHT:g}" font-family="{FONTS}">\n{white}\n{body}\n</svg>\n'
    )


def _one(shape: Shape) -> str:
    if isinstance(shape, Square):
        path = f'x="{shape.x:.3f}" y="{shape.y:.3f}" width="{shape.width:.3f}" height="{shape.height:.3f}"'
        return f'<rect {path} shape-rendering="crispEdges"/>'
    return f'<text x="{shape.x:.2f}" y="{shape.y:.2f}" font-size="{shape.size:g}">{escape(shape.text)}</text>'
