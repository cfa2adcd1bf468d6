import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.packs.bundle import verify
from audit.verifying import corpus
from audit.verifying.corpus import Case, Outcome


class Command(BaseCommand):
    help = "Writes a corpus of sound and damaged packs, checks each, and lists what nothing attests."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, metavar="DIR", help="where the packs and index.json go; a new folder")
        parser.add_argument("--pack", type=Path, metavar="FILE", help="damage this pack instead of a made-up one")
        parser.add_argument("--key", default="", help="vkey of its log; by default the one in it")
        parser.add_argument("--flips", type=int, default=500, help="how many bytes to flip; 0: each byte of the zip")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path | None = options["out"]
        if out and out.exists():
            raise CommandError(f"{out} exists already.")
        try:
            subject = corpus.subject_of(options["pack"], options["key"])
        except (verify.Failed, OSError) as error:
            raise CommandError(f"There is no sound pack to begin with: {error}") from error
        if out:
            out.mkdir(parents=True)
        known, wrong = verify.given_of(subject.vkey, "--key"), 0
        index: list[dict[str, str]] = []
        makers = (corpus.sound(subject), corpus.damaged(subject), corpus.harmless(subject))
        for case in [case for maker in makers for case in maker]:
            told = said_of(case, known)
            index.append(self._kept(case, told, len(index), out))
            wrong += self._judge(case, told)
        flips = 0
        for case in corpus.flipped(subject, options["flips"] or None):
            wrong += self._judge(case, said_of(case, known))
            flips += 1
        if out:
            found = {"key": subject.vkey, "cases": index}
            (out / "index.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
        self.stdout.write(
            f"{len(index)} packs and {flips} flipped bytes were checked; {wrong} were not as they should be."
        )
        self._list_unattested(subject)
        if wrong:
            raise CommandError("The verifier and the corpus disagree.")

    def _kept(self, case: Case, told: str, number: int, out: Path | None) -> dict[str, str]:
        name = f"{number:03}.zip"
        if out:
            (out / name).write_bytes(case.data)
        return {"file": name, "name": case.name, "outcome": case.outcome, "place": case.place, "says": told}

    def _judge(self, case: Case, told: str) -> bool:
        """Whether the verifier said something else than it should."""
        is_right = told.startswith("The pack holds:") == (case.outcome is Outcome.HOLDS) and case.names(told)
        if not is_right:
            self.stderr.write(f"{case.name}: expected {case.outcome}, {case.place or 'no place'}; found {told}")
        return not is_right

    def _list_unattested(self, subject: corpus.Subject) -> None:
        self.stdout.write("Every byte of the zip is checked. Made to fit again by an intruder, these are not noticed:")
        for case in corpus.harmless(subject):
            self.stdout.write(f"  {case.name.removeprefix('unattested: ')}")
        self.stdout.write(f"Why they do no harm: {corpus.UNATTESTED}.")


def said_of(case: Case, known: verify.Given) -> str:
    """What verify.py says of a pack."""
    try:
        return verify.verify(verify.files_of_zip(case.data), known)
    except verify.Failed as failed:
        return str(failed)
