"""What tests of second factors share."""

import base64

import pytest


@pytest.fixture
def sealing_key(settings) -> None:
    """Secrets of factors are sealed with a key of this test."""
    settings.SEALING_KEYS = [base64.b64encode(bytes(32)).decode()]
