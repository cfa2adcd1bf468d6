"""Doors for signing in and out."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from catalog.errors import TooManyTries, WrongCredentials
from catalog.forms import SignInForm
from catalog.models import User
from catalog.services import check_credentials, record_sign_out
from catalog.states import UserKind

BACKEND = "django.contrib.auth.backends.ModelBackend"
MOST_DEMO_PEOPLE = 12


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in and go where the reader wanted to go, within this site."""
    form = SignInForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return redirect(_next(request)) if request.user.is_authenticated else _page(request, form)
    if not form.is_valid():
        return _page(request, form, 422)
    said = form.cleaned_data
    try:
        user = check_credentials(said["username"], said["password"], request.META.get("REMOTE_ADDR", ""))
    except TooManyTries as error:
        form.add_error(None, str(error))
        response = _page(request, form, error.status)
        response["Retry-After"] = str(error.retry_after_s)
        return response
    except WrongCredentials as error:
        form.add_error(None, str(error))
        return _page(request, form, 422)
    login(request, user, backend=BACKEND)
    return redirect(_next(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, User):
        record_sign_out(request.user)
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def _page(request: HttpRequest, form: SignInForm, status: int = 200) -> HttpResponse:
    people = User.objects.none()
    if settings.DEMO:
        people = User.objects.filter(kind=UserKind.PERSON, is_active=True).exclude(title="").order_by("pk")
    context = {"form": form, "next": _asked_next(request), "demo_people": people[:MOST_DEMO_PEOPLE]}
    return render(request, "registration/login.html", context, status=status)


def _asked_next(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next", "")


def _next(request: HttpRequest) -> str:
    """Where to go: the asked address if it is one of ours, else home."""
    asked = _asked_next(request)
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return asked
    return resolve_url(settings.LOGIN_REDIRECT_URL)
