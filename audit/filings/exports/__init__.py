"""A report as files: JSON as the authority's schema has it, a spreadsheet in the order of the template, a PDF to read.

The same report gives the same bytes: what is approved is exactly what is sent.
"""

from audit.filings.exports.json_report import as_json, json_report
from audit.filings.exports.printed import printed
from audit.filings.exports.report import Report, Row
from audit.filings.exports.spreadsheet import spreadsheet

MEDIA = {
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
"""Format -> media type."""


def exported(report: Report) -> dict[str, bytes]:
    """Every format that the report has -> its bytes."""
    files = {"xlsx": spreadsheet(report), "pdf": printed(report)}
    return {"json": as_json(report), **files} if report.form.has_json else files


__all__ = ["MEDIA", "Report", "Row", "as_json", "exported", "json_report", "printed", "spreadsheet"]
