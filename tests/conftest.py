"""Fixtures that every test may use. The cast (people, teams, services) is in tests/cast.py."""

import os
import warnings
from pathlib import Path

import pytest

pytest_plugins = [
    "tests.plugins.ledger_flush",
    "tests.plugins.shapes",
    "tests.plugins.pure",
    "tests.plugins.lacking",
    "tests.plugins.prometheus",
    "tests.plugins.real_database",
    "tests.plugins.own_signer",
    "tests.cast",
]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recorded real inputs beside the checkout. Skips, loudly, where it isn't."""
    root = Path(os.environ.get("MUSTER_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (root / "data").is_dir():
        warnings.warn(f"SHARED DATA MISSING at {root}: this test did not run", stacklevel=1)
        pytest.skip(f"shared data missing at {root}; set MUSTER_SHARED")
    return root / "data"
