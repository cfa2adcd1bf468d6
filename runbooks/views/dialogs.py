"""How a form is shown and answered: a dialog for htmx, else a page of its own that works without any script."""

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from catalog.requests import SignedIn, after_post
from runbooks.errors import RunbookError
from runbooks.forms import ActForm

form_door = require_http_methods(["GET", "HEAD", "POST"])
UNPROCESSABLE = 422


def answer(
    request: SignedIn, form: ActForm, perform: Callable[..., object], context: dict[str, Any], template: str = "act"
) -> HttpResponse:
    """The act, when the form is right; else the form. context: title, button, explains, back (address of the thing).

    template: `runbooks/<template>.html` is the page, `runbooks/_<template>.html` the dialog."""
    if form.is_valid() and worked(form, lambda: perform(**form.said())):
        return after_post(request, context["back"], form.cleaned_data["next"])
    name = f"runbooks/_{template}.html" if request.htmx else f"runbooks/{template}.html"
    status = UNPROCESSABLE if request.method == "POST" else 200
    return render(request, name, {**context, "form": form}, status=status)


def worked(form: Form, perform: Callable[[], object]) -> bool:
    """Whether the act was done. What the service finds wrong in the form's own words stands in the form."""
    try:
        perform()
    except RunbookError as error:
        if error.status != UNPROCESSABLE:
            raise
        form.add_error(None, str(error))
        return False
    return True


def initial(request: SignedIn, seen: int) -> dict[str, Any]:
    """What a form begins with: the version that the page showed, and where to go back to."""
    return {"seen": seen, "next": request.GET.get("next", "")}
