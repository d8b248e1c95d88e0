"""Sheets as PDF 1.4: squares and words, nothing else.

No font is embedded. Latin is set in Helvetica, which every reader has; Chinese in Adobe's predefined STSong-Light with
its Unicode map (UniGB-UCS2-H), for which readers and printers take a font of their own.
"""

from itertools import groupby

from heartlamp_tech.label.sheet import HEIGHT, WIDTH, Shape, Square

POINT = 72 / 25.4  # a millimetre
FONTS = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UCS2-H /Encoding /UniGB-UCS2-H "
    "/DescendantFonts [4 0 R] >>",
    "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 "
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 5 0 R >>",
    "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
    "/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
)
FIRST_PAGE = 3 + len(FONTS)  # its number among the objects


def write(pages: list[list[Shape]]) -> bytes:
    """One page for each list of shapes."""
    kids = " ".join(f"{FIRST_PAGE + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        *FONTS,
    ]
    for index, shapes in enumerate(pages):
        content = "\n".join(_one(shape) for shape in shapes)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH * POINT:.2f} {HEIGHT * POINT:.2f}] "
            f"/Resources << /Font << /C 3 0 R /L 6 0 R >> >> /Contents {FIRST_PAGE + 1 + 2 * index} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    data, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n".encode("ascii")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
    )
    return data + end.encode("ascii") + f"startxref\n{len(data)}\n%%EOF\n".encode("ascii")


def _one(shape: Shape) -> str:
    """PDF counts from the lower left."""
    if isinstance(shape, Square):
        x, y = shape.x * POINT, (HEIGHT - shape.y - shape.height) * POINT
        return f"{x:.3f} {y:.3f} {shape.width * POINT:.3f} {shape.height * POINT:.3f} re f"
    x, y, size = shape.x * POINT, (HEIGHT - shape.y) * POINT, shape.size * POINT
    runs = ((latin, "".join(letters)) for latin, letters in groupby(shape.text, _is_latin))
    words = " ".join(f"/{'L' if latin else 'C'} {size:.2f} Tf <{_coded(text, latin)}> Tj" for latin, text in runs)
    return f"BT {x:.2f} {y:.2f} Td {words} ET"


def _is_latin(letter: str) -> bool:
    try:
        return bool(letter.encode("cp1252"))
    except UnicodeEncodeError:
        return False


def _coded(text: str, latin: bool) -> str:
    return text.encode("cp1252" if latin else "utf-16-be", "replace").hex()
