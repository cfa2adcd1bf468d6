"""Doors for signing in and out."""

from allauth.account.stages import LoginStageController
from allauth.account.utils import perform_login
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from catalog.asking import ask
from catalog.errors import TooManyTries, WrongCredentials
from catalog.forms import SignInForm
from catalog.models import User
from catalog.requests import next_page
from catalog.services import check_credentials, record_sign_out
from catalog.services.factors import CODES, STARTED
from catalog.states import UserKind
from catalog.stepup import has_factor, remember_password
from plumbing import clock

BOUND = "muster.half_signed_in"  # the password's hash, so that a new password ends what an old one began
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
    return _begin(request, user)


def _begin(request: HttpRequest, user: User) -> HttpResponse:
    """Sign in, or ask for the second factor first: until it is given the session is nobody's."""
    if request.user.is_authenticated:
        request.session.flush()  # of whoever was here before
    if has_factor(user):
        request.session[BOUND] = user.get_session_auth_hash()
    remember_password(request, user, clock.now())
    answer: HttpResponse = perform_login(request, user, email_verification="none", redirect_url=_next(request))
    return answer


@sensitive_post_parameters("code", "credential")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """The second half of signing in. The first one holds for ACCOUNT_LOGIN_TIMEOUT, and while the password stays."""
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    if stage is None or not _still_holds(request, stage.login.user):
        request.session.flush()
        return redirect(settings.LOGIN_URL)
    user = stage.login.user

    def done(factor: Authenticator) -> HttpResponse:
        del request.session[BOUND]
        answer: HttpResponse = stage.exit()
        return answer

    more = {"person": user}
    return ask(request, "mfa/sign_in.html", user, kinds=CODES, entry=STARTED, done=done, more=more)


def _still_holds(request: HttpRequest, user: User) -> bool:
    return user.is_active and has_factor(user) and request.session.get(BOUND) == user.get_session_auth_hash()


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
    asked = request.POST.get("next") or request.GET.get("next", "")
    context = {"form": form, "next": asked, "demo_people": people[:MOST_DEMO_PEOPLE]}
    return render(request, "registration/login.html", context, status=status)


def _next(request: HttpRequest) -> str:
    """Where to go: the asked address if it is one of ours, else home."""
    return next_page(request, resolve_url(settings.LOGIN_REDIRECT_URL))
