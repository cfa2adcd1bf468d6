"""Every pair of colours that the design promises, measured as WCAG 2.2 measures it, in both themes."""

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")
COLOURS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS.read_text())}
SURFACES = ("bg", "surface", "raised", "sunken")
TINTS = ("run", "ok", "appr", "fail", "warn", "undo", "wait")
TEXT, CONTROL = 4.5, 3.0

PAIRS = [
    *((ink, ground, TEXT) for ink, ground in product(("ink", "ink-2", "ink-3", "link"), SURFACES)),
    *((ink, f"{tint}-bg", TEXT) for ink, tint in product(("ink", "ink-2", "ink-3"), TINTS)),
    *((tint, f"{tint}-bg", TEXT) for tint in TINTS),
    *((tint, ground, TEXT) for tint, ground in product(TINTS, SURFACES)),
    *((line, ground, CONTROL) for line, ground in product(("edge", "focus"), SURFACES)),
    ("on-ink", "ink", TEXT),
    ("on-ink", "ink-hover", TEXT),
    ("on-ink", "appr", TEXT),
    ("on-sev", "sev1", TEXT),
    ("on-sev", "sev2", TEXT),
    ("sev3", "surface", TEXT),
    ("sev4", "surface", TEXT),
]


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_a_pair_of_tokens_can_be_read(front: str, ground: str, least: float, theme: str) -> None:
    assert contrast(COLOURS[front][theme], COLOURS[ground][theme]) >= least


def test_no_colour_token_stands_without_a_pair() -> None:
    paired = {name for front, ground, _ in PAIRS for name in (front, ground)}
    assert set(COLOURS) - paired == {"line"}  # hairlines are decoration
