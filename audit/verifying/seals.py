"""A pack's signature and time stamps, judged by certificates that the reader trusts. No openssl, no network."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from asn1crypto import cms, x509
from pyhanko.sign.validation.generic_cms import async_validate_detached_cms
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from audit.packs.bundle.verify import LEDGER, TAGMANIFEST, Failed, Files, read
from audit.trust.stamps import chains, tokens

STAMPED = ((TAGMANIFEST, f"{TAGMANIFEST}.tsr"), (f"{LEDGER}checkpoint", f"{LEDGER}checkpoint.tsr"))
SIGNATURE = f"{TAGMANIFEST}.p7s"
NOT_TRUSTED = f"is not a signature of {TAGMANIFEST} by somebody you trust"


def check_seals(files: Files, roots: Sequence[x509.Certificate], now: datetime, *, is_foreign: bool) -> list[str]:
    """What signature and time stamps say, or why they were not checked. Raises Failed for one that doesn't hold.

    is_foreign: another installation's pack, and the reader named nobody whom to trust: then it isn't wrong that one
    fits its file and leads to nobody known here, and that is said."""
    said, at = [], now
    for content, seal in STAMPED:
        if why := _unchecked(files, seal, roots):
            said.append(why)
            continue
        try:
            token = tokens.verify(read(files, seal), read(files, content), roots)
        except tokens.Untrusted as error:
            if not is_foreign:
                raise _unknown(seal, content, error) from error
            said.append(_unvouched(seal, error.who))
            continue
        except tokens.BadToken as error:
            raise _unknown(seal, content, error) from error
        at = token.gen_time if content == TAGMANIFEST else at
        said.append(f"Time stamp of {content}: {_moment(token.gen_time)}, by {token.authority}.")
    if why := _unchecked(files, SIGNATURE, roots):
        return [*said, why]
    who, is_trusted = _signer(files, roots, at)
    if not (is_trusted or is_foreign):
        raise Failed(SIGNATURE, NOT_TRUSTED)
    return [*said, f"Signed by {who}." if is_trusted else _unvouched(SIGNATURE, who)]


def _unknown(seal: str, content: str, error: tokens.BadToken) -> Failed:
    return Failed(seal, f"is not a time stamp of {content} by an authority you trust: {error.reason}")


def _unvouched(seal: str, who: str) -> str:
    return f"Not vouched for: {seal} fits, and says that it is by {who}; give the certificates that you trust."


def _unchecked(files: Files, seal: str, roots: Sequence[x509.Certificate]) -> str:
    if seal not in files:
        return f"Not there: {seal}."
    return "" if roots else f"Not checked: {seal}; give the certificates that you trust."


def _signer(files: Files, roots: Sequence[x509.Certificate], at: datetime) -> tuple[str, bool]:
    """Who signed the tagmanifest, and whether with a certificate that leads to `roots` and was valid `at` that
    moment. Raises Failed for a signature of something else."""
    trusted = ValidationContext(trust_roots=list(roots), moment=at, allow_fetching=False)
    try:
        signed = cms.ContentInfo.load(read(files, SIGNATURE), strict=True)["content"]
        data = read(files, TAGMANIFEST)
        any_use = KeyUsageConstraints(key_usage=set())
        found = asyncio.run(async_validate_detached_cms(data, signed, trusted, trusted, key_usage_settings=any_use))
    except (*chains.REFUSALS, *tokens.UNREADABLE) as error:
        raise Failed(SIGNATURE, NOT_TRUSTED) from error
    if not (found.intact and found.valid):
        raise Failed(SIGNATURE, NOT_TRUSTED)
    return str(found.signing_cert.subject.human_friendly), bool(found.trusted)


def _moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
