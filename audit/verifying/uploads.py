"""A pack that was uploaded, as something that can be read in pieces. It is never unpacked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from audit.verifying.errors import PackTooLargeHere


@contextmanager
def readable(file: "UploadedFile[bytes]") -> Iterator[Path]:
    """Where the upload lies on disk, as long as this lasts. Raises PackTooLargeHere."""
    size = file.size or 0
    if size > settings.VERIFY_LIMIT:
        raise PackTooLargeHere(size, settings.VERIFY_LIMIT)
    if isinstance(file, TemporaryUploadedFile):
        yield Path(file.temporary_file_path())
        return
    with NamedTemporaryFile(suffix=".zip") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)
