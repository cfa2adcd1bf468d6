"""How the API describes itself: what drf-spectacular can't find out alone."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class MachineToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Machine users send `Authorization: Bearer muster_…`."""

    target_class = "catalog.api_authentication.MachineTokenAuthentication"
    name = "machineToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "muster_…"}
