"""The document in a pack that a person reads. `render` makes it; rooms above say their part by `register`."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from audit.reports.compose import compose, cover
from audit.reports.contributions import Sentence, register, register_sentences, speaker
from audit.reports.errors import UnknownZone
from audit.reports.material import Material, Proof, StreamPart, material_of
from audit.reports.reading import Reading
from audit.reports.typesetting import Attached, forget, typeset
from audit.reports.volumes import MOST_ROWS, volumes
from audit.reports.wording import LANGUAGES, Words

__all__ = [
    "LANGUAGES",
    "Material",
    "Proof",
    "Sentence",
    "StreamPart",
    "material_of",
    "register",
    "register_sentences",
    "render",
    "speaker",
    "zone_of",
]

UTC = ("UTC", "Etc/UTC")


def render(
    material: Material, *, language: str = "en", paper: str = "a4", zone: str = "", most_rows: int = MOST_ROWS
) -> list[bytes]:
    """The report as PDF/A-3b, one file per volume; the same input gives the same bytes.

    language: en or de. paper: a4 or letter. zone: a time zone that stands beside UTC. The first volume carries
    entries.jsonl, head.json and the checkpoint. Set it in a process with a memory limit: 2,500 rows take 0.4 GB.
    Raises UnknownLanguage, UnknownPaper, UnknownZone, NotTypeset."""
    reading = Reading(material, Words(language), zone_of(zone))
    parts = volumes(compose(reading), most_rows)
    head = cover(reading)
    found = []
    for number, each in enumerate(parts, 1):
        if number > 1:
            forget()
        volume = reading.words("cover.volume_of", number=number, count=len(parts)) if len(parts) > 1 else ""
        files = attachments(material) if number == 1 else ()
        found.append(
            typeset(each, cover=head, language=language, paper=paper, made=material.made, attached=files, volume=volume)
        )
    return found


def attachments(material: Material) -> list[Attached]:
    """What the document was made from, byte for byte."""
    main = material.main
    found = [
        Attached("entries.jsonl", main.entries_jsonl, "application/x-ndjson", "The entries of the ledger", "source"),
        Attached("head.json", main.head_json, "application/json", "Size and root of the ledger"),
        Attached("checkpoint", material.checkpoint, "text/plain", "The signed checkpoint that covers the head"),
    ]
    return [each for each in found if each.content]


def zone_of(name: str) -> ZoneInfo | None:
    """The zone that stands beside UTC; None for "" and where it would say UTC twice. Raises UnknownZone."""
    if name == "localtime":  # another zone on another machine
        raise UnknownZone(name)
    try:
        return ZoneInfo(name) if name not in ("", *UTC) else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None
