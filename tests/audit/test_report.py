"""The report as a document: an archive format, the same bytes for the same input, text that is only ever text."""

import re
import shutil
import string
import subprocess
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.reports import LANGUAGES, glyphs, render, typesetting, wording
from audit.reports.blocks import Cell, Column, Paragraph, Section, Table
from audit.reports.errors import UnknownLanguage, UnknownPaper, UnknownZone
from audit.reports.typesetting import TEMPLATES
from audit.reports.volumes import volumes
from tests.audit.reporting import LENA, ZOE, everything_in, material, part, pdf_of, row, rows_of, text_of

SECRET = "Falkensteiner-4711"
NOTES = rows_of(*[("note.added", ZOE, {"text": f"Note number {number}."}) for number in range(3)])


def test_it_is_archivable_readable_by_machines_and_carries_what_it_was_made_from():
    made = material(NOTES)
    with pikepdf.open(BytesIO(pdf_of(made))) as pdf:
        meta = pdf.Root.Metadata.read_bytes().decode()
        assert re.search(r"pdfaid:part>3<", meta) and re.search(r"pdfaid:conformance>B<", meta)
        assert re.search(r"pdfuaid:part>1<", meta)
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == ("en-GB", True)
        assert pdf.Root.Outlines.Count != 0
        files = {str(each.UF): each for each in pdf.Root.AF}
        assert {name: str(each.AFRelationship) for name, each in files.items()} == {
            "entries.jsonl": "/Source",
            "head.json": "/Data",
            "checkpoint": "/Data",
        }
        inside = {name: each.EF.F.read_bytes() for name, each in files.items()}
    main = made.main
    assert inside == {"entries.jsonl": main.entries_jsonl, "head.json": main.head_json, "checkpoint": made.checkpoint}


def test_verapdf_agrees(tmp_path):
    program = shutil.which("verapdf")
    if program is None:
        pytest.skip("veraPDF is missing: it is no Debian package; https://verapdf.org has an installer")
    (tmp_path / "report.pdf").write_bytes(pdf_of(material(NOTES)))
    done = subprocess.run([program, "-f", "3b", tmp_path / "report.pdf"], capture_output=True, text=True, check=False)
    assert 'isCompliant="true"' in done.stdout


def test_the_same_input_gives_the_same_bytes_and_the_only_moment_in_it_is_the_given_one():
    made = material(NOTES)
    one, two = pdf_of(made), pdf_of(made)
    assert one == two
    with pikepdf.open(BytesIO(one)) as pdf:
        moments = {str(value) for key, value in pdf.docinfo.items() if "Date" in key}
    assert moments == {"D:20260302120000Z"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("paper", "size"), [("a4", (595.28, 841.89)), ("letter", (612, 792))])
def test_it_comes_in_each_language_on_each_paper(language, paper, size):
    pdf = pdf_of(material(NOTES), language=language, paper=paper, zone="Europe/Berlin")
    with pikepdf.open(BytesIO(pdf)) as opened:
        box = [float(number) for number in opened.pages[0].mediabox]
        assert str(opened.Root.Lang)[:2] == language
    assert box[2:] == pytest.approx(size, abs=0.1)
    text = text_of(pdf)
    assert {"en": "How to check this document", "de": "Wie man dieses Dokument prüft"}[language] in text
    assert "2026-03-02 09:00:00 UTC" in text
    assert text.index("2026-03-02 09:00:00 UTC") < text.index("2026-03-02 10:00:00 CET")


def test_what_cannot_be_chosen_is_refused():
    with pytest.raises(UnknownLanguage, match=r"'fr'.*en, de"):
        render(material(NOTES), language="fr")
    with pytest.raises(UnknownPaper, match=r"'a5'.*a4, letter"):
        render(material(NOTES), paper="a5")
    for zone in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "localtime"):
        with pytest.raises(UnknownZone):
            render(material(NOTES), zone=zone)


def test_the_zone_is_all_that_changes_with_the_zone():
    made = material(NOTES)
    assert pdf_of(made, zone="Europe/Berlin") == pdf_of(made, zone="Europe/Berlin") != pdf_of(made)
    assert pdf_of(made, zone="UTC") == pdf_of(made), "UTC isn't said twice"


def test_each_page_says_what_it_belongs_to():
    text = text_of(pdf_of(material(NOTES)))
    assert "Muster · INC-1 Store is slow · entry 2 · digest 4858e9f2d40a30b0" in text
    assert re.search(r"Page 1 / \d", text)


def test_nothing_that_people_wrote_is_markup():
    wild = ['#panic("no")', "*bold* _it_ $x^2$", "= Heading", "@nobody <label>", "// no comment", "\\u{41} `raw`"]
    wild.append('"; #read("/etc/passwd")')
    made = material(rows_of(*[("note.added", ZOE, {"text": each}) for each in wild]), title='#eval("1") & <b>')
    text = text_of(pdf_of(made))
    for each in [*wild, '#eval("1") & <b>']:
        assert each in text


