"""Runbooks and their versions at /api/v1/: the same gate and the same services as the pages."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView, ListCreateAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from catalog.permissions import Right, holds
from catalog.requests import caller
from runbooks import serializers, services
from runbooks.definitions.source import LARGEST
from runbooks.models import Runbook, RunbookVersion
from runbooks.permissions import runbook_for
from runbooks.shelf import shelf_of


class RunbookList(ListCreateAPIView[Runbook]):
    """Runbooks that the caller sees; POST makes one, without a version yet."""

    serializer_class = serializers.RunbookSerializer
    queryset = Runbook.objects.none()

    def get_queryset(self) -> QuerySet[Runbook]:
        return shelf_of(caller(self.request), self.request.query_params.get("q", ""))

    def perform_create(self, serializer: BaseSerializer[Runbook]) -> None:
        said = serializer.validated_data
        if not holds(caller(self.request), Right.AUTHOR, [said["team"]]):
            raise PermissionDenied(f"You don't have the right to write runbooks in {said['team']}.")
        serializer.instance = services.make_runbook(**said, actor=caller(self.request))


class RunbookDetail(RetrieveAPIView[Runbook]):
    """One runbook."""

    serializer_class = serializers.RunbookSerializer

    def get_object(self) -> Runbook:
        runbook_for(self.request.user, self.kwargs["slug"])
        return shelf_of(caller(self.request)).get(slug=self.kwargs["slug"])


class VersionList(ListAPIView[RunbookVersion]):
    """Versions of a runbook without their texts, newest first; POST saves a text as the next one, a draft."""

    serializer_class = serializers.VersionRowSerializer
    queryset = RunbookVersion.objects.none()
    largest_body = 2 * LARGEST  # in JSON, a line break has two characters

    def get_queryset(self) -> QuerySet[RunbookVersion]:
        runbook = runbook_for(self.request.user, self.kwargs["slug"])
        return runbook.versions.select_related("author", "publisher").defer("source")

    @extend_schema(request=serializers.SourceSerializer, responses={201: serializers.VersionSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """422 with every problem (file, line, field, what would be right). The same text again: 200, nothing new."""
        runbook = runbook_for(request.user, slug, Right.AUTHOR)
        body = serializers.SourceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        before = runbook.versions.count()
        version = services.save_version(runbook, body.validated_data["source"], author=caller(request))
        is_new = version.number > before
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(serializers.VersionSerializer(version).data, status=code)


def _version(runbook: Runbook, number: int) -> RunbookVersion:
    found = runbook.versions.select_related("author", "publisher").filter(number=number).first()
    if found is None:
        raise Http404(f"This runbook has no version {number}.")
    return found


class VersionDetail(RetrieveAPIView[RunbookVersion]):
    """One version with its text."""

    serializer_class = serializers.VersionSerializer

    def get_object(self) -> RunbookVersion:
        return _version(runbook_for(self.request.user, self.kwargs["slug"]), self.kwargs["number"])


class Publish(APIView):
    """Makes a draft the version that runs."""

    @extend_schema(request=None, responses=serializers.VersionSerializer)
    def post(self, request: Request, slug: str, number: int) -> Response:
        """409 when it is no draft any more."""
        version = _version(runbook_for(request.user, slug, Right.AUTHOR), number)
        return Response(serializers.VersionSerializer(services.publish(version, publisher=caller(request))).data)
