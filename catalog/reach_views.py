"""Pages about how the reader is reached: their contact points and what was sent to them. Nobody else's, ever."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog import services
from catalog.errors import AddressRefused, ContactRefused
from catalog.forms import ContactPointForm
from catalog.permissions import contact_point_for
from catalog.requests import SignedIn, after_post, rows_wanted, show_more_url
from catalog.selectors import notices_of, ways_of
from catalog.states import ContactKind
from plumbing import clock


@login_required
@require_safe
def page(request: SignedIn) -> HttpResponse:
    """The reader's contact points, and what was sent to them."""
    ways, notices, shown = ways_of(request.user), notices_of(request.user), rows_wanted(request)
    rows, total = list(notices[:shown]), notices.count()
    by_mail = any(way.point.kind == ContactKind.EMAIL for way in ways) or bool(not ways and request.user.email)
    context = {
        "ways": ways,
        "is_trying": any(way.is_trying for way in ways),
        "mail_is_missing": by_mail and not settings.EMAIL_HOST,
        "rows": rows,
        "total": total,
        "next_url": show_more_url(request, shown) if total > len(rows) else "",
    }
    return render(request, "catalog/reach.html", context)


@sensitive_post_parameters("address")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: SignedIn) -> HttpResponse:
    """Add a contact point, and try it at once."""
    form = ContactPointForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "catalog/reach_add.html", {"form": form}, status=422 if form.is_bound else 200)
    try:
        point = services.add_contact_point(request.user, **form.cleaned_data)
    except (AddressRefused, ContactRefused) as error:
        form.add_error("address" if isinstance(error, AddressRefused) else "label", str(error))
        return render(request, "catalog/reach_add.html", {"form": form}, status=error.status)
    services.send_test(point, request.user, clock.now())
    return redirect("reach:page")


@login_required
@require_POST
def test(request: SignedIn, uid: str) -> HttpResponse:
    """Send a test notice to one of the reader's contact points."""
    services.send_test(contact_point_for(request.user, uid), request.user, clock.now())
    return after_post(request, reverse("reach:page"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: SignedIn, uid: str) -> HttpResponse:
    """Forget one of the reader's contact points; the page asks whether that is meant."""
    point = contact_point_for(request.user, uid)
    if request.method == "POST":
        services.remove_contact_point(point, request.user)
        return after_post(request, reverse("reach:page"))
    is_last = not request.user.contact_points.exclude(pk=point.pk).exists()
    template = "catalog/_reach_remove.html" if request.htmx else "catalog/reach_remove.html"
    return render(request, template, {"point": point, "is_last": is_last})
