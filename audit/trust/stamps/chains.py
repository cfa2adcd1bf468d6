"""Whose signature a time stamp carries: pyHanko checks it and the chain of certificates. Slow to load, so apart."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from asn1crypto import cms, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.general import CMSExtractionError, CMSStructuralError
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from audit.trust.stamps.tokens import BadToken, Untrusted

REFUSALS = (SignatureValidationError, CMSExtractionError, CMSStructuralError, PathError, ValidationError, PdfError)


def check_signature(
    signed: cms.SignedData, data: bytes, moment: datetime, roots: Sequence[x509.Certificate]
) -> x509.Certificate:
    """The certificate that signed, once the signature holds and its chain ends at one of the roots. Raises BadToken."""
    trusted = ValidationContext(trust_roots=list(roots), moment=moment, allow_fetching=False)
    checked = validate_tst_signed_data(signed, trusted, lambda _: sha256(data).digest())
    try:
        found = asyncio.run(checked)
    except REFUSALS as error:
        raise BadToken(str(error).rstrip(".") or type(error).__name__) from error
    certificate: x509.Certificate = found["signing_cert"]
    if not (found["intact"] and found["valid"]):
        raise BadToken("its signature is false")
    problem = found["trust_problem_indic"]  # the path alone says nothing: a path that failed is there, too
    if found["validation_path"] is None or problem is not None:
        why = problem.standard_name.lower().replace("_", " ") if problem else ""
        raise Untrusted(certificate.subject.human_friendly, why)
    return certificate