def test_what_cannot_be_drawn_or_seen_is_written_out():
    assert glyphs.shown("Zoë ✓ → 100 €") == "Zoë ✓ → 100 €"
    assert glyphs.shown("a\u202eb") == "a⟦U+202E⟧b"
    assert glyphs.shown("e\u0301\U0001f600\u65e5\x07") == "e⟦U+0301⟧⟦U+1F600⟧⟦U+65E5⟧⟦U+0007⟧"
    assert glyphs.shown("one\r\ntwo\tthree") == "one\ntwo three"
    odd = "".join(map(chr, [0x1F600, 0x202E, 0x65E5, 0x0301, 0xFEFF, 0xE000, 0x10FFFF]))
    made = material(rows_of(("note.added", ZOE, {"text": f"seen: {odd}"})), title=f"INC {odd}")
    assert "⟦U+1F600⟧" in text_of(pdf_of(made))


def test_every_character_that_we_say_can_be_drawn_is_drawn():
    known = [chr(code) for code in sorted(glyphs.coverage()) if glyphs.shown(chr(code)) == chr(code)]
    assert len(known) > 3000
    lines = ["".join(known[start : start + 60]) for start in range(0, len(known), 60)]
    told = rows_of(*[("note.added", ZOE, {"text": line}) for line in lines])
    pdf_of(material(told, title="".join(known[:300])))  # a glyph that is missing aborts PDF/A


def test_a_kind_that_nobody_knows_is_told_in_its_own_words():
    told = rows_of(("moon.landed", LENA, {"eagle_has": "landed", "crew": [ZOE, LENA], "fuel_left": None, "safe": True}))
    text = text_of(pdf_of(material(told)))
    assert "Moon landed (Lena Vogt)" in text
    assert "Crew: Zoë Müller, Lena Vogt" in text
    assert "Fuel left: nothing" in text and "Safe: yes" in text


def test_an_entry_whose_fields_are_not_as_expected_does_not_stop_the_report():
    told = rows_of(
        ("approval.asked", ZOE, {"request": 7, "asked": "who", "seats": {"a": 1}}),
        ("approval.approved", ZOE, {"request": "x", "conditions": "many", "ground": ["odd"]}),
        ("step.running", ZOE, {"run": "r", "step": "s", "from": 3, "title": ["t"]}),
        ("incident.moved", ZOE, {"from": 1, "to": {"a": "b"}}),
        ("entry.corrected", ZOE, {"corrects": 99, "text": 5}),
        ("note.added", ZOE, {"occurred_at": "yesterday"}),
    )
    for language in LANGUAGES:
        assert pdf_of(material(told), language=language).startswith(b"%PDF")


@pytest.mark.parametrize("rows", [[], [row(0, "note.added", ZOE, text="Alone.")]])
def test_an_empty_stream_and_one_entry_are_documents_too(rows):
    text = text_of(pdf_of(material(rows)))
    assert ("There is no entry." in text) == (not rows)


def test_what_is_withheld_or_erased_is_said_and_stands_nowhere_in_the_file():
    told = rows_of(
        ("incident.opened", ZOE, {"severity": "SEV2", "services": ["store"], "description": SECRET}),
        ("note.added", ZOE, {"text": SECRET}),
        ("approval.asked", ZOE, {"request": "q", "question": SECRET, "effect": SECRET, "because": SECRET}),
        ("approval.rejected", LENA, {"request": "q", "question": SECRET, "reason": SECRET}),
        ("role.taken", ZOE, {"role": "commander", "user": LENA, "name": SECRET}),
        ("step.running", LENA, {"run": "r", "step": "s", "title": SECRET, "from": "ready", "why": SECRET}),
        ("entry.corrected", ZOE, {"corrects": 1, "text": SECRET}),
        ("moon.landed", ZOE, {"eagle": SECRET}),
    )  # fmt: skip
    hidden = [
        {"seq": each.seq, "name": name, "state": "erased" if each.seq == 1 else "withheld", "reason": "Art. 23 GDPR"}
        for each in told
        for name, value in each.fields.items()
        if value == SECRET
    ]
    for language in LANGUAGES:  # the values are still in the rows: a report must not trust its caller to leave them out
        pdf = pdf_of(material(streams=[part(told, redactions=hidden)]), language=language)
        text = text_of(pdf)
        assert {"en": "withheld: Art. 23 GDPR", "de": "zurückgehalten: Art. 23 GDPR"}[language] in text
        assert {"en": "[erased]", "de": "[gelöscht]"}[language] in text
        assert SECRET not in text
        raw = everything_in(pdf).lower()
        for form in (SECRET.encode(), SECRET.encode("utf-16-be"), SECRET.encode("utf-16-be").hex().encode()):
            assert form.lower() not in raw
        assert everything_in(pdf).count(b"Store is slow") > 0  # what isn't hidden is found this way


