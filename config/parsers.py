"""How the API reads bodies: bounded in size and depth, and without text that no database takes."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from incidents.intake.base import SURROGATE, json_of

LARGEST_BODY = 1_048_576  # bytes; a view that takes more says so in `largest_body`


class BodyTooLarge(APIException):
    """More bytes than the door takes."""

    status_code = 413
    default_code = "body_too_large"


class BoundedJSON(BaseParser):
    """JSON of at most `largest_body` bytes and 20 levels.

    DRF's own lets a RecursionError through, as an error of ours, and answers a large body with a page."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        largest = getattr((parser_context or {}).get("view"), "largest_body", LARGEST_BODY)
        body = stream.read(largest + 1)
        if len(body) > largest:
            raise BodyTooLarge(f"The body has more than {largest:,} bytes.")
        value = json_of(body)
        _check_text(value, "body")
        return value


def _check_text(value: Any, where: str) -> None:
    """Refuse NUL and lone surrogates: PostgreSQL takes neither, in a text or deep inside a document."""
    if isinstance(value, str) and ("\0" in value or SURROGATE.search(value)):
        raise ParseError(f"{where} has a character that is no text: NUL or half a surrogate pair.")
    if isinstance(value, list):
        for place, inner in enumerate(value):
            _check_text(inner, f"{where}[{place}]")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name, f"a name in {where}")
            _check_text(inner, f"{where}.{name}")
