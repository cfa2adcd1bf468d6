"""How to check what the document says: the figures that prove it, and the way in plain words."""

from collections.abc import Sequence
from datetime import datetime

from audit.reports import blocks
from audit.reports.blocks import Block, Cell, Column, Facts, Lines, Paragraph, Section, Table
from audit.reports.reading import Reading

COMMANDS = """sh verify/verify.sh log.pub.pem
python3 -I verify/verify.py --key log.pub.pem
pdfsig data/report.pdf"""


def evidence(reading: Reading) -> list[tuple[str, Cell]]:
    """The figures that the summary shows."""
    words, material = reading.words, reading.material
    main = material.main
    seen = [row.time for row in main.rows]
    entries = sum(part.size for part in material.streams)
    stamped = reading.moment(material.stamped) if material.stamped else Cell(words("proof.unstamped"))
    found = [(words("proof.entries"), Cell(words.count("proof.entry", entries), _span(reading, seen)))]
    found += [
        (words("proof.root"), Cell(main.root, is_mono=True)),
        (words("proof.key"), Cell("\n".join(material.keys), is_mono=True)),
        (words("proof.stamped"), stamped),
    ]
    hidden = sum(len(part.redactions) for part in material.streams)
    if hidden:
        found.append((words("proof.hidden"), Cell(words.count("proof.fields", hidden))))
    return found


def _span(reading: Reading, seen: Sequence[datetime]) -> str:
    if not seen:
        return ""
    return reading.words("proof.span", first=reading.moment(min(seen)).text, last=reading.moment(max(seen)).text)


def method(reading: Reading) -> Section:
    """How this was recorded, how to check it without us, and what it can't prove."""
    words, material = reading.words, reading.material
    parts: list[Block] = [Paragraph(words("method.how"))]
    parts.append(Facts(_figures(reading)))
    if len(material.streams) > 1:
        parts.append(_streams(reading))
    parts.append(Paragraph(words("method.checkpoint"), "small"))
    parts.append(Lines(material.checkpoint.decode(errors="replace").rstrip("\n")))
    parts += [Paragraph(words(f"method.step.{number}")) for number in range(1, 6)]
    parts.append(Lines(COMMANDS))
    parts.append(Paragraph(words("method.limits")))
    return Section(blocks.METHOD, words("method.title"), parts)


def _figures(reading: Reading) -> list[tuple[str, Cell]]:
    words, material = reading.words, reading.material
    main = material.main
    found = [
        (words("method.stream"), Cell(main.uid, is_mono=True)),
        (words("method.size"), Cell(words.count("proof.entry", main.size))),
        (words("proof.root"), Cell(main.root, is_mono=True)),
        (words("method.origin"), Cell(material.origin, words.count("method.heads", material.checkpoint_size))),
        (words("proof.key"), Cell("\n".join(material.keys), is_mono=True)),
        (words("method.certificate"), Cell(material.certificate or words("method.no_certificate"))),
        (
            words("proof.stamped"),
            reading.moment(material.stamped) if material.stamped else Cell(words("proof.unstamped")),
        ),
        (words("method.witnesses"), Cell(", ".join(material.witnesses) or words("method.no_witnesses"))),
        (words("method.made"), reading.moment(material.made)),
    ]
    found += [
        (words("method.previous"), Cell(words("method.prefix", size=words.number(size)), root))
        for size, root in material.previous
    ]
    found += [
        (words("method.attachment"), Cell(f"{name} ({words.number(size)} B)", digest))
        for name, size, digest in material.attachments
    ]
    return found


def _streams(reading: Reading) -> Table:
    words = reading.words
    columns = [Column(words("method.stream")), Column(words("method.size"), 24, is_number=True)]
    columns.append(Column(words("proof.root"), 70))
    rows = [
        [Cell(part.title, part.uid), Cell(words.number(part.size)), Cell(part.root, is_mono=True)]
        for part in reading.material.streams
    ]
    return Table(columns, rows)
