"""The policies that come with Muster: the house's own and the eight classes. Version 1 of each, until it is changed."""

from functools import cache
from pathlib import Path

from approvals.policies.model import Policy
from approvals.policies.reading import read_policy

HOUSE = "house"


@cache
def texts() -> dict[str, str]:
    """slug -> the text as shipped."""
    return {path.stem: path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.yaml"))}


@cache
def shipped() -> dict[str, Policy]:
    """slug -> version 1."""
    return {slug: read_policy(text, file=f"{slug}.yaml") for slug, text in texts().items()}
