"""Sections become PDF/A-3b by typst: fonts that the package embeds, data as JSON and never as markup, no network.

The same input gives the same bytes: the only moment in the file is the one that is given.
"""

import ctypes
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import typst

from audit.reports.errors import NotTypeset, UnknownPaper
from audit.reports.glyphs import MONO, SERIF, breakable, shown
from audit.reports.volumes import Part

TEMPLATES = Path(__file__).parent / "templates"
PAPERS = {"a4": "a4", "letter": "us-letter"}
PROSE = frozenset({"text", "under", "quote"})
KEEPS = 10  # documents for which typst keeps what it has worked out
NOWHERE = str(TEMPLATES / "no-packages")  # a folder that doesn't exist: templates import nothing from outside


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside the PDF. relationship: what it is to the document, "source" or "data" (PDF/A-3, AFRelationship)."""

    name: str
    content: bytes
    mime: str
    about: str
    relationship: str = "data"


def typeset(
    parts: Sequence[Part],
    *,
    cover: Mapping[str, str],
    language: str,
    paper: str,
    made: datetime,
    attached: Sequence[Attached] = (),
    volume: str = "",
) -> bytes:
    """One PDF. volume: "2 of 3" where there are several. attached: files, each of UTF-8 text.

    Raises UnknownPaper, NotTypeset."""
    if paper not in PAPERS:
        raise UnknownPaper(paper, tuple(PAPERS))
    document = {
        "cover": dict(cover),
        "sections": [{**asdict(part.section), "goes_on": part.goes_on} for part in parts],
        "language": language,
        "region": "de" if language == "de" else "gb",
        "paper": PAPERS[paper],
        "volume": volume,
        "serif": SERIF,
        "mono": MONO,
    }
    files = [{**asdict(each), "content": each.content.decode()} for each in attached]
    data = json.dumps({**_drawable(document), "attached": files}, ensure_ascii=False)
    try:
        found = _compiler().compile(
            input=str(TEMPLATES / "report.typ"),
            format="pdf",
            pdf_standards=["a-3b", "ua-1"],  # archived for good, and readable by whoever can't see it
            sys_inputs={"data": data},
            timestamp=int(made.timestamp()),
        )
    except typst.TypstError as error:
        raise NotTypeset(str(error.message)) from None
    assert isinstance(found, bytes)
    return found


def _compiler() -> typst.Compiler:
    return typst.Compiler(
        root=str(TEMPLATES), ignore_system_fonts=True, package_path=NOWHERE, package_cache_path=NOWHERE
    )


def forget() -> None:
    """Let go of what typst keeps from earlier documents: 120 MB for each volume of 2,500 rows.

    It drops what the last ten documents did not need, and offers no other way to say so."""
    compiler = _compiler()
    for _ in range(KEEPS + 1):
        compiler.compile(input=b"", format="pdf")
    with suppress(OSError, AttributeError):  # glibc alone keeps what was freed, 100 MB a volume, and has this
        ctypes.CDLL(None).malloc_trim(0)


def _drawable(value: object) -> dict[str, object]:
    found = _shown(value)
    assert isinstance(found, dict)
    return found


def _prose(name: str, value: object) -> object:
    return breakable(value) if name in PROSE and isinstance(value, str) else value


def _shown(value: object) -> object:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        found = {name: _shown(inner) for name, inner in value.items()}
        is_copied = value.get("is_mono") or value.get("block") == "lines"
        return found if is_copied else {name: _prose(name, inner) for name, inner in found.items()}
    if isinstance(value, list | tuple):
        return [_shown(inner) for inner in value]
    return value
