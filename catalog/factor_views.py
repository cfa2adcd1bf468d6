"""Doors of one's own second factors, and the page that asks for one again."""

import base64
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import clear_totp_secret, get_totp_secret
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from catalog import services
from catalog.asking import ask, passkey_place
from catalog.errors import FactorNotAdded, TooManyTries, WrongCredentials, WrongFactor
from catalog.forms import AppForm, PasskeyForm, PasswordForm
from catalog.permissions import factor_for
from catalog.requests import SignedIn, next_page
from catalog.services.factors import APP_ONLY, CODES, CONFIRMED
from catalog.stepup import factors_of, has_factor, purpose_of, recently_signed_in, remember_factor, remember_password
from plumbing import clock

Door = Callable[..., HttpResponse]
page = require_http_methods(["GET", "HEAD", "POST"])


def after_recent_sign_in(door: Door) -> Door:
    """Who signed in too long ago is asked to confirm first, and comes back. A gate that hides things stands before."""

    @login_required
    @never_cache
    @wraps(door)
    def guarded(request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        if "factor_id" in kwargs:
            factor_for(request.user, kwargs["factor_id"])
        if recently_signed_in(request, now=clock.now()):
            return door(request, *args, **kwargs)
        return redirect(f"{reverse('confirm-sign-in')}?{urlencode({'next': request.path})}")

    return guarded


@login_required
@never_cache
@sensitive_post_parameters("code", "credential")
@page
def step_up(request: SignedIn) -> HttpResponse:
    """Ask for the second factor again, and lead back to what needs it. Recovery codes don't count here."""
    where = next_page(request, reverse("home"))
    more = {"next": where, "purpose": purpose_of(where)}
    if not has_factor(request.user):
        return render(request, "mfa/none_yet.html", more)

    def done(factor: Authenticator) -> HttpResponse:
        return redirect(where)

    return ask(request, "mfa/step_up.html", request.user, kinds=APP_ONLY, entry=CONFIRMED, done=done, more=more)


@login_required
@never_cache
@sensitive_post_parameters("password", "code", "credential")
@page
def confirm_sign_in(request: SignedIn) -> HttpResponse:
    """Before somebody changes their own factors: one of them, a recovery code, or the password of who has none."""
    where = next_page(request, reverse("factors"))
    if not has_factor(request.user):
        return _ask_password(request, where)

    def done(factor: Authenticator) -> HttpResponse:
        return redirect(where)

    more = {"next": where}
    return ask(request, "mfa/confirm.html", request.user, kinds=CODES, entry=CONFIRMED, done=done, more=more)


def _ask_password(request: SignedIn, where: str) -> HttpResponse:
    form, status = PasswordForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        status = 422
        try:
            if form.is_valid():
                address = request.META.get("REMOTE_ADDR", "")
                services.confirm_password(request.user, form.cleaned_data["password"], address)
                remember_password(request, request.user, clock.now())
                return redirect(where)
        except WrongCredentials:
            form.add_error("password", "This isn't your password. Passwords know upper and lower case.")
        except TooManyTries as refused:
            form.add_error(None, str(refused))
            status = refused.status
    return render(request, "mfa/confirm_password.html", {"form": form, "next": where}, status=status)


@login_required
@never_cache
@require_safe
def factors(request: SignedIn) -> HttpResponse:
    """One's own second factors."""
    own = factors_of(request.user)
    codes = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    context = {
        "factors": own,
        "has_app": any(factor.type == Authenticator.Type.TOTP for factor in own),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "codes_unseen": codes is not None and not codes.wrap().did_view,
        "passkey_place": passkey_place(request),
    }
    return render(request, "mfa/factors.html", context)


@sensitive_post_parameters("credential")
@page
@after_recent_sign_in
def add_passkey(request: SignedIn) -> HttpResponse:
    """Let the browser make a passkey, and keep its public half."""
    form, status = PasskeyForm(request.POST if request.method == "POST" else None), 200
    if form.is_bound:
        status = 422
        try:
            if form.is_valid():
                return _added(request, services.add_passkey(request.user, **form.cleaned_data))
        except (WrongFactor, FactorNotAdded) as refused:
            form.add_error(None, str(refused))
    place = passkey_place(request)
    options = None if place else webauthn.begin_registration(request.user, passwordless=False)
    context = {"form": form, "passkey": options, "passkey_place": place}
    return render(request, "mfa/add_passkey.html", context, status=status)


@sensitive_post_parameters("code")
@page
@after_recent_sign_in
def add_app(request: SignedIn) -> HttpResponse:
    """Show a secret to an authenticator app, and take it when the app knows it."""
    form, status = AppForm(request.POST if request.method == "POST" else None), 200
    secret = get_totp_secret(regenerate=not form.is_bound)
    if form.is_bound:
        status = 422
        try:
            if form.is_valid():
                factor = services.add_app(request.user, secret, form.cleaned_data["code"])
                clear_totp_secret(request)
                return _added(request, factor)
        except (WrongFactor, FactorNotAdded) as refused:
            form.add_error("code", str(refused))
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    shown = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    context = {"form": form, "secret": shown, "picture": base64.b64encode(picture.encode()).decode()}
    return render(request, "mfa/add_app.html", context, status=status)


def _added(request: SignedIn, factor: Authenticator) -> HttpResponse:
    """All other sessions have ended; this one goes on, and has just proved the new factor."""
    update_session_auth_hash(request, request.user)
    remember_factor(request, factor, clock.now())
    return redirect("recovery-codes" if len(factors_of(request.user)) == 1 else "factors")


@page
@after_recent_sign_in
def recovery_codes(request: SignedIn) -> HttpResponse:
    """Codes for the day on which a factor is lost: shown once, made anew as often as one wants."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        if request.POST.get("do") == "renew":
            services.renew_recovery_codes(request.user)
        context["codes"] = services.show_recovery_codes(request.user)
    own = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.RECOVERY_CODES).first()
    context |= {"may_see": own is not None and not own.wrap().did_view, "has_codes": own is not None}
    return render(request, "mfa/codes.html", context)


@page
@after_recent_sign_in
def remove_factor(request: SignedIn, factor_id: int) -> HttpResponse:
    """Take one of one's own factors away."""
    factor = factor_for(request.user, factor_id)
    if request.method != "POST":
        is_last = len(factors_of(request.user)) == 1
        return render(request, "mfa/remove.html", {"factor": factor, "is_last": is_last})
    services.remove_factor(request.user, factor)
    update_session_auth_hash(request, request.user)
    return redirect("factors")
