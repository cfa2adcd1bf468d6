from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.errors import LedgerError
from audit.ledger import SYSTEM
from audit.packs.issue import build_pack


class Command(BaseCommand):
    help = "Makes an evidence pack of one stream. The portal's own stream records that it was made."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("stream", help="uid of the stream, such as inc_0190… or portal")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the zip goes")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if out.exists():
            raise CommandError(f"{out} exists already.")
        if not out.absolute().parent.is_dir():
            raise CommandError(f"There is no folder {out.absolute().parent}.")
        try:
            pack = build_pack(options["stream"], actor=SYSTEM)
        except LedgerError as error:
            raise CommandError(str(error)) from error
        out.write_bytes(pack.content)
        self.stdout.write(f"{out}: {pack.size} entries, root {pack.root}")
        self.stdout.write(f"SHA-256 of the zip {pack.zip_sha256}")
        self.stdout.write(f"SHA-256 of its tagmanifest {pack.tagmanifest_sha256}")
