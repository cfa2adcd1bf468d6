"""Legal Entity Identifiers: ISO 17442, 18 characters and two check digits by ISO 7064 MOD 97-10. Pure."""

import re

_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")


def is_lei(text: str) -> bool:
    """Whether it is a LEI whose check digits are right."""
    return bool(_LEI.fullmatch(text)) and int("".join(str(int(each, 36)) for each in text)) % 97 == 1
