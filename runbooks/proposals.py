"""Reads of what watches propose to the commander."""

from django.db.models import QuerySet

from runbooks.models import Proposal, ProposalState, Run


def open_proposals(run: Run) -> QuerySet[Proposal]:
    """Proposals of this run that wait for an answer, the oldest first."""
    return Proposal.objects.filter(run=run, state=ProposalState.OPEN).order_by("pk")
