"""Pages of policies: the list, one with its versions, proposing a version, and a second person's word on it."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from approvals import services
from approvals.errors import PolicyRefused
from approvals.permissions import rules_for
from approvals.policies.wording import in_plain_words
from approvals.policy_forms import REFUSE, ProposalForm, RulingForm
from approvals.selectors.policy_pages import (
    Version,
    history_of,
    policies_shown,
    proposed,
    version_in_force,
    version_proposed,
)
from catalog.permissions import Right
from catalog.requests import SignedIn, after_post
from plumbing import clock

OWN = "You wrote this version, so somebody else puts it in force: four eyes."
NO_RIGHT = "It waits for somebody with the right to change policies."
SAMPLE = """\
policy: a-name
title: What it is about, in a line
why: Why it is asked at all. People read this when they decide.
applies: {classes: [a-class]}
risk: medium
seats: [{who: owner}]
within: 30m
escalate: [{after: 15m, to: deputy}]
reason: on-reject
lasts: 1h
allow: [conditions, break-glass, standing]
"""


@login_required
@require_safe
def policy_list(request: SignedIn) -> HttpResponse:
    """What waits for a second person, then every policy in force."""
    rules_for(request.user)
    waiting = [(row, row.author == request.user) for row in proposed()]
    context = {"waiting": waiting, "rows": policies_shown(), "may_rule": services.may_rule(request.user)}
    return render(request, "approvals/policies/list.html", context)


@login_required
@require_safe
def policy(request: SignedIn, slug: str) -> HttpResponse:
    """One policy: what it says, what waits for a second person, its text, and its versions."""
    rules_for(request.user)
    return render(request, "approvals/policies/page.html", _page(request, slug))


def _page(request: SignedIn, slug: str) -> dict[str, Any]:
    versions = history_of(slug)
    waiting, current = version_proposed(versions), version_in_force(versions)
    may_rule = services.may_rule(request.user)
    return {
        "slug": slug,
        "title": _title(versions),
        "versions": versions,
        "current": current,
        "sentences": in_plain_words(current.policy) if current and current.policy else [],
        "waiting": waiting,
        "why_not": _why_not(request, waiting, may_rule=may_rule),
        "may_rule": may_rule,
    }


def _title(versions: list[Version]) -> str:
    shown = version_in_force(versions) or versions[0]
    return shown.row.title if shown.row else shown.policy.title if shown.policy else ""


def _why_not(request: SignedIn, waiting: Version | None, *, may_rule: bool) -> str:
    """Why the reader can't put the waiting version in force; "" when they can."""
    if waiting is None or waiting.row is None or not may_rule:
        return NO_RIGHT
    return OWN if waiting.row.author == request.user else ""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: SignedIn, slug: str = "") -> HttpResponse:
    """A new version of a policy, or, without a slug, a new policy."""
    rules_for(request.user, may=Right.RULE)
    versions = history_of(slug) if slug else []
    if request.method != "POST":
        base = version_in_force(versions) or (versions[0] if versions else None)
        form = ProposalForm(slug=slug, initial={"text": base.text if base else SAMPLE})
        return _propose(request, form, versions)
    form = ProposalForm(request.POST, slug=slug)
    if form.is_valid() and not slug and _is_known(form.slug):
        form.add_error("text", f"There is a policy {form.slug!r} already: propose a version of it on its page.")
    if form.is_valid():
        said = form.cleaned_data
        try:
            services.propose(said["text"], slug=form.slug, user=request.user, note=said["note"], now=clock.now())
        except PolicyRefused as error:
            form.refuse(error)
        else:
            return redirect("approvals:policy", slug=form.slug)
    return _propose(request, form, versions)


def _propose(request: SignedIn, form: ProposalForm, versions: list[Version]) -> HttpResponse:
    slug = form.slug if versions else ""
    context = {"form": form, "slug": slug, "title": _title(versions) if versions else ""}
    return render(request, "approvals/policies/propose.html", context, status=422 if form.is_bound else 200)


def _is_known(slug: str) -> bool:
    try:
        return bool(history_of(slug))
    except Http404:
        return False


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: SignedIn, slug: str, number: int) -> HttpResponse:
    """A second person puts a version in force, or refuses it. GET ?verdict=: the dialog (a page without htmx)."""
    rules_for(request.user, may=Right.RULE)
    version = next((one for one in history_of(slug) if one.number == number), None)
    if version is None or version.row is None:
        raise Http404(f"Nobody proposed version {number} of {slug}.")
    said_so = request.POST if request.method == "POST" else request.GET
    verdict = REFUSE if said_so.get("verdict") == REFUSE else "accept"
    form = RulingForm(request.POST if request.method == "POST" else None, verdict=verdict)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        services.decide_policy(
            version.row, user=request.user, accept=said["verdict"] == "accept", reason=said["reason"], now=clock.now()
        )
        return after_post(request, reverse("approvals:policy", args=[slug]))
    template = "approvals/policies/_rule.html" if request.htmx else "approvals/policies/rule.html"
    context = {
        "slug": slug,
        "title": version.row.title,
        "version": version,
        "form": form,
        "verdict": verdict,
        "why_not": _why_not(request, version, may_rule=services.may_rule(request.user)),
    }
    return render(request, template, context, status=422 if form.is_bound else 200)
