"""A report's words: one table per language and room. Nothing that is read stands in the code that arranges it."""

from collections.abc import Mapping
from datetime import timedelta

from audit.reports.errors import UnknownLanguage
from audit.reports.words import de, en

LANGUAGES = ("en", "de")

_tables: dict[str, dict[str, str]] = {"en": dict(en.WORDS), "de": dict(de.WORDS)}


def register_words(language: str, table: Mapping[str, str]) -> None:
    """Let a room above add its words, under keys that begin with the room's name ("incidents.severity")."""
    _tables[language].update(table)


def tables() -> Mapping[str, Mapping[str, str]]:
    """All words by language, for the test that no language lacks one."""
    return _tables


class Words:
    """The words of one language. Raises UnknownLanguage."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise UnknownLanguage(language, LANGUAGES)
        self.language = language
        self._table = _tables[language]

    def __call__(self, key: str, **fields: object) -> str:
        """The words of a key, with its fields filled in. Raises KeyError."""
        return self._table[key].format(**fields) if fields else self._table[key]

    def get(self, key: str, fallback: str) -> str:
        """The words of a key, or the fallback where there are none: for values that other rooms invent."""
        return self._table.get(key, fallback)

    def count(self, key: str, number: int) -> str:
        """A number with its noun: `key.one` or `key.many`."""
        return self(f"{key}.one" if number == 1 else f"{key}.many", number=self.number(number))

    def number(self, number: int) -> str:
        """12,345 or 12.345"""
        found = f"{number:,}"
        return found.replace(",", ".") if self.language == "de" else found

    def duration(self, span: timedelta) -> str:
        """3.4 s, 42 s, 12 min 5 s, 3 h 16 min, 2 d 4 h"""
        seconds = max(span.total_seconds(), 0.0)
        if seconds < 10:
            found = f"{seconds:.1f} s"
            return found.replace(".", ",") if self.language == "de" else found
        whole = round(seconds)
        minutes, seconds_left = divmod(whole, 60)
        hours, minutes_left = divmod(minutes, 60)
        days, hours_left = divmod(hours, 24)
        day = self("unit.day")
        parts = (
            [(days, day), (hours_left, "h")]
            if days
            else [(hours, "h"), (minutes_left, "min")]
            if hours
            else [(minutes, "min"), (seconds_left, "s")]
        )
        return " ".join(f"{number} {unit}" for number, unit in parts if number)

    def listing(self, items: list[str]) -> str:
        """a, b and c"""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('and')} {items[-1]}"
