"""The organisation's signatures on a pack: CAdES over the tagmanifest, PAdES on each report; with a time stamp (B-T)
where an authority is configured."""

import asyncio
import io
from hashlib import sha256

from asn1crypto import cms, tsp
from django.db import connections
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from audit.packs.organisation import Organisation
from audit.trust import stamps

DIGEST = "sha256"
RESERVED = 48 * 1024  # bytes in the PDF for the signature with its chain and time stamp
FIELD = "OrganisationSignature"


class _Signer(SimpleSigner):
    """Remembers what it signed last: the time stamp of a signature covers its bytes."""

    signed = b""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        made: bytes = await super().async_sign_raw(data, digest_algorithm, dry_run)
        self.signed = made
        return made


class _Stamper(TimeStamper):
    """Time stamps over a signature, by the configured authorities."""

    def __init__(self, signer: _Signer) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.signer = signer

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        if md_algorithm != DIGEST or sha256(self.signer.signed).digest() != message_digest:
            raise ValueError("a time stamp was asked for over something else than the signature")
        response = await asyncio.to_thread(_stamped, self.signer.signed)  # it asks the database for the time
        return tsp.TimeStampResp.load(response)["time_stamp_token"]


def _stamped(signature: bytes) -> bytes:
    try:
        token = stamps.token_for(signature)
    finally:
        connections.close_all()
    if token is None:
        raise ValueError("no authority is configured")
    return token.response


def cades(data: bytes, by: Organisation) -> bytes:
    """A detached CAdES signature over `data`, DER. Raises NotStamped when a configured authority gives no stamp."""
    signer = _signer(by)
    signing = signer.async_sign_general_data(data, DIGEST, detached=True, use_cades=True, timestamper=_stamper(signer))
    made: bytes = asyncio.run(signing).dump()
    return made


def pades(pdf: bytes, by: Organisation) -> bytes:
    """The PDF with a PAdES signature; its own bytes stay as they are, and the result is PDF/A if it was.

    Raises NotStamped when a configured authority gives no stamp."""
    if not pdf.endswith(b"\n"):
        pdf += b"\n"  # typst ends at %%EOF; PDF/A wants a line to end there before an increment begins
    signer, out = _signer(by), io.BytesIO()
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        name=by.name,
        reason="Evidence pack",
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
    )
    pdf_signer = PdfSigner(meta, signer, timestamper=_stamper(signer))
    writing = pdf_signer.async_sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False), output=out, bytes_reserved=RESERVED
    )
    asyncio.run(writing)
    return out.getvalue()


def _signer(by: Organisation) -> _Signer:
    return _Signer(
        signing_cert=by.certificate,
        signing_key=by.key,
        cert_registry=SimpleCertificateStore.from_certs(by.chain),  # type: ignore[no-untyped-call]
    )


def _stamper(signer: _Signer) -> _Stamper | None:
    return _Stamper(signer) if stamps.is_configured() else None
