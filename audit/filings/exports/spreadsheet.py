"""The report as a spreadsheet, in the order of the official template: number, field, value, code, source, entries."""

from io import BytesIO
from typing import Any

import xlsxwriter

from audit.filings.exports.json_report import written
from audit.filings.exports.report import SCALES, Report, Row
from audit.filings.model import Kind

HEADINGS = ("Number", "Field", "Value", "As in the JSON", "Source", "Supporting entries")
WIDTHS = (9, 44, 64, 40, 34, 34)
LONGEST = 32_767  # characters that a cell holds
SAFE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def spreadsheet(report: Report) -> bytes:
    """The report as XLSX. Every cell is text, so that none is ever a formula."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, SAFE) as book:
        book.set_properties(
            {"title": f"{report.form.title}: {report.name}", "created": report.dated.replace(tzinfo=None)}
        )
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            "section": book.add_format({"bold": True, "bg_color": "#EAEEEC"}),
            "text": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
        }
        _fill(book.add_worksheet("Report"), report, styles)
        _about(book.add_worksheet("About"), report, styles)
    return content.getvalue()


def _fill(sheet: Any, report: Report, styles: dict[str, Any]) -> None:
    for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, styles["head"])
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    line, section = 1, ""
    for row in report.rows:
        if row.field.section != section:
            section = row.field.section
            sheet.write_string(line, 0, report.form.sections[section], styles["section"])
            line += 1
        for column, text in enumerate(_cells(report, row)):
            sheet.write_string(line, column, text[:LONGEST], styles["text"])
        line += 1


def _cells(report: Report, row: Row) -> tuple[str, ...]:
    return (row.field.id, row.field.name, row.words, _code(report, row), row.source, ", ".join(row.supports))


def _code(report: Report, row: Row) -> str:
    """What a machine reads: codes instead of labels, amounts in the scale of the files."""
    if row.value is None or row.field.kind in (Kind.TEXT, Kind.STRING):
        return ""
    told = written(report, row.field, row.value)
    if isinstance(told, list):
        return "; ".join(told)
    return {True: "true", False: "false"}.get(told, str(told)) if isinstance(told, bool) else str(told)


def _about(sheet: Any, report: Report, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    told = {
        "Report": f"{report.form.title}: {report.name}",
        "Entity": report.entity,
        "Reference": report.reference,
        "Legal basis": report.form.instrument,
        "Amounts": SCALES[report.scale] if report.form.has_json else "",
    }
    answers = [(fact.name, report.values.get(fact.key)) for fact in report.form.facts]
    lines = [*told.items(), *((name, "Yes" if answer else "No") for name, answer in answers if answer is not None)]
    for line, (name, text) in enumerate((name, text) for name, text in lines if text):
        sheet.write_string(line, 0, name[:LONGEST], styles["text"])
        sheet.write_string(line, 1, text[:LONGEST], styles["text"])
