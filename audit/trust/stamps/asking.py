"""Asking the configured authorities for a time stamp: the first that gives one that holds."""

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from asn1crypto import x509
from django.conf import settings

from audit.trust.holders.errors import BadSetting, NotStamped
from audit.trust.stamps.tokens import BadToken, Token, read_roots, request_for, verify
from plumbing import clock, http

DEADLINE_S = 10.0  # for each authority
HEADERS = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
REPLY = "application/timestamp-reply"
NONCE_BITS = 63  # some authorities take no negative number, and no longer one


def is_configured() -> bool:
    """Whether there is an authority to ask."""
    return bool(settings.TSA_URLS)


def trust_pem() -> bytes:
    """The certificates that the authorities' chains end at, as a PEM file; nothing without MUSTER_TSA_TRUST.

    Raises BadSetting."""
    if not settings.TSA_TRUST:
        return b""
    try:
        return Path(settings.TSA_TRUST).read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadSetting("MUSTER_TSA_TRUST", f"{settings.TSA_TRUST} can't be read: {reason}.") from error


def roots() -> list[x509.Certificate]:
    """The same certificates, to verify with. Raises BadSetting."""
    if not settings.TSA_TRUST:
        return []
    text = trust_pem()
    try:
        return read_roots(text)
    except (ValueError, TypeError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadSetting(
            "MUSTER_TSA_TRUST", f"{settings.TSA_TRUST} is no PEM file of certificates: {reason}."
        ) from error


def check() -> None:
    """Raises BadSetting when an authority's address is none, or its answers could not be judged."""
    for url in settings.TSA_URLS:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise BadSetting("MUSTER_TSA_URLS", f"found {url[:80]!r}, expected http://tsa.example/ or https://…")
    if settings.TSA_URLS and not settings.TSA_TRUST:
        raise BadSetting("MUSTER_TSA_TRUST", "it is missing: no token could be judged without the certificates there.")


def token_for(data: bytes) -> Token | None:
    """A time stamp over `data`, verified; None where no authority is configured. Takes seconds: outside transactions.

    Raises NotStamped when none of the authorities gives one that holds, BadSetting."""
    if not is_configured():
        return None
    trusted, problems = roots(), []
    for url in settings.TSA_URLS:
        try:
            return _ask(url, data, trusted)
        except NotStamped as error:
            problems.append(str(error))
    raise NotStamped("No time stamp", " ".join(problems))


def _ask(url: str, data: bytes, trusted: list[x509.Certificate]) -> Token:
    nonce = secrets.randbits(NONCE_BITS) | 1 << (NONCE_BITS - 1)  # always of one length
    try:
        answer = http.request("POST", url, headers=HEADERS, body=request_for(data, nonce), deadline_s=DEADLINE_S)
    except http.EgressError as error:
        raise NotStamped(url, str(error)) from error
    if answer.status != 200:
        raise NotStamped(url, f"It answered {answer.status}, expected 200.")
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != REPLY:
        raise NotStamped(url, f"It answered with {kind[:60] or 'no content type'}, expected {REPLY}.")
    try:
        return verify(answer.body, data, trusted, nonce=nonce, now=clock.now())
    except BadToken as error:
        raise NotStamped(url, str(error)) from error
