"""Groups and their branches, as docs/engine.md says it. Pure."""

from collections.abc import Mapping

from runbooks.definitions.tree import ROOT, Tree
from runbooks.engine.model import Definition, Strategy


def strategies_of(definition: Definition) -> Mapping[str, Strategy]:
    """What each group says about failure, by section; "" is the runbook."""
    own = {section.id: section.strategy for section in definition.sections if section.strategy is not None}
    return {ROOT: definition.strategy, **own}


def branches_of(definition: Definition, group: str) -> list[list[str]]:
    """Steps of a group that are tied to each other by needs inside of it. A group inside counts as one member."""
    tree, strategies = Tree(definition), strategies_of(definition)
    members = tree.members[group]
    joined = {step: step for step in members}
    inner: dict[str, str] = {}
    for step in members:
        around = tree.around(step)
        for section in reversed(around[: around.index(group)]):  # the outermost group inside of this one
            if section in strategies:
                _join(joined, inner.setdefault(section, step), step)
                break
        for need in definition.by_id[step].needs:
            if need in joined:
                _join(joined, need, step)
    branches: dict[str, list[str]] = {}
    for step in members:
        branches.setdefault(_root(joined, step), []).append(step)
    return list(branches.values())


def _root(joined: dict[str, str], step: str) -> str:
    while joined[step] != step:
        joined[step] = joined[joined[step]]
        step = joined[step]
    return step


def _join(joined: dict[str, str], one: str, other: str) -> None:
    joined[_root(joined, other)] = _root(joined, one)
