"""Reports as files: JSON that the official schema takes, a spreadsheet without formulas, a PDF; the same bytes each
time."""

import dataclasses
import io
import json

import openpyxl
import pikepdf
import pytest
from jsonschema import Draft7Validator

from audit.filings.checking import check
from audit.filings.exports import as_json, exported, json_report, printed, spreadsheet
from audit.filings.exports.json_report import own_schema
from audit.filings.exports.report import UNITS
from audit.filings.reading import shipped
from tests.audit.filing_cases import FINAL, INITIAL, LEI, OTHER_LEI, STAGES, THREAT, official, report

FORM, THREATS = shipped("eu_dora_major_incident"), shipped("eu_dora_cyber_threat")
RECLASSIFIED = FINAL | {
    "1.1": "major_incident_reclassified_as_non-major",
    "2.10": "No service was critical after all: the catalogue was wrong.",
}
AGGREGATED = INITIAL | {
    "fact.aggregated": True,
    "1.5": ["Nordbank AG", "Südbank AG"],
    "1.6": [LEI, OTHER_LEI],
}
REPORTS = [
    *(("IR-1.3.0", stage, told) for stage, told in STAGES.items()),
    ("IR-1.3.0", "final", RECLASSIFIED),
    ("IR-1.3.0", "initial", AGGREGATED),
    ("IR-1.2", "final", FINAL),
]


def problems(schema: object, told: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(told)]


@pytest.mark.parametrize(("version", "stage", "told"), REPORTS)
def test_a_report_is_complete_and_the_official_schema_takes_it(version, stage, told):
    made = report(FORM, stage, told, schema=version)
    assert check(FORM, stage, made.values) == []
    assert problems(official(version), json_report(made)) == []
    assert problems(own_schema(FORM), json_report(made)) == []


@pytest.mark.parametrize("version", ["CYB-1.2.0", "CYB-1.1"])
def test_a_cyber_threat_notification_too(version):
    made = report(THREATS, "notification", THREAT, schema=version)
    assert check(THREATS, "notification", made.values) == []
    assert problems(official(version), json_report(made)) == []
    assert problems(own_schema(THREATS), json_report(made)) == []


def test_the_official_schema_would_refuse_a_wrong_report():
    """Evaluated as draft 7: under the draft that it names, its conditional rules would be skipped."""
    told = json_report(report(FORM, "intermediate", STAGES["intermediate"]))
    del told["impactAssessment"]["isAffectedInfrastructureComponents"]
    assert problems(official("IR-1.3.0"), told)


def test_every_filled_field_stands_in_the_json():
    told = json_report(report(FORM, "final", FINAL))
    flat = json.dumps(told, ensure_ascii=False)
    for number, value in FINAL.items():
        if isinstance(value, str) and number not in ("1.9", "1.12", "3.5", "3.7", "3.10", "3.11", "4.13", "4.14"):
            assert json.dumps(value, ensure_ascii=False)[1:-1] in flat, number
    assert told["incident"]["grossAmountIndirectDirectCosts"] == 180.0005
    assert told["impactAssessment"]["affectedAssets"]["valueOfAffectedTransactions"] == 2500
    assert told["informationDurationServiceDowntimeActualOrEstimate"] == "actual_figures"


def test_the_scale_of_amounts_is_a_setting():
    told = json_report(report(FORM, "final", FINAL, scale=UNITS))
    assert told["incident"]["grossAmountIndirectDirectCosts"] == 180_000.5
    assert told["impactAssessment"]["affectedAssets"]["valueOfAffectedTransactions"] == 2_500_000


def test_what_is_not_filled_in_has_no_key():
    told = as_json(report(FORM, "initial", INITIAL)).decode()
    assert "null" not in told
    assert '""' not in told
    assert "[]" not in told
    assert "ultimateParentUndertaking" not in told
    assert "impactAssessment" not in told


def test_a_percentage_above_100_is_capped_in_the_json_alone_and_must_be_explained():
    told = FINAL | {"3.10": "240"}
    made = report(FORM, "final", told)
    assert json_report(made)["impactAssessment"]["affectedAssets"]["affectedTransactions"]["percentage"] == 100
    assert [(each.field, each.severity) for each in check(FORM, "final", made.values)] == [("3.10", "error")]
    explained = report(FORM, "final", told | {"2.10": "The outage took longer than a day."})
    assert [each.severity for each in check(FORM, "final", explained.values)] == ["warning"]


def test_the_economic_threshold_has_a_place_only_beside_its_criterion():
    told = FINAL | {"2.5": ["critical_services_affected", "duration_and_service_downtime", "reputational_impact"]}
    told |= {"3.13": [FORM.codes["reputational_impact_type"][0].code], "3.14": "One article."}
    made = report(FORM, "final", told)
    assert "economicImpactMaterialityThreshold" not in as_json(made).decode()
    assert [(each.field, each.severity) for each in check(FORM, "final", made.values)] == [("4.12", "note")]
    assert "Costs of EUR 180 000" in "".join(str(cell.value) for cell in cells(spreadsheet(made)))


def test_an_aggregated_report_has_one_object_for_each_entity_in_order():
    told = json_report(report(FORM, "initial", AGGREGATED))
    assert [(each["name"], each["LEI"]) for each in told["affectedEntity"]] == [
        ("Nordbank AG", LEI),
        ("Südbank AG", OTHER_LEI),
    ]
    assert all(each["affectedEntityType"] == ["credit_institution"] for each in told["affectedEntity"])


def test_a_filer_without_lei_is_named_by_its_code():
    told = json_report(report(FORM, "initial", INITIAL | {"1.3": "DEK1101R.HRB116737"}))
    assert told["submittingEntity"]["code"] == "DEK1101R.HRB116737"
    assert "LEI" not in told["submittingEntity"]
    assert problems(official("IR-1.3.0"), told) == []


def cells(content: bytes) -> list[openpyxl.cell.Cell]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def test_the_spreadsheet_has_every_field_in_order_and_no_formula():
    told = FINAL | {"2.4": '=HYPERLINK("http://evil.example";"x")', "4.5": "+1", "4.6": "@SUM(A1)", "4.9": "-2+3"}
    found = cells(spreadsheet(report(FORM, "final", told)))
    assert {cell.data_type for cell in found} == {"s"}
    assert '=HYPERLINK("http://evil.example";"x")' in [cell.value for cell in found]
    numbers = [cell.value for cell in found if cell.column == 1 and str(cell.value)[:1].isdigit()]
    assert numbers == [one.id for one in FORM.fields]
    assert not any(cell.hyperlink for cell in found)


def test_the_pdf_holds_the_values_and_is_an_archive_format():
    with pikepdf.open(io.BytesIO(printed(report(FORM, "final", FINAL)))) as document:
        with document.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "B")
        assert len(document.pages) > 2


def test_markup_in_a_value_is_printed_and_not_obeyed():
    hostile = "#import \"@preview/evil:1.0.0\" #read('/etc/passwd') $x$ = _a_ `b` <c> \\ ☃ \u202e"
    assert printed(report(FORM, "initial", INITIAL | {"2.4": hostile})).startswith(b"%PDF")


def test_the_same_report_gives_the_same_bytes():
    made = report(FORM, "final", FINAL)
    assert exported(made) == exported(dataclasses.replace(made))
    assert list(exported(made)) == ["json", "xlsx", "pdf"]
