"""Which characters the report can draw. A PDF/A can't hold one that its fonts don't have, so such a one is written out.

The fonts are those that the typst package embeds; their tables are read from it, so that an upgrade can't surprise us.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path

import typst
from fontTools.ttLib import TTFont, TTLibError

Styles = dict[tuple[str, str], frozenset[int]]

SERIF, MONO = "Libertinus Serif", "DejaVu Sans Mono"
WANTED = ((SERIF, "Regular"), (SERIF, "Semibold"), (MONO, "Book"), (MONO, "Bold"))
PAIRS = ((WANTED[0], WANTED[2]), (WANTED[1], WANTED[3]))  # what stands in for the serif where it lacks a character
LONG_WORD, PIECE = re.compile(r"\S{30,}"), re.compile(r".{1,15}")
ZERO_WIDTH_SPACE = "\u200b"
HEADS = (b"OTTO\x00", b"\x00\x01\x00\x00\x00")  # of OpenType and TrueType
LARGEST_FONT = 4_000_000  # bytes
NEVER = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Mc", "Me"})
"""Invisible, or changing what stands beside it: a hidden turn of the writing direction must be seen, not obeyed."""


def shown(text: str) -> str:
    """The text with every character that can't be drawn as ⟦U+XXXX⟧. Line breaks stay; a tab is a space."""
    if text.isascii() and text.isprintable():
        return text
    drawable = coverage()
    return "".join(_one(char, drawable) for char in text.replace("\r\n", "\n").replace("\t", " "))


def breakable(text: str) -> str:
    """The text with places to break in words that are longer than a narrow column: what overflows a page is lost.

    Not for what is copied from the document, such as a digest: the mark goes along."""
    return LONG_WORD.sub(lambda found: ZERO_WIDTH_SPACE.join(PIECE.findall(found[0])), text)


def _one(char: str, drawable: frozenset[int]) -> str:
    if char == "\n" or (ord(char) in drawable and unicodedata.category(char) not in NEVER):
        return char
    return f"⟦U+{ord(char):04X}⟧"


@cache
def coverage() -> frozenset[int]:
    """Code points that can be drawn in every style which the templates use. Raises LookupError for a missing font."""
    styles = _embedded()
    if missing := [" ".join(each) for each in WANTED if each not in styles]:
        raise LookupError(f"The typst package embeds no {', no '.join(missing)}.")
    return frozenset.intersection(*(styles[serif] | styles[mono] for serif, mono in PAIRS))


def _embedded() -> Styles:
    """The code points of each wanted style that stands in the package's library."""
    styles = Styles()
    with _library().open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as library:
        for place in _heads(library):
            font = _font(library[place : place + LARGEST_FONT])
            if font and (style := _style(font)) in WANTED and style not in styles:
                styles[style] = _code_points(font)
            if len(styles) == len(WANTED):
                break
    return styles


def _library() -> Path:
    """The compiled part of the typst package, in which the fonts lie as they are."""
    return next(path for path in Path(typst.__file__).parent.glob("_typst.*") if path.suffix in (".so", ".pyd"))


def _heads(library: mmap) -> Iterator[int]:
    """Where a font may begin: its head, and the name of a table where the first entry of its directory stands."""
    for head in HEADS:
        place = library.find(head)
        while place >= 0:
            if library[place + 12 : place + 16] in (b"BASE", b"CFF ", b"FFTM", b"GDEF", b"DSIG", b"GPOS", b"GSUB"):
                yield place
            place = library.find(head, place + 1)


def _font(data: bytes) -> TTFont | None:
    """None for bytes that only look like a font."""
    try:
        font = TTFont(BytesIO(data), lazy=True)
        return font if font["name"] and "cmap" in font else None
    except (TTLibError, KeyError, AssertionError, ValueError):
        return None


def _style(font: TTFont) -> tuple[str, str]:
    names = font["name"]
    family = str(names.getDebugName(16) or names.getDebugName(1))
    if family.endswith(" Semibold"):
        return family.removesuffix(" Semibold"), "Semibold"
    return family, str(names.getDebugName(17) or names.getDebugName(2))


def _code_points(font: TTFont) -> frozenset[int]:
    font.setGlyphOrder([str(number) for number in range(font["maxp"].numGlyphs)])  # their names would be read for long
    return frozenset(font.getBestCmap() or ())
