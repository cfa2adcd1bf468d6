"""A page for everybody who was handed a pack: bring it, and hear whether it holds."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from audit.forms.verifying import PackCheckForm
from audit.ledger import Actor
from audit.packs.seal import BUNDLE
from audit.verifying import uploads
from audit.verifying.checking import Asked, check
from audit.verifying.errors import BadKeys
from audit.verifying.tools import tools


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify_pack(request: HttpRequest) -> HttpResponse:
    """Check a pack, of this installation or of another. That it was checked is recorded."""
    form = PackCheckForm(request.POST, request.FILES) if request.method == "POST" else PackCheckForm()
    checked = None
    if form.is_bound and form.is_valid():
        told = form.cleaned_data
        asked = Asked(told["pack"].name, told["keys"], told["trust"], told["tagmanifest"])
        try:
            with uploads.readable(told["pack"]) as pack:
                checked = check(pack, asked, actor=cast(Actor, request.user))
        except BadKeys as error:
            form.add_error(error.field, error.message)
    context = {"form": form, "checked": checked, "tools": tools()}
    is_live = getattr(request, "htmx", False)
    if checked and is_live:
        return render(request, "audit/_verify_result.html", context)
    if not form.errors:
        return render(request, "audit/verify.html", context)
    answer = render(request, "audit/verify.html", context, status=422)
    if is_live:  # the form with what is wrong in it, not the place of the result
        answer["HX-Retarget"], answer["HX-Reselect"], answer["HX-Reswap"] = "#main", "#main", "outerHTML"
    return answer


@login_required
@require_safe
def offline_verifier(request: HttpRequest) -> HttpResponse:
    """verify.html as it lies in every pack of this release: a download, never a page of this portal."""
    headers = {"Content-Disposition": 'attachment; filename="verify.html"'}
    return HttpResponse((BUNDLE / "verify.html").read_bytes(), content_type="application/octet-stream", headers=headers)
