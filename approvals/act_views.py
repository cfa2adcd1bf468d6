"""What else people do with a request: ask, answer, confirm, take back, break the glass, review, approve in advance.

Each is a dialog for htmx and a page of its own without; all go through the same gate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from approvals import services
from approvals.forms import AnswerForm, GlassForm, QuestionForm, ReviewForm, StandingForm, WithdrawForm
from approvals.models import ApprovalRequest, StandingApproval
from approvals.permissions import request_for
from approvals.views import card, factor_of, stepping_up
from catalog.requests import SignedIn, after_post
from catalog.stepup import register_purpose
from plumbing import clock

Do = Callable[[SignedIn, ApprovalRequest, Any], object]
register_purpose("approvals:break-glass", "Go on without the approver")
register_purpose("approvals:standing", "Approve in advance")


@dataclass(frozen=True)
class Words:
    """What a dialog says: its heading, what follows, and its button."""

    title: str
    follows: str
    button: str
    is_grave: bool = False  # then the effect stands above the form once more


def _act(
    request: SignedIn, found: ApprovalRequest, form: forms.Form, words: Words, do: Do, *, within_s: int | None = None
) -> HttpResponse:
    """Show the dialog, or do what was said in it."""
    if form.is_bound and form.is_valid():
        do(request, found, form)
        return after_post(request, reverse("approvals:page", args=[found.uid]))
    template = "approvals/_act_dialog.html" if request.htmx else "approvals/act.html"
    context = {**card(request, found), "form": form, "words": words} | stepping_up(request, found, within_s)
    return render(request, template, context, status=422 if form.is_bound else 200)


def _posted(request: SignedIn) -> Any:
    return request.POST if request.method == "POST" else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: SignedIn, uid: str) -> HttpResponse:
    """Ask before deciding."""
    found = request_for(request.user, uid)
    follows = "The request stays open."
    if found.demand.get("hold_s") and not found.was_held:
        follows = "The clock stands still once, until the answer."
    words = Words("Ask first", follows, "Ask")
    return _act(request, found, QuestionForm(_posted(request)), words, _ask)


def _ask(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
    services.ask_question(found.uid, user=request.user, text=form.cleaned_data["text"], now=clock.now())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: SignedIn, uid: str) -> HttpResponse:
    """Answer a question."""
    found = request_for(request.user, uid)
    words = Words("Answer", "The clock goes on.", "Answer")
    return _act(request, found, AnswerForm(_posted(request)), words, _answer)


def _answer(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
    services.answer(found.uid, user=request.user, text=form.cleaned_data["text"], now=clock.now())


@login_required
@require_POST
def confirm(request: SignedIn, uid: str, condition: int) -> HttpResponse:
    """Confirm the note that a yes was given under."""
    found = request_for(request.user, uid)
    services.confirm(found.uid, condition, user=request.user, now=clock.now())
    return after_post(request, reverse("approvals:page", args=[found.uid]))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: SignedIn, uid: str) -> HttpResponse:
    """Take the question, or one's own yes, back."""
    found = request_for(request.user, uid)
    what = "your yes" if found.state == "approved" else "the request"
    words = Words(
        f"Take {what} back", "The step fails then, and whoever commands decides what follows.", "Take it back"
    )
    return _act(request, found, WithdrawForm(_posted(request)), words, _withdraw)


def _withdraw(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
    services.withdraw(found.uid, user=request.user, reason=form.cleaned_data["reason"], now=clock.now())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def break_glass(request: SignedIn, uid: str) -> HttpResponse:
    """Go on without the approver."""
    found = request_for(request.user, uid)
    form = GlassForm(_posted(request), initial={"seen": found.digest})
    follows = (
        "The accountable owner and compliance are told at once. The incident can't be closed before an independent "
        "person has reviewed it."
    )
    words = Words("Break the glass", follows, "Break the glass", is_grave=True)
    return _act(request, found, form, words, _break, within_s=services.FRESH_S)


def _break(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
    said = form.cleaned_data
    services.break_glass(
        found.uid, user=request.user, reason=said["reason"], typed=said["typed"], seen_digest=said["seen"],
        factor=factor_of(request, found, services.FRESH_S), now=clock.now(),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: SignedIn, uid: str) -> HttpResponse:
    """Say whether it was right to break the glass."""
    found = request_for(request.user, uid)
    if not hasattr(found, "review"):
        raise Http404("Nobody broke the glass here.")
    words = Words(
        "Review the broken glass", f"{found.review.breaker} wrote: “{found.review.reason}”", "Decide the review"
    )
    return _act(request, found, ReviewForm(_posted(request)), words, _review)


def _review(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
    said = form.cleaned_data
    services.decide_review(
        found.review.uid, user=request.user, justified=said["justified"] == "yes", finding=said["finding"],
        now=clock.now(),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def standing(request: SignedIn, uid: str) -> HttpResponse:
    """Approve this step in advance, within limits."""
    found = request_for(request.user, uid)
    follows = (
        "Only this step of this version, in this environment, with these inputs. It ends when one of them, the "
        "policies or the owner changes. You are told of every use."
    )
    words = Words("Approve in advance", follows, "Approve in advance")
    form = StandingForm(_posted(request), request=found)
    return _act(request, found, form, words, _stand, within_s=found.demand.get("factor_s"))


def _stand(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
    said, now = form.cleaned_data, clock.now()
    services.give_standing(
        found.uid, user=request.user, reason=said["reason"], most=said["most"], expires_at=form.until(now),
        ranges=form.ranges(), incident_classes=said["severities"], now=now,
        factor=factor_of(request, found),
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def end_standing(request: SignedIn, uid: str, standing: str) -> HttpResponse:
    """Take a yes in advance back."""
    found = request_for(request.user, uid)
    one = StandingApproval.objects.filter(origin=found, uid=standing).first()
    if one is None:
        raise Http404("There is no such approval in advance.")

    def do(request: SignedIn, found: ApprovalRequest, form: Any) -> None:
        services.end_standing(one, user=request.user, reason=form.cleaned_data["reason"], now=clock.now())

    words = Words("End the approval in advance", "It is asked each time again.", "End it")
    return _act(request, found, WithdrawForm(_posted(request)), words, do)
