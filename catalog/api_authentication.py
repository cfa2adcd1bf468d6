"""Machine tokens at the API: `Authorization: Bearer muster_…`.

A door asks for a scope by its attribute `token_scope`; without one it asks for `api`. People use their session.
"""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from catalog.errors import CatalogError, ScopeMissing, TokenRefused
from catalog.models import MachineToken, User
from catalog.services import token_of
from catalog.states import TokenScope
from plumbing import clock

SCHEME = "Bearer"


class MachineTokenAuthentication(BaseAuthentication):
    """Sets `request.user` to the machine user and `request.auth` to its MachineToken.

    An unknown, expired or revoked token: 401 with WWW-Authenticate. A token without the door's scope: 403.
    """

    def authenticate(self, request: Request) -> tuple[User, MachineToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        try:
            token = token_of(secret.strip(), clock.now())
            _check_scope(token, request)
        except TokenRefused as error:
            raise _answer(AuthenticationFailed, error) from None
        except ScopeMissing as error:
            raise _answer(PermissionDenied, error) from None
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="muster"'


def _check_scope(token: MachineToken, request: Request) -> None:
    view = (request.parser_context or {}).get("view")
    scope = str(getattr(view, "token_scope", TokenScope.API))
    if scope not in token.scopes:
        raise ScopeMissing(scope, token.scopes)


def _answer(answer: type[APIException], error: CatalogError) -> APIException:
    return answer({"code": error.code, "detail": str(error)})
