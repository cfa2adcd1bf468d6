"""What the drill knows of the demo organisation: who its people are, its Alertmanager's token, its probes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from drill.errors import DrillError
from drill.muster import Person
from drill.web import NAMES

HOUSE = Path(__file__).resolve().parent.parent
INTAKE = "/api/v1/intake/alertmanager"
COMMANDER, ADMINISTRATOR = "amara", "noor"
OWNERS = {"Lena Vogt": "lena", "Piotr Nowak": "piotr", "Rafa Ortega": "rafa", "Mina Tran": "mina"}
PASSWORD = "muster-demo-2417"  # noqa: S105 - the demo's, printed at its start


@contextmanager
def watched(url: str) -> Iterator[None]:
    """Muster's own probes of the three services are on meanwhile; they rest when there is nothing to probe."""
    administrator = Person(url, ADMINISTRATOR, PASSWORD)
    for name in NAMES:
        administrator.post(f"services/{name}/probes", {"paused": False})
    try:
        yield
    finally:
        for name in NAMES:
            administrator.post(f"services/{name}/probes", {"paused": True})


def token(data: Path | None = None) -> str:
    """What the demo's Alertmanager shows at the intake of the Muster with that data folder. Raises DrillError."""
    file = (data or Path(os.environ.get("MUSTER_DATA", HOUSE / "var"))) / "demo-intake-token"
    with suppress(OSError):
        return file.read_text().strip()
    raise DrillError(f"No token at {file}: start Muster with `make run`, and give both the same MUSTER_DATA.")
