"""The rules in force: those that come with Muster, and the institution's own that two people put in force."""

from collections.abc import Mapping
from functools import lru_cache

from audit.models import RegimeVersion, VersionState
from audit.regimes import shipped
from audit.regimes.errors import NoSuchRule
from audit.regimes.model import Regime, Worksheet
from audit.regimes.reading import question_of, read_regime


@lru_cache(maxsize=128)
def read_own(text: str, file: str) -> tuple[Regime, Worksheet | None]:
    """An own regime and its one question. Raises RegimeRefused, also for a worksheet that isn't there."""
    regime = read_regime(text, file, sets=shipped.terms().sets, is_own=True)
    for name in () if "\nquestion:" in f"\n{text}" else regime.worksheets:
        if name not in shipped.worksheets():
            raise NoSuchRule("worksheet", name)
    return regime, question_of(regime, text, file)


def _own() -> list[tuple[Regime, Worksheet | None]]:
    versions = RegimeVersion.objects.filter(state=VersionState.IN_FORCE).order_by("slug")
    return [read_own(version.text, version.slug) for version in versions]


def regimes() -> Mapping[str, Regime]:
    """Every regime by id: the shipped ones, then the institution's own. One query."""
    return {**shipped.regimes(), **{regime.id: regime for regime, _ in _own()}}


def worksheets() -> Mapping[str, Worksheet]:
    """Every worksheet by id. One query."""
    return {**shipped.worksheets(), **{sheet.id: sheet for _, sheet in _own() if sheet}}


def regime_of(name: str) -> Regime:
    """The regime. Raises NoSuchRule."""
    found = regimes().get(name)
    if found is None:
        raise NoSuchRule("regime", name)
    return found


def worksheet_of(name: str) -> Worksheet:
    """The worksheet. Raises NoSuchRule."""
    found = worksheets().get(name)
    if found is None:
        raise NoSuchRule("worksheet", name)
    return found
