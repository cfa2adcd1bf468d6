"""Asking for a second factor: the same form, and the same answers to it, at sign-in, at step-up and for one's own
factors. Only where it leads differs."""

import ipaddress
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from catalog import services
from catalog.adapters import passkey_host
from catalog.errors import TooManyTries, WrongFactor
from catalog.forms import FactorForm
from catalog.models import User
from catalog.stepup import remember_factor
from plumbing import clock

Done = Callable[[Authenticator], HttpResponse]
More = dict[str, Any]


def ask(
    request: HttpRequest, template: str, user: User, *, kinds: Collection[str], entry: str, done: Done, more: More
) -> HttpResponse:
    """The page that asks `user` for a passkey or a code of these kinds; after the right one, what `done` answers.

    entry: what the use is called on record. more: further context of the page."""
    form = FactorForm(request.POST if request.method == "POST" else None)
    if form.is_bound:
        try:
            if form.is_valid():
                factor = _use(request, user, form.cleaned_data, kinds, entry)
                remember_factor(request, factor, clock.now())
                return done(factor)
        except (WrongFactor, TooManyTries) as refused:
            form.add_error(None, str(refused))
            response = _page(request, template, user, kinds, {**more, "form": form}, refused.status)
            if isinstance(refused, TooManyTries):
                response["Retry-After"] = str(refused.retry_after_s)
            return response
    return _page(request, template, user, kinds, {**more, "form": form}, 422 if form.is_bound else 200)


def _use(request: HttpRequest, user: User, said: dict[str, Any], kinds: Collection[str], entry: str) -> Authenticator:
    address = request.META.get("REMOTE_ADDR", "")
    if said["credential"]:
        return services.use_passkey(user, said["credential"], entry=entry, address=address)
    return services.use_code(user, said["code"], kinds=kinds, entry=entry, address=address)


def _page(
    request: HttpRequest, template: str, user: User, kinds: Collection[str], more: More, status: int
) -> HttpResponse:
    own = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    place = passkey_place(request)
    has_passkey = Authenticator.Type.WEBAUTHN in own
    asks_passkey = has_passkey and not place
    context = {
        "passkey": webauthn.begin_authentication(user) if asks_passkey else None,
        "passkey_place": place if has_passkey else "",
        "asks_code": bool(own & set(kinds)),
        "has_app": Authenticator.Type.TOTP in own,
        "takes_recovery": Authenticator.Type.RECOVERY_CODES in kinds,
    }
    return render(request, template, {**context, **more}, status=status)


def passkey_place(request: HttpRequest) -> str:
    """Where this page can ask for passkeys; "" means here. Browsers know them by a name, never by an address."""
    host = request.get_host()
    if settings.ORIGIN:
        here = f"{request.scheme}://{host}"
        return "" if here == settings.ORIGIN else f"{settings.ORIGIN}{request.get_full_path()}"
    if not _is_number(passkey_host(host)):
        return ""
    port = urlsplit(f"//{host}").port
    return f"{request.scheme}://localhost{f':{port}' if port else ''}{request.get_full_path()}"


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
