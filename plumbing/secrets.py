"""Secrets by reference: a definition says `{{ secrets.name }}`, and who acts opens it at the moment of use.

Needed by runbooks (configurations of actions and probes) and plumbing (named connections of the toolbox). A secret is
opened only inside `watched()`, which remembers what was opened, so that no output, error or live text carries it on.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from plumbing.errors import MusterError
from plumbing.expressions import ExpressionError, paths_in, resolve
from plumbing.redaction import redacted, redacted_tree

ROOT = "secrets"  # of paths in templates
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
SHORTEST = 4  # characters; anything shorter can't be told from ordinary text, so it can't be kept out of an output
LONGEST = 65_536


class SecretRefused(MusterError):
    """A secret can't be opened. Nothing was done."""

    code = "secret_refused"
    status = 422

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"Secret {self.name}: {self.reason}"


class Provider(Protocol):
    """Where secrets are kept. A vault is one more class with this function, named in MUSTER_SECRET_PROVIDERS."""

    def find(self, name: str) -> str | None:
        """The secret's value, None when it has none of this name. Raises OSError when it can't be asked."""


class Environment(Provider):
    """Environment variables: `orders_db` is MUSTER_SECRET_ORDERS_DB."""

    def find(self, name: str) -> str | None:
        return os.environ.get(f"MUSTER_SECRET_{name.upper()}")


class Folder(Provider):
    """Files in MUSTER_SECRETS_DIR, named like the secret; one line break at the end doesn't count."""

    def find(self, name: str) -> str | None:
        if not settings.SECRETS_DIR:
            return None
        try:
            with (Path(settings.SECRETS_DIR) / name).open(encoding="utf-8") as file:
                return file.read(LONGEST + 2).removesuffix("\n")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise SecretRefused(name, "its file is no text in UTF-8.") from None


class Watch:
    """The secrets that were opened since it began, and texts without them."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def note(self, value: str) -> None:
        """Keep this value out of every text from now on."""
        self._values.add(value)

    def redacted(self, text: str) -> str:
        """The text without any secret that was opened."""
        return redacted(text, frozenset(self._values))

    def redacted_tree(self, tree: Any) -> Any:
        """The JSON without any secret that was opened."""
        return redacted_tree(tree, frozenset(self._values))


_current: ContextVar[Watch | None] = ContextVar("secrets_watch", default=None)


@contextmanager
def watched() -> Iterator[Watch]:
    """Only in here secrets can be opened. Whatever leaves must go through the watch's `redacted`."""
    watch = Watch()
    token = _current.set(watch)
    try:
        yield watch
    finally:
        _current.reset(token)


def hidden(text: str) -> str:
    """The text without the secrets opened so far. For who cuts a text: half a secret wouldn't be recognised later."""
    watch = _current.get()
    return watch.redacted(text) if watch else text


def reveal(name: str) -> str:
    """The secret's value, from the first provider that has it. Raises SecretRefused."""
    watch = _current.get()
    if watch is None:
        raise SecretRefused(name, "only who acts may open it, at the moment of use.")
    check_name(name)
    for path in settings.SECRET_PROVIDERS:
        try:
            value: str | None = import_string(path)().find(name)
        except OSError as error:
            raise SecretRefused(name, f"{path} can't be asked: {error.strerror or type(error).__name__}.") from None
        if value is not None:
            _check_length(name, value)
            watch.note(value)
            return value
    where = f"set MUSTER_SECRET_{name.upper()}, or put the file {name} into the folder MUSTER_SECRETS_DIR"
    raise SecretRefused(name, f"this worker has none of that name; {where}.")


def check_name(name: str) -> None:
    """Raises SecretRefused unless a secret could be called so."""
    if not NAME.fullmatch(name):
        raise SecretRefused(name, "expected small letters, digits and _, beginning with a letter, at most 64.")


def _check_length(name: str, value: str) -> None:
    if not SHORTEST <= len(value) <= LONGEST:
        raise SecretRefused(name, f"it has {len(value)} characters, expected {SHORTEST} to {LONGEST}.")


class _Closed(Mapping[str, str]):
    """Each secret stands for itself: what a digest, an approver and a preview see."""

    def __getitem__(self, name: str) -> str:
        return f"{{{{ {ROOT}.{name} }}}}"

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and NAME.fullmatch(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Open(_Closed):
    """Each secret is opened when it is asked for."""

    def __getitem__(self, name: str) -> str:
        return reveal(name)


def closed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a template in which a reference to a secret stays a reference."""
    return {**values, ROOT: _Closed()}


def opened(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with everything filled in, secrets too. Raises SecretRefused, ExpressionError.

    Always from the author's template, never from something already filled in: an input that reads
    `{{ secrets.x }}` is only a text."""
    return resolve(template, {**values, ROOT: _Open()})


def names_in(template: Any) -> frozenset[str]:
    """The secrets that a template refers to, anywhere in it. What is no template counts as without."""
    if isinstance(template, Mapping):
        return frozenset[str]().union(*map(names_in, template.values()))
    if isinstance(template, list | tuple):
        return frozenset[str]().union(*map(names_in, template))
    if not isinstance(template, str):
        return frozenset()
    try:
        return frozenset(path[1] for path in paths_in(template) if path[0] == ROOT and len(path) == 2)
    except ExpressionError:
        return frozenset()
