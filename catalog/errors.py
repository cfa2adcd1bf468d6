"""Refusals of the catalog room: people, rights, services, probes."""

from plumbing.errors import MusterError


class CatalogError(MusterError):
    """A rule of the catalog was broken. Nothing was written."""

    code = "catalog_refused"


class TokenRefused(CatalogError):
    """A machine token is unknown, expired, revoked, or has not the scope that the door asks for."""

    code = "token_refused"
    status = 401
