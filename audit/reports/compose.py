"""A report from its material: what the rooms say, around what is the same for all."""

from collections.abc import Sequence

from audit.reports import blocks, chapters, proof
from audit.reports.blocks import Block, Contribution, Facts, Milestones, Paragraph, Section
from audit.reports.contributions import contributions
from audit.reports.reading import Reading

MOST_FINDINGS = 4  # that fit the summary's page; all of them stand in their own chapters


def compose(reading: Reading) -> list[Section]:
    """All sections in the order of the document; the summary comes first and takes a page of its own."""
    told = contributions(reading)
    found = [summary(reading, told), *chapters.timeline(reading), chapters.people(reading), chapters.hidden(reading)]
    found += [proof.method(reading), *(section for each in told for section in each.sections)]
    if corrected := chapters.corrections(reading):
        found.append(corrected)
    found.append(chapters.glossary(reading, [term for each in told for term in each.glossary]))
    return sorted(found, key=lambda section: section.place)


def summary(reading: Reading, told: Sequence[Contribution]) -> Section:
    """One page: what it is about, when, who, what must not be overlooked, and what proves it."""
    words, material = reading.words, reading.material
    lead = " ".join(sentence for each in told for sentence in each.lead) or _plain_lead(reading)
    parts: list[Block] = [Paragraph(lead, "lead")]
    if facts := [pair for each in told for pair in each.facts]:
        parts.append(Facts(facts))
    if steps := [item for each in told for item in each.milestones]:
        parts.append(Milestones(steps))
    findings = [finding for each in told for finding in each.findings]
    parts += sorted(findings, key=lambda finding: finding.state != "failed")[:MOST_FINDINGS]
    if len(findings) > MOST_FINDINGS:
        parts.append(Paragraph(words.count("summary.more", len(findings) - MOST_FINDINGS)))
    parts.append(Facts(proof.evidence(reading)))
    if material.audience:
        parts.append(Paragraph(words("summary.audience", audience=material.audience), "small"))
    return Section(blocks.SUMMARY, words("summary.title"), parts)


def _plain_lead(reading: Reading) -> str:
    """What can be said where no room has more."""
    words, material = reading.words, reading.material
    entries = sum(part.size for part in material.streams)
    return words("summary.plain", entries=words.count("proof.entry", entries), title=material.title)


def cover(reading: Reading) -> dict[str, str]:
    """What stands above the summary and at the head of each page."""
    words, material = reading.words, reading.material
    main = material.main
    return {
        "title": material.title,
        "kind": words.get(f"kind.{material.kind}", words("kind.other")),
        "made": words("cover.made", at=chapters.both(reading.moment(material.made))),
        "running": words("cover.running", title=material.title, entry=max(main.size - 1, 0), digest=main.root[:16]),
        "contents": words("cover.contents"),
        "page": words("cover.page"),
        "goes_on": words("cover.goes_on"),
        "volume": words("cover.volume"),
    }
