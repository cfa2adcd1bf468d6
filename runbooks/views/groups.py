"""Groups of a run as pages show them: what they are called, and what they ask."""

from django.http import Http404
from django.urls import reverse

from runbooks.engine.reading import definition_of_run
from runbooks.models import GroupRun, Run
from runbooks.states import GroupState
from runbooks.views import offers

WHOLE = "~"  # how an address names the outermost group, which has no id


def group_of(run: Run, group: str) -> GroupRun:
    """The row of the group that an address names. Raises Http404."""
    found = run.groups.filter(group="" if group == WHOLE else group).first()
    if found is None:
        raise Http404(f"This run has no group {group[:60]!r}.")
    return found


def title_of(run: Run, group: str) -> str:
    """What a group is called on screen."""
    definition = definition_of_run(run)
    return next((section.title for section in definition.sections if section.id == group), definition.title)


def asking(run: Run, *, may_assess: bool) -> list[tuple[GroupRun, str, str]]:
    """(group, title, address of its question) of the groups that did not simply pass; "" for who may not answer."""
    shown = run.groups.exclude(state__in=[GroupState.OPEN, GroupState.PASSED]).order_by("changed_at")
    return [(group, title_of(run, group.group), _asks(run, group) if may_assess else "") for group in shown]


def _asks(run: Run, group: GroupRun) -> str:
    return reverse("runbooks:assess", args=[run.uid, group.group or WHOLE]) if offers.for_group(group) else ""
