"""The regimes and worksheets that come with Muster, read once. A mistake is named by file and line."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from audit.regimes import yaml_lines
from audit.regimes.errors import RegimeRefused
from audit.regimes.model import Regime, Worksheet
from audit.regimes.reading import DATA, document, question_of, read_regime, read_worksheet

WORKSHEETS = DATA / "worksheets"
TERMS = "terms.yaml"


@dataclass(frozen=True, slots=True)
class Terms:
    """Sets of codes that rules name, and what an entity can be (code -> words)."""

    sets: Mapping[str, list[str]]
    types: Mapping[str, str]


@cache
def terms() -> Terms:
    """Sets and types of entities."""
    said = document((DATA / TERMS).read_text(), TERMS, "terms").value
    return Terms(MappingProxyType(said["sets"]), MappingProxyType(said["types"]))


@cache
def regimes() -> Mapping[str, Regime]:
    """The shipped regimes by id, in the order of their files. Raises RegimeRefused."""
    found = {}
    for path in sorted(DATA.glob("*.yaml")):
        if path.name != TERMS:
            regime = read_regime(path.read_text(), path.name, sets=terms().sets)
            if path.stem != regime.id:
                raise RegimeRefused([f"{path.name}: it names the regime {regime.id}; a file is called as its regime."])
            found[regime.id] = regime
    return MappingProxyType(found)


@cache
def worksheets() -> Mapping[str, Worksheet]:
    """The shipped worksheets by id, with the one question of regimes that have none. Raises RegimeRefused."""
    texts = {path.stem: path.read_text() for path in sorted(WORKSHEETS.glob("*.yaml"))}
    likes = {name: yaml_lines.read(text, name).value.get("like") for name, text in texts.items()}
    found: dict[str, Worksheet] = {}
    for name in sorted(texts, key=lambda each: (likes[each] is not None, each)):  # those that others are like first
        base = found[likes[name]] if likes[name] else None
        found[name] = read_worksheet(texts[name], f"{name}.yaml", sets=terms().sets, base=base)
    for regime in regimes().values():
        if (asked := question_of(regime, regime.source, f"{regime.id}.yaml")) is not None:
            found[asked.id] = asked
        for name in regime.worksheets:
            if name not in found:
                raise RegimeRefused([f"{regime.id}.yaml: there is no worksheet {name!r}."])
    return MappingProxyType(found)
