"""Checking packs at /api/v1/verify-pack: the same function as the page."""

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api.reading import actor_of, body
from audit.serializers.verifying import CheckedSerializer, PackCheckSerializer
from audit.verifying import uploads
from audit.verifying.checking import Asked, check


class VerifyPack(APIView):
    """Check a pack, of this installation or of another. Answers 200 also for one that doesn't hold."""

    parser_classes = (MultiPartParser,)

    @extend_schema(request=PackCheckSerializer, responses=CheckedSerializer)
    def post(self, request: Request) -> Response:
        told = body(PackCheckSerializer, request)
        asked = Asked(told["pack"].name, told["keys"], told["trust"], told["tagmanifest"])
        with uploads.readable(told["pack"]) as pack:
            checked = check(pack, asked, actor=actor_of(request))
        return Response(CheckedSerializer(checked).data)
