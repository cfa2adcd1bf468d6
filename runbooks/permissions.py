"""Who may see and do what with runbooks and runs. Doors come in through `runbook_for` and `run_for`.

A run belongs to the teams it was started for. The room that started it (an incident) may let more people in: it
registers a gate with `register_run_gate`, and its ledger gate says whose streams they see.
"""

from collections.abc import Callable, Iterable

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse

from audit.permissions import Label, May, visible_streams
from catalog.models import Membership, Team, User
from catalog.permissions import EVIDENCE, Right, holds, teams_where
from catalog.states import ROLE_RIGHTS
from runbooks.models import Resource, Run, Runbook, StepRun
from runbooks.selectors import visible_to
from runbooks.states import Role

RunGate = Callable[[User, Run, Right], bool]
PREFIX = "rbk_"

_gates: list[RunGate] = []


def register_run_gate(gate: RunGate) -> None:
    """Let another room give rights in runs: gate(user, run, right) says whether it does. For `apps.py`."""
    if gate not in _gates:
        _gates.append(gate)


def runbook_for(user: User | AnonymousUser, slug: str, may: Right = Right.VIEW) -> Runbook:
    """The runbook. Raises Http404 unless `user` sees its team, PermissionDenied if the right `may` is missing."""
    found = None
    if isinstance(user, User):
        found = visible_to(user).select_related("team").filter(slug=slug).first()
    if found is None:
        raise Http404(f"No runbook {slug!r} that you can see.")
    if may != Right.VIEW and not holds(user, may, [found.team]):
        raise PermissionDenied(f"You don't have the right to {may.label.lower()} in {found.team}.")
    return found


def visible_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Runs of teams whose things `user` sees, and runs of histories that they see."""
    if not isinstance(user, User):
        return Run.objects.none()
    of_teams = Run.teams.through.objects.filter(team__in=teams_where(user, Right.VIEW)).values("run")
    by_history = visible_streams(user).values("uid")
    found = Run.objects.filter(Q(pk__in=of_teams) | Q(stream__in=by_history))
    return with_names(found)


def with_names(runs: QuerySet[Run]) -> QuerySet[Run]:
    """With what a page says of each."""
    return runs.select_related("version__runbook__team", "starter")


def _sees(user: User, run: Run) -> bool:
    """Whether the run is among visible_runs(), without asking for all the histories that the user may read."""
    if run.teams.filter(pk__in=teams_where(user, Right.VIEW)).exists():
        return True
    return visible_streams(user, among=[run.stream]).exists()


def run_for(user: User | AnonymousUser, uid: str, may: Right = Right.VIEW) -> Run:
    """The run: a door's only way in. Raises Http404 unless `user` sees it, PermissionDenied if `may` is missing."""
    found = with_names(Run.objects.filter(uid=uid)).first()
    if found is None or not isinstance(user, User) or not _sees(user, found):
        raise Http404("No run that you can see has this address.")
    if not allowed(user, found, may):
        raise PermissionDenied(f"In this run you don't have the right to {may.label.lower()}.")
    return found


def step_in(run: Run, step: str) -> StepRun:
    """A step of a run that somebody came to by `run_for`. Raises Http404."""
    found = run.steps.filter(step=step).exclude(role=Role.WATCH).first()
    if found is None:
        raise Http404(f"This run has no step {step[:60]!r}.")
    found.run = run  # with its version and runbook, which were read already
    return found


def allowed(user: User, run: Run, may: Right) -> bool:
    """Whether somebody who sees the run may also do this in it: by a right in its teams, or through a gate."""
    return may == Right.VIEW or holds(user, may, run.teams.all()) or any(gate(user, run, may) for gate in _gates)


def may_foresee(user: User, run: Run) -> bool:
    """Whether somebody who sees the run may ask what a step would do: who does steps, or agrees to them."""
    return allowed(user, run, Right.EXECUTE) or allowed(user, run, Right.APPROVE)


def may_do_steps(run: Run) -> QuerySet[User]:
    """People of the run's teams to whom a human step can be given, by name."""
    roles = [role for role, rights in ROLE_RIGHTS.items() if Right.EXECUTE in rights]
    members = Membership.objects.filter(team__in=run.teams.all(), role__in=roles).values("user")
    return User.objects.filter(pk__in=members, is_active=True).order_by("name")


def resource_for(user: User | AnonymousUser, slug: str, may: Right = Right.VIEW) -> Resource:
    """The resource. Raises Http404 unless `user` sees its team, PermissionDenied if the right `may` is missing."""
    seen = Resource.objects.filter(team__in=teams_where(user, Right.VIEW)).select_related("team")
    found = seen.filter(slug=slug).first()
    if found is None:
        raise Http404(f"No resource {slug!r} that you can see.")
    if may != Right.VIEW and not holds(user, may, [found.team]):
        raise PermissionDenied(f"You don't have the right to {may.label.lower()} in {found.team}.")
    return found


def may_tend_workers(user: User | AnonymousUser) -> bool:
    """Workers serve every team: whoever administers all of them may see and drain workers."""
    mine = teams_where(user, Right.ADMINISTER)
    return mine.exists() and not Team.objects.exclude(pk__in=mine.values("pk")).exists()


def stream_gate(user: User, may: May) -> Q:
    """Which streams of runbooks `user` may view, or do more with: the ledger's gate for `rbk_`."""
    teams = teams_where(user, EVIDENCE[may])
    return Q(uid__in=[f"{PREFIX}{uid}" for uid in Runbook.objects.filter(team__in=teams).values_list("uid", flat=True)])


def describe_streams(uids: Iterable[str]) -> dict[str, Label]:
    """What to call the streams of runbooks."""
    found = Runbook.objects.filter(uid__in=[uid.removeprefix(PREFIX) for uid in uids])
    return {each.stream: Label(f"Runbook {each.title}", reverse("runbooks:page", args=[each.slug])) for each in found}
