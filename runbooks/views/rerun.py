"""A run again from a step: what is kept, what is done a second time, said before it starts."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from catalog.permissions import Right
from catalog.requests import SignedIn
from runbooks import services
from runbooks.engine.reading import definition_of_run
from runbooks.forms import RerunForm
from runbooks.models import Run
from runbooks.permissions import run_for
from runbooks.selectors import run_overview
from runbooks.views.dialogs import UNPROCESSABLE, form_door, initial, worked
from runbooks.views.pages import step_of


@login_required
@form_door
def rerun(request: SignedIn, uid: str, step: str) -> HttpResponse:
    """The forecast with its form; a POST starts the new run and leads to it."""
    run = run_for(request.user, uid, Right.EXECUTE)
    shown = step_of(run_overview(run), step)
    planned = services.rerun_forecast(run, shown.row.of or step)
    unsafe = [(each.step, f"{each.title}: {each.why}") for each in planned.unsafe]
    form = RerunForm(request.POST or None, unsafe=unsafe, initial=initial(request, run.seen_at))
    begun: list[Run] = []

    def perform() -> None:
        said = form.said()
        begun.append(services.rerun_from(uid, shown.row.of or step, actor=request.user, **said))

    if form.is_valid() and worked(form, perform):
        where = reverse("runbooks:run", args=[begun[0].uid])
        return HttpResponse(headers={"HX-Redirect": where}) if request.htmx else HttpResponseRedirect(where)
    status = UNPROCESSABLE if request.method == "POST" else 200
    name = "runbooks/_rerun.html" if request.htmx else "runbooks/rerun.html"
    return render(request, name, {**_words(run, shown.step.title, planned), "form": form}, status=status)


def _words(run: Run, title: str, planned: Any) -> dict[str, Any]:
    titles = {step.id: step.title for step in definition_of_run(run).steps}
    return {
        "title": f"Run again from: {title}",
        "button": "Run again",
        "explains": "A new run of the same version begins at this step. What is not behind it stays as it came out.",
        "back": reverse("runbooks:run", args=[run.uid]),
        "kept": [titles[step] for step in planned.kept],
        "safe": planned.safe,
        "unsafe": planned.unsafe,
        "fresh": [titles[step] for step in planned.fresh],
    }
