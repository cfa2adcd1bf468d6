"""Looks for marks wherever Muster keeps something: tables, sessions, files, packs, and what a reader sees of a PDF."""

import base64
import io
import re
import shutil
import subprocess
import zipfile
import zlib
from pathlib import Path

import pikepdf
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection

from tests.plugins.lacking import lacks

MARKS = ("Quittenbaum", "quitte77@bank.example", "DE89370400440532013000", "10.77.88.99")
WHO, MAIL, IBAN, HOST = MARKS


def written(mark):
    """A mark as a column or a file may hold it: as it is, in hex, and in base64 wherever it begins."""
    raw = mark.encode()
    yield from (raw, raw.hex().encode(), raw.hex().upper().encode())
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw)
        yield whole[(0, 2, 3)[before] : len(whole) - 4]  # without what the neighbours change


def is_in(raw, marks):
    return any(form in raw for mark in marks for form in written(mark)) or any(
        mark.casefold().encode() in raw.lower() for mark in marks
    )


def tables_holding(marks):
    """Every column of every table of the database that holds one of them, in clear, hex or base64."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names that the database gave
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    if is_in(raw, marks):
                        found.add(f"{table}.{name}")
    for session in Session.objects.all():  # compressed, so that nothing of it is found in the column
        if is_in(str(session.get_decoded()).encode(), marks):
            found.add("django_session.session_data")
    return found


def files_holding(marks):
    """Every kept file that holds one of them: packs, half-written ones, attachments. By name."""
    kept = [file for folder in (settings.PACKS_DIR, settings.FILES_DIR) for file in Path(folder).rglob("*")]
    return {file.name for file in kept if file.is_file() and is_in(file.read_bytes(), marks)}


def everything_in(content):
    """All bytes of a pack: its files, and every stream of a PDF decompressed."""
    for path, data in unzipped(content).items():
        yield path, data
        if path.endswith(".pdf"):
            for raw in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
                try:
                    yield f"{path} (a stream)", zlib.decompressobj().decompress(raw)
                except zlib.error:
                    yield f"{path} (a raw stream)", raw


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def text_of_pdfs(content):
    """What a reader sees, and the metadata: glyphs in a stream aren't letters, so a reader is asked."""
    if shutil.which("pdftotext") is None:
        lacks("pdftotext", "run `apt-get install poppler-utils` as root (Debian)")
    said = []
    for path, data in unzipped(content).items():
        if path.endswith(".pdf"):
            with pikepdf.open(io.BytesIO(data)) as pdf:
                said.append(f"{pdf.docinfo} {pdf.open_metadata()}")
            command = ["pdftotext", "-enc", "UTF-8", "-", "-"]
            said.append(subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode())
    assert said, "a pack has a report"
    return " ".join(" ".join(said).split())
