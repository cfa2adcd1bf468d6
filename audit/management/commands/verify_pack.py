import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.verifying.checking import Asked, check_pack
from audit.verifying.errors import BadKeys


class Command(BaseCommand):
    help = "Checks an evidence pack, of this installation or of another. Exit code 1 if it doesn't hold."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("pack", type=Path, metavar="FILE", help="the zip as it was received")
        parser.add_argument("--key", action="append", default=[], help="of the log: a file, a vkey or a fingerprint")
        parser.add_argument("--trust", type=Path, help="PEM file of certificates for signature and time stamps")
        parser.add_argument("--tagmanifest", default="", help="SHA-256 of tagmanifest-sha256.txt, obtained elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        pack: Path = options["pack"]
        if not pack.is_file():
            raise CommandError(f"There is no file {pack}.")
        trust = _text(options["trust"]) if options["trust"] else ""
        asked = Asked(pack.name, "\n".join(map(_key, options["key"])), trust, options["tagmanifest"])
        try:
            checked = check_pack(pack, asked)
        except BadKeys as error:
            raise CommandError(str(error)) from error
        if not checked.holds:
            self.stderr.write(f"FAILED: {checked.sentence}")
            sys.exit(1)
        self.stdout.write(checked.sentence)
        self.stdout.write(f"Signed by {checked.vouched}." if checked.vouched else "Nobody vouches for its key.")
        for note in checked.notes:
            self.stdout.write(note)


def _key(given: str) -> str:
    """A key, or the content of the file that is named."""
    is_file = len(given) < 4000 and "\n" not in given and Path(given).is_file()
    return _text(Path(given)) if is_file else given


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} can't be read as text.") from error
