"""Second factors in tests: an authenticator app, a passkey in software, and sessions that have just proved one."""

import datetime as dt
import hashlib
import json
import os
import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import encrypt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from catalog.models import User
from plumbing import clock

STEP_S = 30
ORIGIN = "http://localhost"


def enrol_app(user: User) -> str:
    """Somebody has an authenticator app. Returns its secret; code_of() is what the app shows."""
    secret: str = generate_totp_secret()
    Authenticator.objects.create(user=user, type="totp", data={"secret": encrypt(secret)})
    return secret


def code_of(secret: str, steps: int = 0) -> str:
    """The six digits of now, or of so many steps of 30 s later."""
    shown: str = format_hotp_value(hotp_value(secret, int(time.time()) // STEP_S + steps))
    return shown


def proved(client: Client, user: User, method: str = "webauthn", at: dt.datetime | None = None) -> Authenticator:
    """The client's session has just proved a second factor of `user`, who has one from now on."""
    factor = Authenticator.objects.filter(user=user, type=method).first() or _made(user, method)
    moment = (at or clock.now()).timestamp()
    remembered(client, user, {"method": "mfa", "type": method, "id": factor.pk, "at": moment})
    return factor


def enrol_passkey_of(user: User, key: "Passkey | None" = None, host: str = "localhost") -> Authenticator:
    """Somebody has a passkey, and nobody looked when they made it."""
    made = (key or Passkey()).create({"challenge": "AA", "rp": {"id": host}})
    return Authenticator.objects.create(user=user, type="webauthn", data={"name": "Blue key", "credential": made})


def _made(user: User, method: str) -> Authenticator:
    if method == "webauthn":
        return enrol_passkey_of(user)
    return Authenticator.objects.create(user=user, type=method, data={"secret": "never opened"})


def remembered(client: Client, user: User, *records: Any) -> None:
    """The client's session holds these authentication records of `user`, as allauth keeps them."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = list(records)
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
    session.save()


class Passkey:
    """An authenticator of the platform, in software: it signs what it is asked, as a browser would send it."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.uid = os.urandom(16)

    def create(self, asked: dict[str, Any], *, origin: str = ORIGIN, verified: bool = True) -> dict[str, Any]:
        """Answers creation options."""
        public = ES256.from_cryptography_key(self.key.public_key())
        own = AttestedCredentialData.create(bytes(16), self.uid, public)
        said = self._said("webauthn.create", asked["challenge"], origin)
        data = self._data(asked["rp"]["id"], verified=verified, own=own)
        made = AttestationObject.create("none", data, {})
        return self._answer({"clientDataJSON": websafe_encode(said), "attestationObject": websafe_encode(bytes(made))})

    def get(self, asked: dict[str, Any], *, origin: str = ORIGIN, verified: bool = True) -> dict[str, Any]:
        """Answers request options."""
        said = self._said("webauthn.get", asked["challenge"], origin)
        data = self._data(asked["rpId"], verified=verified)
        signature = self.key.sign(bytes(data) + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        parts = {"clientDataJSON": said, "authenticatorData": bytes(data), "signature": signature}
        return self._answer({name: websafe_encode(part) for name, part in parts.items()})

    def _said(self, kind: str, challenge: str, origin: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()

    def _data(self, host: str, *, verified: bool, own: AttestedCredentialData | None = None) -> AuthenticatorData:
        flags = AuthenticatorData.FLAG.UP
        flags |= AuthenticatorData.FLAG.UV if verified else AuthenticatorData.FLAG(0)
        flags |= AuthenticatorData.FLAG.AT if own else AuthenticatorData.FLAG(0)
        return AuthenticatorData.create(hashlib.sha256(host.encode()).digest(), flags, 1, own or b"")

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        uid = websafe_encode(self.uid)
        return {"id": uid, "rawId": uid, "type": "public-key", "clientExtensionResults": {}, "response": response}
