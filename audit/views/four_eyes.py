"""What the pages of redaction, erasure and holds share: which stream is asked for, who asked, and a second person."""

from collections.abc import Mapping

from django.http import HttpRequest

from audit.forms.redaction import MOST_LISTED, ReasonForm, VerdictForm
from audit.models import ErasureRequest, RedactionSet, Stream
from audit.naming import Person
from audit.permissions import redactable, stream_for


def stream_asked(request: HttpRequest) -> tuple[str, list[Stream]]:
    """The uid that the form or `?stream=` names, "" for none, and the streams to choose from: that one, else all that
    may be redacted.

    Raises Http404 or PermissionDenied: who may not redact the one is told so, and a stranger that it isn't there."""
    asked = request.POST.get("stream") or request.GET.get("stream", "")
    if asked:
        return asked, [stream_for(request.user, asked, may="redact")]
    return "", list(redactable(request.user)[:MOST_LISTED])


def asked_and_decided(row: RedactionSet | ErasureRequest, known: Mapping[str, Person], me: str) -> dict[str, object]:
    """For a page: who asked, who decided, and the forms with which somebody does. known: people by actor id."""
    return {
        "author": known[row.author].name,
        "decider": known[row.decider].name if row.decider else "",
        "is_own": row.author == me,
        "verdict": VerdictForm(initial={"seen": row.digest}),
        "withdraw": ReasonForm(auto_id="id_withdraw_%s"),
    }


def first_error(form: VerdictForm | ReasonForm) -> str:
    """The first thing that is wrong in a form that is sent from a page of its own."""
    return next(str(error) for found in form.errors.values() for error in found)
