"""How a pack leaves the house, on pages and in the API alike."""

import base64

from django.http import HttpResponse

from audit.packs.issue import IssuedPack


def attachment(issued: IssuedPack) -> HttpResponse:
    """A pack as a download, with its SHA-256 in a header (RFC 9530)."""
    digest = base64.b64encode(bytes.fromhex(issued.zip_sha256)).decode()
    return HttpResponse(
        issued.content,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{issued.name}"',
            "Repr-Digest": f"sha-256=:{digest}:",
            "Cache-Control": "no-store",
        },
    )