def test_later_entries_carry_both_times_and_corrections_both_texts():
    told = [
        row(0, "note.added", ZOE, text="Power was lost.", occurred_at="2026-03-02T07:30:00Z"),
        row(1, "note.added", ZOE, text="At once.", occurred_at="2026-03-02T09:00:00.500Z"),
        row(2, "entry.corrected", LENA, corrects=0, text="Power was never lost."),
    ]
    text = text_of(pdf_of(material(told)))
    assert "Corrections and later entries" in text
    assert "it happened 2026-03-02 07:30:00 UTC, and was recorded 1 h 30 min afterwards" in text
    assert text.count("Made later: ") == 2  # in the timeline and in the chapter; entry 1 was made at once
    assert "Power was never lost." in text and "Before, in entry 0" in text


def test_more_rows_than_fit_become_volumes_and_each_entry_stands_in_one_of_them():
    told = rows_of(*[("note.added", ZOE, {"text": f"<{number}>"}) for number in range(130)])
    found = render(material(told), most_rows=50)
    texts = [text_of(pdf) for pdf in found]
    assert len(found) == 3
    assert re.findall(r"<(\d+)>", " ".join(texts)) == [str(number) for number in range(130)]
    assert "Volume 1 of 3" in texts[0] and "Volume 3 of 3" in texts[2] and "Timeline (continued)" in texts[1]
    with pikepdf.open(BytesIO(found[0])) as first, pikepdf.open(BytesIO(found[1])) as second:
        assert (len(first.attachments), len(second.attachments)) == (3, 0)
    assert found == render(material(told), most_rows=50)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_volumes_keep_every_row_in_order_and_none_is_too_large(sizes, most):
    columns = [Column("n")]
    tables = [Table(columns, [[Cell(f"{t}.{r}")] for r in range(size)]) for t, size in enumerate(sizes)]
    sections = [Section(10, f"s{number}", [Paragraph("p"), table]) for number, table in enumerate(tables)]
    found = volumes(sections, most)
    rows = [
        [r[0].text for each in volume for block in each.section.blocks if isinstance(block, Table) for r in block.rows]
        for volume in found
    ]
    assert [cell for volume in rows for cell in volume] == [r[0].text for table in tables for r in table.rows]
    assert all(len(volume) <= most for volume in rows)
    assert [each.section.title for volume in found for each in volume if not each.goes_on] == [
        s.title for s in sections
    ]


def test_no_language_lacks_a_word_and_each_fills_in_the_same_fields():
    tables = wording.tables()
    assert set(tables) == set(LANGUAGES)
    assert tables["en"].keys() == tables["de"].keys()
    for key, english in tables["en"].items():
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, tables["de"][key])
        ]
        assert fields[0] == fields[1], key
        assert english.strip() and "!" not in english + tables["de"][key], key
        assert english.count("|") == tables["de"][key].count("|"), key


@pytest.mark.parametrize(
    ("seconds", "english", "german"),
    [
        (3.44, "3.4 s", "3,4 s"),
        (42, "42 s", "42 s"),
        (725, "12 min 5 s", "12 min 5 s"),
        (11760, "3 h 16 min", "3 h 16 min"),
        (187200, "2 d 4 h", "2 d 4 h"),
        (-5, "0.0 s", "0,0 s"),
    ],
)
def test_durations_read_as_people_say_them(seconds, english, german):
    span = timedelta(seconds=seconds)
    assert [wording.Words(language).duration(span) for language in ("en", "de")] == [english, german]


def test_the_templates_ask_for_nothing_from_outside():
    for path in TEMPLATES.glob("*.typ"):
        text = path.read_text()
        assert "@preview" not in text and "@local" not in text
        assert all(name in ("look.typ", "parts.typ") for name in re.findall(r'#?import "([^"]+)"', text)), path
        assert not re.search(r"\b(read|image|plugin|include|datetime\.today)\(", text), path
    assert not Path(typesetting.NOWHERE).exists()


def test_a_word_that_is_wider_than_the_page_is_broken_and_none_of_it_is_lost():
    long = "https://example.com/" + "".join(f"segment{number:03}" for number in range(60))
    pdf = pdf_of(material(rows_of(("note.added", ZOE, {"text": long}))))
    seen = text_of(pdf).replace("\u200b", "").replace(" ", "")
    assert long in seen
    with pikepdf.open(BytesIO(pdf)) as opened:
        width = float(opened.pages[0].mediabox[2])
    program = shutil.which("pdftotext")  # text_of has asked for it
    boxes = subprocess.run([program, "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    assert max(float(right) for right in re.findall(r'xMax="([\d.]+)"', boxes)) < width
    assert material().main.root in text_of(pdf)  # what people copy has no marks in it


def test_entries_about_something_else_are_counted_and_not_told():
    made = material(streams=[replace(part(NOTES), others=4)])
    assert "4 entries of these streams are about something else" in text_of(pdf_of(made))
