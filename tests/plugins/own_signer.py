"""Each test has a signer of its own: what it signed for one test's database it must not hold against the next one's."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings


@pytest.fixture(autouse=True)
def _own_signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    kept = settings.SIGNER_DIR
    settings.SIGNER_DIR = Path(tmp_path_factory.getbasetemp()) / "signers" / uuid.uuid4().hex
    yield
    settings.SIGNER_DIR = kept
