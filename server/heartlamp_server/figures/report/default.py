"""The form that the program ships with, made when it is asked for: the same that a county would upload."""

from typing import Any

from heartlamp_server.figures.definition import FIGURES

_FORMATS = {"share": "0.0%", "ms": "0.0", "fen": "0.00"}
_EACH = ("alarms", "completed", "on_time", "accept.p50", "arrive.p50", "false", "said.satisfied", "online", "drilled")
_UNITS = {"count": "", "share": "", "ms": "（秒 s）", "fen": "（元 CNY）", "MB": "（MB）"}


def make() -> Any:
    """An openpyxl book with placeholders."""
    import openpyxl  # type: ignore[import-untyped]
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped]

    book, bold = openpyxl.Workbook(), Font(bold=True)
    sheet = book.active
    sheet.title = "月报"
    sheet.append(["{{area}} {{month}} 心灯月报 · Heart-Lamp, the month's report"])
    sheet["A1"].font = Font(bold=True, size=16)
    sheet.append(["版本 version", "{{version}}", "锁定 locked", "{{locked_at}}", "{{locked_by}}", "{{reason}}"])
    sheet.append(["制表 made", "{{made_at}}", "审计 audit head", "{{head}}"])
    sheet.append([])
    sheet.append(["指标", "figure", "本月 this month", "分母 among", "去年同期 last year", "分母 among", "怎么算 how"])
    for cell in sheet[5]:
        cell.font = bold
    for name, figure in FIGURES.items():
        places = [f"{{{{{name}{part}}}}}" for part in ("", ".of", ".last", ".last.of")]
        sheet.append([figure.zh + _UNITS[figure.unit], figure.en, *places, figure.how_zh])
        for column in ("C", "E"):
            sheet[f"{column}{sheet.max_row}"].number_format = _FORMATS.get(figure.unit, "0")
            sheet[f"{column}{sheet.max_row}"].alignment = Alignment(horizontal="right")
    for column, width in zip("ABCDEFG", (26, 30, 16, 12, 16, 12, 80), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.page_setup.paperSize, sheet.page_setup.orientation = sheet.PAPERSIZE_A4, "landscape"
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    _below(book.create_sheet("分区"), bold)
    return book


def _below(sheet: Any, bold: Any) -> None:
    sheet.append(["区域 area", "级 level", *(FIGURES[name].zh + _UNITS[FIGURES[name].unit] for name in _EACH)])
    for cell in sheet[1]:
        cell.font = bold
    sheet.append(["{{each.name}}", "{{each.level}}", *(f"{{{{each.{name}}}}}" for name in _EACH)])
    for cell, name in zip(sheet[2][2:], _EACH, strict=True):
        cell.number_format = _FORMATS.get(FIGURES[name].unit, "0")
    sheet.column_dimensions["A"].width = 24
