"""What a step would do, asked of a worker: the panel, which asks for itself until it is told, and its question."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from catalog.requests import SignedIn, after_post
from runbooks import services
from runbooks.outlook.panels import preview_panel
from runbooks.permissions import may_foresee, run_for, step_in
from runbooks.views.dialogs import form_door


@login_required
@form_door
def preview(request: SignedIn, uid: str, step: str) -> HttpResponse:
    """GET: the panel alone. POST: ask; ?next= or `next` is the page that the panel stands on."""
    run = run_for(request.user, uid)
    row = step_in(run, step)
    own_page = reverse("runbooks:step", args=[uid, step])
    back = request.POST.get("next") or request.GET.get("next") or own_page
    if request.method == "POST":
        if not may_foresee(request.user, run):
            raise PermissionDenied("In this run you have neither the right to execute nor to approve.")
        services.ask_preview(uid, step, actor=request.user)
        if not request.htmx:
            return after_post(request, own_page, back)
    return render(request, "runbooks/_preview.html", {"told": preview_panel(request.user, row, back=back)})
