"""Pages of legal entities, of the regimes to read, and of the institution's own regimes with their second person."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.forms.regimes import refuse
from audit.forms.rules import AppliesForm, EntityForm, ProposalForm, RulingForm
from audit.models import LegalEntity, RegimeVersion, VersionState
from audit.naming import people
from audit.permissions import house_for, may_in_house
from audit.regimes import applying, entities, rules, shipped, versions
from audit.regimes.deadlines import event_words
from audit.regimes.entities import STREAM, Said
from audit.regimes.errors import RegimeRefused
from audit.regimes.model import OBLIGATIONS, Regime, Stage
from audit.regimes.providers import catalog
from audit.views.regimes import FORM, actor_of
from plumbing import clock
from plumbing.errors import BadField

SAMPLE = """\
regime: own_name
name: What it is called
short: Name
jurisdiction: Our house
status: in_force
confidence: verified
basis: primary
who: Whom it binds
trigger: What has to be reported
authority: Who is told
applies_if: {has: {operand: home_state, any_of: [DE]}}
question: {label: Is the trigger met?, yields: determined_reportable}
stages:
- id: notice
  name: Notice
  obligation: mandatory
  clock: {start: determined_reportable, limit: PT4H}
  contents: [what happened, what is done about it]
  citation: Where the rule is written
