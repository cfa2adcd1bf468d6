"""Reads of what watches propose to the commander."""

from django.db.models import QuerySet

from runbooks.models import Proposal, ProposalState, Run


def open_proposals(run: Run) -> QuerySet[Proposal]:
    """Proposals of this run that wait for an answer, the oldest first."""
    return Proposal.objects.filter(run=run, state=ProposalState.OPEN).order_by("pk")


def settled_proposals(run: Run) -> QuerySet[Proposal]:
    """What became of the others, the newest first; those that watches carried out by themselves too."""
    return Proposal.objects.filter(run=run).exclude(state=ProposalState.OPEN).select_related("by").order_by("-pk")
