"""Trust at /api/v1/trust: what the page of trust says."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.serializers.trust import TrustSerializer
from audit.standing import standing


class Trust(APIView):
    """The last checkpoint, what it doesn't cover, the keys, and who outside holds copies."""

    @extend_schema(operation_id="trust_retrieve", responses=TrustSerializer)
    def get(self, request: Request) -> Response:
        return Response(TrustSerializer(standing()).data)
