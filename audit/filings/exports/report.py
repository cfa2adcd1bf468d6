"""What an export is made of."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.filings.model import Field, Form

THOUSANDS, UNITS = "thousands", "units"
SCALES = {
    THOUSANDS: "In thousands of the currency, as Implementing Regulation (EU) 2025/302 says",
    UNITS: "In full units of the currency, as the official sample shows them",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One field as it is printed. source: where the value comes from, in words. supports: "inc_… 12"."""

    field: Field
    value: Any
    words: str
    source: str = ""
    supports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """One report at one moment. values: number -> stored value, also of circumstances. dated: when the
    last of them changed; the time of making would make other bytes. scale: of amounts in files."""

    form: Form
    stage: str
    name: str  # "Initial notification"
    entity: str
    reference: str
    values: Mapping[str, Any]
    rows: tuple[Row, ...]
    dated: dt.datetime
    scale: str = THOUSANDS
    schema: str = ""  # version of the authority's JSON schema; "" is the current one
