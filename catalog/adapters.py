"""What allauth asks of us: the second factor is its only step of signing in, and it sends and says nothing itself."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from catalog.models import User
from plumbing.sealing import seal, unseal

SEALED_FOR = "second factor"  # allauth doesn't say whose


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made by administrators: nobody signs up, confirms an address or resets a password by mail."""

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def is_open_for_signup(self, request: object) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """What changed is seen on the page itself."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Notices are ours."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Passkeys belong to the portal's public name; the secrets of apps and recovery codes are kept sealed."""

    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": "This code or passkey isn't right."}

    def get_totp_label(self, user: User) -> str:
        return f"{settings.MFA_TOTP_ISSUER}: {user.username}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": passkey_host(context.request.get_host()), "name": settings.MFA_TOTP_ISSUER}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        return {"id": user.uid.encode(), "name": user.username, "display_name": str(user)}

    def encrypt(self, text: str) -> str:
        return seal(text, SEALED_FOR)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, SEALED_FOR)


def passkey_host(host: str) -> str:
    """The name that passkeys are bound to: the public one, else the one that the reader came by, without port."""
    return urlsplit(settings.ORIGIN or f"//{host}").hostname or ""
