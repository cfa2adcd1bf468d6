"""The API's own description is complete: a program can be written from it alone."""

import io

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_schema_is_made_without_a_warning():
    complaints = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=io.StringIO(), stderr=complaints)
    assert complaints.getvalue() == ""
