"""What the plans of the incidents that somebody commands ask of them: for the page that they see first."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from catalog.models import User
from incidents.models import Incident, RoleHolder
from incidents.room.questions import ASKED, questions_of
from incidents.room.reader import Reader
from incidents.run_view import Question
from incidents.states import IncidentRole, Phase
from runbooks.models import GroupRun, Proposal, ProposalState, Run, StepRun
from runbooks.states import GroupState, StepState

MOST_INCIDENTS = 10
WAITS = Q(state__in=[StepState.UNKNOWN, StepState.STUCK, StepState.FAILED])
WAITS |= Q(state=StepState.READY) & ~Q(decision={})
WAITS |= Q(state=StepState.LOCKED, overdue=True)


@dataclass(frozen=True)
class Asked:
    """A question of one incident's plan, that the reader may answer."""

    incident: Incident
    question: Question
    url: str


def asked_of(user: User, now: datetime) -> list[Asked]:
    """What `user` is asked as commander, the oldest incident first. Plans that ask nothing cost no look at them."""
    commanded = RoleHolder.objects.filter(user=user, role=IncidentRole.COMMANDER).values("incident")
    runs = Run.objects.filter(incident_run__incident=OuterRef("pk"), state__in=ASKED).filter(
        Exists(GroupRun.objects.filter(run=OuterRef("pk"), state=GroupState.ASSESSING))
        | Exists(Proposal.objects.filter(run=OuterRef("pk"), state=ProposalState.OPEN))
        | Exists(StepRun.objects.filter(WAITS, run=OuterRef("pk")))
    )
    open_ones = Incident.objects.filter(Exists(runs), pk__in=commanded).exclude(phase=Phase.CLOSED)
    found = []
    for incident in open_ones.order_by("began_at")[:MOST_INCIDENTS]:
        reader = Reader(user, incident, now)
        url = f"{reader.url('room')}#room-questions"
        found += [Asked(incident, question, url) for question in questions_of(reader) if question.actions]
    return found
