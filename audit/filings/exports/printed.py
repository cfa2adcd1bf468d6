"""The report as a document that people read before it is sent: PDF/A-3b. The template gets data, never markup."""

import json
from pathlib import Path

import typst

from audit.filings.exports.report import SCALES, Report
from audit.reports.glyphs import shown as drawable

TEMPLATE = Path(__file__).parent / "filing.typ"


def printed(report: Report) -> bytes:
    """The report as a PDF; what its fonts can't draw is written as ⟦U+XXXX⟧."""
    content: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        ignore_system_fonts=True,
        pdf_standards=["a-3b"],
        sys_inputs={"report": drawable(json.dumps(_told(report), ensure_ascii=False))},
        timestamp=int(report.dated.timestamp()),
    )
    return content


def _told(report: Report) -> dict[str, object]:
    sections = [
        {
            "title": title,
            "rows": [
                {"number": row.field.id, "name": row.field.name, "value": row.words, "source": row.source,
                 "supports": list(row.supports)}
                for row in report.rows if row.field.section == section
            ],
        }
        for section, title in report.form.sections.items()
    ]  # fmt: skip
    return {
        "title": report.form.title,
        "name": report.name,
        "facts": [
            ["Entity", report.entity],
            ["Reference", report.reference],
            ["Legal basis", report.form.instrument],
            *([["Amounts in the files", SCALES[report.scale]]] if report.form.has_json else []),
        ],
        "circumstances": [
            [fact.name, "Yes" if report.values[fact.key] else "No"]
            for fact in report.form.facts if report.values.get(fact.key) is not None
        ],
        "sections": [section for section in sections if section["rows"]],
    }  # fmt: skip
