"""Values of the reports that tests file: the drill's incident, a database that failed over badly."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from audit.filings.checking import asked_fields
from audit.filings.exports.report import Report, Row
from audit.filings.model import Form
from audit.filings.values import parse, shown
from tests.plugins.lacking import lacks

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "regulatory"
DATED = dt.datetime(2026, 3, 2, 13, tzinfo=dt.UTC)
LEI = "529900T8BM49AURSDO55"
OTHER_LEI = "5493001KJTIIGC8Y1R12"
INITIAL: dict[str, Any] = {
    "1.1": "initial_notification",
    "1.2": "Nordbank AG",
    "1.3": LEI,
    "1.4": ["credit_institution"],
    "1.7": "Ines Brandt",
    "1.8": "ines@nordbank.example",
    "1.9": "+49 69 1234567",
    "1.10": "Incident desk",
    "1.11": "desk@nordbank.example",
    "1.12": "+49 69 1234568",
    "1.15": "EUR",
    "2.1": "INC-2417",
    "2.2": "2026-03-02T09:00:00Z",
    "2.3": "2026-03-02T11:00:00Z",
    "2.4": "The primary of orders-db stopped answering.\nCard payments failed for 46 minutes.",
    "2.5": ["critical_services_affected", "duration_and_service_downtime", "economic_impact"],
    "2.7": "monitoring_systems",
    "2.9": False,
    "fact.filed_by_another": False,
    "fact.aggregated": False,
    "fact.in_group": False,
    "fact.from_third_party": False,
    "fact.other_information": False,
}
INTERMEDIATE: dict[str, Any] = INITIAL | {
    "1.1": "intermediate_report",
    "3.1": "2026I0000417",
    "3.2": "2026-03-02T08:58:00Z",
    "3.3": "2026-03-02T09:46:00Z",
    "3.4": 12_400,
    "3.5": "12.4",
    "3.6": 3,
    "3.7": "0.7",
    "3.9": 41_000,
    "3.10": "9.1",
    "3.11": "2500000",
    "3.12": [
        "actual_figures_for_clients_affected",
        "actual_figures_for_financial_counterparts_affected",
        "estimates_for_transactions_affected",
    ],
    "3.15": "0:00:48",
    "3.16": "0:00:46",
    "3.17": "actual_figures",
    "3.22": "Card payments and transfers, both critical.",
    "3.23": ["system_failure"],
    "3.27": "Card payments; credit transfers",
    "3.28": "yes",
    "3.29": "orders-db, PostgreSQL 16, own data centre",
    "3.30": "no",
    "3.31": ["none"],
    "3.33": True,
    "3.34": "Traffic moved to the standby at 09:41 UTC.",
    "fact.has_authority_reference": True,
    "fact.downtime": True,
    "fact.transactions": True,
    "fact.relevant_parties": False,
    "fact.in_nis2_scope": False,
}
FINAL: dict[str, Any] = INTERMEDIATE | {
    "1.1": "final_report",
    "4.1": ["process_failure", "system_failure_malfunction"],
    "4.2": [
        "process_failure_insufficient_or_failure_of_ict_operations_and_ict_security_operations",
        "system_failure_hardware_capacity_and_performance",
    ],
    "4.3": ["capacity_and_performance_management"],
    "4.5": "The volume ran full; its alarm had been muted.",
    "4.6": "Volume enlarged, alarm restored, both tried.",
    "4.7": "2026-03-02T12:00:00Z",
    "4.8": "2026-03-02T12:30:00Z",
    "4.9": "No difference.",
    "4.12": "Costs of EUR 180 000 exceed EUR 100 000.",
    "4.13": "180000.50",
    "4.14": "0",
    "fact.in_brrd_scope": True,
    "fact.risk_to_critical_functions": False,
    "fact.affects_resolvability": False,
    "fact.recurring": False,
}
STAGES = {"initial": INITIAL, "intermediate": INTERMEDIATE, "final": FINAL}
THREAT: dict[str, Any] = {
    "1": "Nordbank AG",
    "2": LEI,
    "6": "Ines Brandt",
    "7": "ines@nordbank.example",
    "8": "+49691234567",
    "12": "2026-03-02T09:00:00Z",
    "13": "Credential phishing against staff of payment firms.",
    "14": "Unauthorised payments.",
    "15": ["data_losses", "reputational_impact"],
    "16": "active",
    "17": "Domains blocked, staff warned.",
    "fact.filed_by_another": False,
    "fact.others_informed": False,
}


def stored(form: Form, told: dict[str, Any]) -> dict[str, Any]:
    """Values as they are stored."""
    return {
        key: told[key] if key.startswith("fact.") else parse(form, form.by_id[key], told[key]) for key in told
    }  # fmt: skip


def report(form: Form, stage: str, told: dict[str, Any], **more: Any) -> Report:
    """A report of these values."""
    values = stored(form, told)
    rows = tuple(
        Row(one, values.get(one.id), shown(form, one, values.get(one.id)), "Entered by Ines", ("inc_1 3",))
        for one in asked_fields(form, stage)
    )
    return Report(form, stage, stage.title(), "Nordbank AG", "INC-2417", values, rows, DATED, **more)


def official(version: str) -> dict[str, Any]:
    """The authority's schema in this version. Skips, loudly, where the shared data isn't there.

    IR-1.3.0 is our patch applied to IR-1.2; CYB-1.2.0 is CYB-1.1 with the differences that its publisher names."""
    name = {"IR": "dora_ir_schema_v1.2.json", "CYB": "dora_cyb_schema_v1.1.json"}[version.partition("-")[0]]
    if not (SHARED / name).is_file():
        lacks("SHARED DATA MISSING: the official schemas of DORA reports", f"put {name} into {SHARED}")
    schema: dict[str, Any] = json.loads((SHARED / name).read_text("utf-8"))
    if version == "IR-1.3.0":
        for step in json.loads((SHARED / "dora_ir_schema_v1.2_to_v1.3.patch.json").read_text("utf-8")):
            _patch(schema, step)
    if version == "CYB-1.2.0":
        entity = schema["$defs"]["SubmittingEntity"]
        entity["properties"]["LEI"] = {"type": "string", "pattern": "^[A-Z0-9]{18}[0-9]{2}$"}
        entity["required"] = ["name"]
        entity["anyOf"] = [{"required": ["LEI"]}, {"required": ["code"]}]
        schema["$defs"]["AffectedEntity"]["required"] = ["name"]
        del schema["$defs"]["CyberThreat"]["required"]
    return schema


def _patch(document: Any, step: dict[str, Any]) -> None:
    """One operation of RFC 6902, of the two kinds that occur."""
    *inner, last = [part.replace("~1", "/").replace("~0", "~") for part in step["path"].split("/")[1:]]
    at = document
    for part in inner:
        at = at[int(part)] if isinstance(at, list) else at[part]
    key: Any = int(last) if isinstance(at, list) else last
    assert step["op"] in ("replace", "remove"), step
    assert key in at or isinstance(at, list), step
    if step["op"] == "remove":
        del at[key]
    else:
        at[key] = step["value"]
