from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.errors import LedgerError
from audit.states import HolderState
from audit.trust import anchors, witnesses
from audit.trust.holders import keeping
from audit.trust.holders.parties import Party


class Command(BaseCommand):
    help = "Gives every witness and anchor the last checkpoint now, due or not. Exit code 1 if one didn't take it."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            parties: list[Party] = [*witnesses.parties(), *anchors.parties()]
        except LedgerError as error:
            raise CommandError(str(error)) from error
        if not parties:
            raise CommandError("Nobody is configured: set MUSTER_WITNESSES or MUSTER_ANCHORS.")
        failed = [party for party in parties if not self._gave(party)]
        if failed:
            raise CommandError(f"{len(failed)} of {len(parties)} didn't take it.")

    def _gave(self, party: Party) -> bool:
        row = keeping.give(party, at_once=True)
        if row is None:
            self.stdout.write(f"{party.place.name}: nothing to give, or another process is at it.")
            return False
        well = row.state == HolderState.KEEPING_UP
        told = f"holds checkpoint {row.checkpoint.size}" if well and row.checkpoint else row.problem
        self.stdout.write(f"{party.place.name}: {told}" if well else told)
        return well
