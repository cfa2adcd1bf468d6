"""How files leave the house, on pages and in the API alike: as downloads, streamed, never shown by a browser."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import FileResponse

from audit.models import PackJob
from audit.packs import keeping

CHUNK = 1 << 18


class Download(FileResponse):
    """A file that an ASGI server, too, sends a piece at a time: Django's own would read all of it first."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.file_to_stream is None:
            return
        while piece := await asyncio.to_thread(self.file_to_stream.read, CHUNK):
            yield piece


def pack_file(job: PackJob) -> FileResponse:
    """The zip of a pack that is ready, with its SHA-256 in a header (RFC 9530)."""
    pack = job.pack
    if pack is None:
        raise ValueError("a pack without a file was to be handed out")
    special = job.kind if job.kind in ("approval", "period", "person") else ""
    name = "-".join(filter(None, ["evidence", special, pack.stream.uid, str(pack.size)]))
    return _download(keeping.path_of(pack.zip_sha256), f"{name}.zip", pack.zip_sha256, "application/zip")


def stored_file(path: Path, name: str, sha256: str) -> FileResponse:
    """A file that was attached: whatever it is, it is bytes to keep."""
    return _download(path, name, sha256, "application/octet-stream")


def _download(path: Path, name: str, sha256: str, kind: str) -> FileResponse:
    digest = base64.b64encode(bytes.fromhex(sha256)).decode()
    answer = Download(path.open("rb"), as_attachment=True, filename=name, content_type=kind)
    answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
