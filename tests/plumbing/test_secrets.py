"""Secrets: where they are kept, when they may be opened, and that no text carries them on."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbing import secrets
from plumbing.redaction import HIDDEN, redacted, redacted_tree
from plumbing.secrets import SecretRefused, closed, names_in, opened, reveal, watched

PASSWORD = 'Tr0ub4dor"&<3/ü'


@pytest.fixture
def folder(settings, tmp_path):
    settings.SECRETS_DIR = str(tmp_path)
    return tmp_path


def test_a_secret_comes_from_the_folder_first_then_from_the_environment(folder, monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_ORDERS_DB", "from-environment")
    with watched():
        assert reveal("orders_db") == "from-environment"
        (folder / "orders_db").write_text("from-a-file\n")
        assert reveal("orders_db") == "from-a-file"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("absent", None, "this worker has none of that name; set MUSTER_SECRET_ABSENT, or put the file absent into"),
        ("short", b"abc", "it has 3 characters, expected 4 to 65536"),
        ("huge", b"x" * 70_000, "it has 65538 characters"),
        ("binary", b"\xff\xfe\xff\xff", "its file is no text in UTF-8"),
        ("../outside", None, "expected small letters, digits and _"),
        ("UPPER", None, "expected small letters, digits and _"),
    ],
)
def test_what_is_no_secret_is_refused_and_says_what_to_do(folder, name, content, reason):
    if content is not None:
        (folder / name).write_bytes(content)
    with watched(), pytest.raises(SecretRefused, match=reason):
        reveal(name)


def test_a_folder_that_can_not_be_read_is_named_without_its_contents(folder):
    (folder / "orders_db").mkdir()
    with watched(), pytest.raises(SecretRefused, match=r"plumbing\.secrets\.Folder can't be asked: Is a directory"):
        reveal("orders_db")


def test_nobody_opens_a_secret_outside_of_a_watch(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token")
    with pytest.raises(SecretRefused, match="at the moment of use"):
        reveal("token")
    with pytest.raises(SecretRefused):
        opened("{{ secrets.token }}", {})


class Vault:
    def find(self, name):
        return f"vaulted-{name}" if name == "deep" else None


def test_another_provider_is_a_class_named_in_the_settings(settings):
    settings.SECRET_PROVIDERS = ["tests.plumbing.test_secrets.Vault"]
    with watched():
        assert reveal("deep") == "vaulted-deep"


def test_a_template_keeps_references_when_closed_and_gets_values_when_opened(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token")
    template = {"auth": "Bearer {{ secrets.token }}", "raw": "{{ secrets.token }}", "n": "{{ inputs.n }}"}
    values = {"inputs": {"n": 3}}
    shut = secrets.resolve(template, closed(values))
    assert shut == {"auth": "Bearer {{ secrets.token }}", "raw": "{{ secrets.token }}", "n": 3}
    with watched():
        assert opened(template, values) == {"auth": "Bearer s3cret-token", "raw": "s3cret-token", "n": 3}
    assert names_in(template) == {"token"}
    assert names_in([1, "{{ inputs.a }}", "{{ broken {{", None]) == frozenset()


def test_a_reference_that_came_in_from_outside_is_only_a_text(monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_TOKEN", "s3cret-token")
    with watched():
        filled = opened({"say": "{{ inputs.note }}"}, {"inputs": {"note": "{{ secrets.token }}"}})
    assert filled == {"say": "{{ secrets.token }}"}


@pytest.mark.parametrize(
    "shown",
    [
        PASSWORD,
        json.dumps({"p": PASSWORD}),
        repr(PASSWORD),
        f"postgres://u:{quote(PASSWORD, safe='')}@h/db",
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(f"user:{PASSWORD}".encode()).decode(),
        base64.b64encode(f"me:{PASSWORD} and more".encode()).decode(),
        PASSWORD.encode().hex(),
        PASSWORD.upper(),
    ],
)
def test_no_spelling_of_a_secret_survives(shown):
    text = redacted(f"before {shown} after", frozenset({PASSWORD}))
    assert HIDDEN in text
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert "Tr0ub" not in text


def test_the_lines_of_a_key_are_redacted_one_by_one():
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"
    assert "hkiG9w0BAQEFAASC" not in redacted("line 3: hkiG9w0BAQEFAASC", frozenset({key}))


@given(before=st.text(max_size=40), value=st.text(min_size=4, max_size=30), after=st.text(max_size=40))
def test_no_text_around_a_secret_protects_it(before, value, after):
    tree = {"a": [f"{before}{value}{after}"], value: True, "n": 12345678}
    seen = redacted_tree(tree, frozenset({value, "12345678"}))
    assert value not in seen["a"][0].replace(HIDDEN, "") or value.strip() in HIDDEN
    assert seen["n"] == HIDDEN
    assert list(seen)[1].count(HIDDEN)