"""


def _may_change(request: HttpRequest) -> bool:
    return may_in_house(request.user, STREAM, "file")


@login_required
@require_safe
def entity_list(request: HttpRequest) -> HttpResponse:
    """The legal entities, and how many regimes apply to each."""
    house_for(request.user, STREAM)
    regimes, today = rules.regimes(), clock.now().date()
    rows = []
    for entity in LegalEntity.objects.all():
        found = applying.all_of(entity, regimes, today)
        counts = {answer: sum(one.answer == answer for one in found) for answer in ("applies", "unsure")}
        rows.append((entity, _kinds(entity), counts))
    return render(request, "audit/entities.html", {"rows": rows, "may_file": _may_change(request)})


def _kinds(entity: LegalEntity) -> list[str]:
    known = shipped.terms().types
    return [known.get(code, code) for code in entity.types]


def _entity(uid: str) -> LegalEntity:
    found = LegalEntity.objects.filter(uid=uid).first()
    if found is None:
        raise Http404("There is no such entity.")
    return found


@login_required
@require_safe
def entity_page(request: HttpRequest, entity: str) -> HttpResponse:
    """One entity: its facts, and which regimes apply to it, with reasons."""
    house_for(request.user, STREAM)
    found = _entity(entity)
    context = {
        "entity": found, "kinds": _kinds(found), "may_file": _may_change(request),
        "regimes": applying.all_of(found, rules.regimes(), clock.now().date()),
    }  # fmt: skip
    return render(request, "audit/entity.html", context)


@login_required
@require_http_methods(FORM)
def entity_form(request: HttpRequest, entity: str = "") -> HttpResponse:
    """A new entity, or a change of one."""
    house_for(request.user, STREAM, may="file")
    found = _entity(entity) if entity else None
    form = EntityForm(request.POST or None, initial=_initial(found), catalog=catalog())
    if form.is_bound and form.is_valid():
        said, now = Said(**form.said), clock.now()
        try:
            if found is None:
                saved = entities.make(said, actor=actor_of(request), now=now)
            else:
                seen = form.cleaned_data["seen"]
                saved = entities.change(found.uid, said, seen=seen, actor=actor_of(request), now=now)
        except BadField as error:
            refuse(form, error)
        else:
            return redirect("regulation:entity", saved.uid)
    context = {"form": form, "entity": found}
    return render(request, "audit/entity_form.html", context, status=422 if form.is_bound else 200)


def _initial(found: LegalEntity | None) -> dict[str, Any]:
    if found is None:
        return {"seen": 0}
    told = {name: getattr(found, name) for name in Said.__dataclass_fields__}
    return {**told, "seen": found.version, "significant": {True: "yes", False: "no", None: ""}[found.significant]}


@login_required
@require_http_methods(FORM)
def applies(request: HttpRequest, entity: str, name: str) -> HttpResponse:
    """A person decides whether a regime applies to an entity."""
    house_for(request.user, STREAM, may="file")
    found, regime = _entity(entity), _regime(name)
    form = AppliesForm(request.POST or None, initial={"seen": found.version})
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        answer = {"yes": True, "no": False, "rule": None}[said["answer"]]
        try:
            entities.decide_applies(
                found.uid, name, applies=answer, reason=said["reason"], seen=said["seen"], actor=actor_of(request),
                now=clock.now(),
            )  # fmt: skip
        except BadField as error:
            refuse(form, error)
        else:
            return redirect("regulation:entity", entity)
    context = {"form": form, "entity": found, "one": applying.applies(found, regime, clock.now().date())}
    return render(request, "audit/regime_applies.html", context, status=422 if form.is_bound else 200)


def _regime(name: str) -> Regime:
    found = rules.regimes().get(name)
    if found is None:
        raise Http404("There is no such regime.")
    return found


@login_required
@require_safe
def regime_list(request: HttpRequest) -> HttpResponse:
    """Every regime, with what is known of it and from where."""
    house_for(request.user, STREAM)
    waiting = RegimeVersion.objects.filter(state=VersionState.PROPOSED)
    named = people(version.author for version in waiting)
    context = {
        "regimes": list(rules.regimes().values()), "may_file": _may_change(request),
        "today": clock.now().date().isoformat(),
        "waiting": [(version, named[version.author].name) for version in waiting],
    }  # fmt: skip
    return render(request, "audit/regimes.html", context)


@login_required
@require_safe
def regime_page(request: HttpRequest, name: str) -> HttpResponse:
    """One regime to read: who, when, what starts each clock, how long it runs, and where that is written."""
    house_for(request.user, STREAM)
    own = list(RegimeVersion.objects.filter(slug=name))
    regime = rules.regimes().get(name)
    if regime is None and not own:
        raise Http404("There is no such regime.")
    named = people([actor for version in own for actor in (version.author, version.decider) if actor])
    context = {
        "name": name, "regime": regime, "may_file": _may_change(request), "today": clock.now().date().isoformat(),
        "stages": _stages(regime) if regime else [],
        "versions": [(one, named[one.author].name, named[one.decider].name if one.decider else "") for one in own],
    }  # fmt: skip
    return render(request, "audit/regime.html", context)


def _stages(regime: Regime) -> list[dict[str, Any]]:
    return [
        {
            "stage": stage, "obligation": OBLIGATIONS[stage.obligation], "limit": stage.clock.limit.words,
            "starts": " or ".join(event_words(event).lower() for event in (*stage.clock.starts, *stage.clock.also_on)),
            "cap": _cap(stage),
        }
        for stage in regime.stages
    ]  # fmt: skip


def _cap(stage: Stage) -> str:
    cap = stage.clock.cap
    return f"{cap.limit.words} after: {event_words(cap.start).lower()}" if cap else ""


@login_required
@require_http_methods(FORM)
def propose(request: HttpRequest, name: str = "") -> HttpResponse:
    """A new version of an own regime, or a new one."""
    house_for(request.user, STREAM, may="file")
    newest = RegimeVersion.objects.filter(slug=name).order_by("-number").first() if name else None
    if name and newest is None:
        raise Http404("It is not one of your own regimes.")
    form = ProposalForm(request.POST or None, initial={"text": newest.text if newest else SAMPLE})
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            made = versions.propose(
                said["text"], note=said["note"], actor=actor_of(request), now=clock.now(), slug=name
            )
        except RegimeRefused as error:
            form.refuse_text(error)
        except BadField as error:
            refuse(form, error)
        else:
            messages.success(request, "It waits for a second person.")
            return redirect("regulation:regime", made.slug)
    context = {"form": form, "name": name}
    return render(request, "audit/regime_propose.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(FORM)
def rule(request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A second person puts a version in force, or refuses it."""
    house_for(request.user, STREAM, may="file")
    version = RegimeVersion.objects.filter(slug=name, number=number).first()
    if version is None:
        raise Http404("Nobody proposed that version.")
    form = RulingForm(request.POST or None)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        try:
            accept, reason = said["verdict"] == "accept", said["reason"]
            versions.decide(version, accept=accept, reason=reason, actor=actor_of(request), now=clock.now())
        except BadField as error:
            refuse(form, error)
        else:
            return redirect("regulation:regime", name)
    context = {"form": form, "version": version, "by": people([version.author])[version.author].name}
    return render(request, "audit/regime_rule.html", context, status=422 if form.is_bound else 200)
