"""Blast radius and preview of a step, as panels of its page and of the request that asks for consent to it."""

from dataclasses import dataclass

from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.selectors import Panel
from audit.permissions import labels
from catalog.models import User
from plumbing import clock
from runbooks.engine.intent import as_known
from runbooks.engine.reading import scope_of, values_of
from runbooks.impact import AtWork, Burning, Impact, impact_of
from runbooks.models import Preview, StepRun
from runbooks.permissions import may_foresee, visible_runs
from runbooks.services import previewing
from runbooks.services.previewing import spec_of_row

UNFILLED = "{{"


@dataclass(frozen=True)
class ImpactPanel:
    """unknown: what the step touches besides, which no value says yet. burning, at_work: without the step's own."""

    impact: Impact
    unknown: list[str]
    burning: list[Burning]

    @property
    def at_work(self) -> list[AtWork]:
        return self.impact.at_work

    @property
    def total(self) -> int:
        """How many services need what the step touches, seen or not."""
        return len(self.impact.affected) + self.impact.hidden_affected

    @property
    def furthest(self) -> int:
        return max((each.distance for each in self.impact.affected), default=0)


@dataclass(frozen=True)
class PreviewPanel:
    """The newest preview of a step. url: its door, empty for who doesn't see the run. is_current: it is of exactly what

    would be done now (a step), or of what the request binds."""

    latest: Preview | None
    url: str
    back: str
    is_offered: bool
    is_current: bool
    may_ask: bool
    has_lapsed: bool

    @property
    def is_awaited(self) -> bool:
        return self.latest is not None and self.latest.told_at is None and not self.has_lapsed


def impact_for(reader: User, row: StepRun) -> tuple[Impact, list[str]]:
    """Whom the step can hurt, and what it touches besides that no value says yet."""
    values = {**values_of(row.run), **scope_of(row)}
    targets = [str(each) for each in as_known(spec_of_row(row).touches, values)]
    known = [target for target in targets if UNFILLED not in target]
    impact = impact_of(known, reader=reader, visible_runs=visible_runs(reader), but=row)
    return impact, [target for target in targets if UNFILLED in target]


def impact_panel(reader: User, row: StepRun) -> ImpactPanel | None:
    """None for a step that touches nothing. The incident that the run belongs to is no news."""
    if not spec_of_row(row).touches:
        return None
    impact, unknown = impact_for(reader, row)
    here = labels([row.run.stream])[row.run.stream].url
    return ImpactPanel(impact, unknown, [each for each in impact.burning if each.url != here])


def preview_panel(reader: User, row: StepRun, *, back: str, digest: str = "", sees_run: bool = True) -> PreviewPanel:
    """digest: of what a request binds; empty: of what the step would do now. back: the page that it stands on."""
    latest, is_offered = previewing.latest_preview(row), previewing.is_offered(row)
    return PreviewPanel(
        latest=latest,
        url=reverse("runbooks:step-preview", args=[row.run.uid, row.step]) if sees_run else "",
        back=back,
        is_offered=is_offered,
        is_current=latest is not None and latest.digest == (digest or previewing.digest_now(row)),
        may_ask=is_offered and sees_run and may_foresee(reader, row.run),
        has_lapsed=latest is not None and previewing.has_lapsed(latest, clock.now()),
    )


def of_request(reader: User, request: ApprovalRequest) -> list[Panel]:
    """What stands beside a request for consent to a step: [] when there is no such step."""
    _, uid, step = request.subject.split("/", 2)
    row = StepRun.objects.filter(run__uid=uid, step=step).select_related("run__version__runbook").first()
    if row is None:
        return []
    found, sees_run = [], visible_runs(reader).filter(pk=row.run_id).exists()
    if impact := impact_panel(reader, row):
        found.append(Panel("runbooks/_impact.html", impact))
    back = reverse("approvals:page", args=[request.uid])
    preview = preview_panel(reader, row, back=back, digest=request.facts.get("act", ""), sees_run=sees_run)
    if preview.is_offered or preview.latest:
        found.append(Panel("runbooks/_preview.html", preview))
    return found
