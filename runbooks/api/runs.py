"""Runs at /api/v1/."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runbooks import serializers
from runbooks.models import Run
from runbooks.permissions import run_for, visible_runs
from runbooks.selectors import run_overview


@extend_schema(
    parameters=[OpenApiParameter("state"), OpenApiParameter("stream", description="runs of one history (an incident)")]
)
class RunList(ListAPIView[Run]):
    """Runs that the caller sees, newest first."""

    serializer_class = serializers.RunSerializer
    queryset = Run.objects.none()

    def get_queryset(self) -> QuerySet[Run]:
        found = visible_runs(self.request.user)
        asked_for = self.request.query_params
        return found.filter(**{name: asked_for[name] for name in ("state", "stream") if name in asked_for})


def told(run: Run) -> dict[str, Any]:
    """A run with its steps and groups, as the API says it."""
    steps = [serializers.StepSerializer(step).data for step in run_overview(run).steps]
    groups = serializers.GroupSerializer(run.groups.order_by("group"), many=True).data
    return {**serializers.RunSerializer(run).data, "steps": steps, "groups": groups}


class RunDetail(APIView):
    """One run with its steps."""

    @extend_schema(responses=serializers.RunDetailSerializer)
    def get(self, request: Request, uid: str) -> Response:
        return Response(told(run_for(request.user, uid)))
