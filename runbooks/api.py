"""Runbooks and runs at /api/v1/: the same gate and the same services as the pages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.generics import ListAPIView, ListCreateAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from catalog.permissions import Right, holds
from catalog.requests import caller
from runbooks import serializers, services
from runbooks.models import Run, Runbook, RunbookVersion
from runbooks.permissions import run_for, runbook_for, visible_runs
from runbooks.selectors import run_overview
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
    """Versions of a runbook, newest first; POST saves a text as the next one, a draft."""

    serializer_class = serializers.VersionSerializer
    queryset = RunbookVersion.objects.none()

    def get_queryset(self) -> QuerySet[RunbookVersion]:
        runbook = runbook_for(self.request.user, self.kwargs["slug"])
        return runbook.versions.select_related("author", "publisher")

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
    """A run with its steps, as the API says it."""
    steps = [serializers.StepSerializer(step).data for step in run_overview(run).steps]
    return {**serializers.RunSerializer(run).data, "steps": steps}


class RunDetail(APIView):
    """One run with its steps."""

    @extend_schema(responses=serializers.RunDetailSerializer)
    def get(self, request: Request, uid: str) -> Response:
        return Response(told(run_for(request.user, uid)))


@dataclass(frozen=True)
class Act:
    """An act on a step: what it takes, and the service that does it."""

    body: type[Serializer[Any]]
    perform: Callable[..., object]


ACTS = {
    "start": Act(serializers.SeenSerializer, services.start_step),
    "finish": Act(serializers.FinishSerializer, services.finish_step),
    "retry": Act(serializers.ReasonSerializer, services.retry_step),
    "skip": Act(serializers.ReasonSerializer, services.skip_step),
    "take": Act(serializers.ReasonSerializer, services.take_over),
    "settle": Act(serializers.SettleSerializer, services.settle_unknown),
}


class StepAct(APIView):
    """What a person does with a step. `act` is given by the address."""

    act = "start"

    def post(self, request: Request, uid: str, step: str) -> Response:
        """The run as it is then. 403 when the step is somebody else's, 409 when it moved since it was seen."""
        run = run_for(request.user, uid, Right.EXECUTE)
        if step not in run_overview(run).by_id:
            raise Http404(f"This run has no step {step[:60]!r}.")
        body = ACTS[self.act].body(data=request.data)
        body.is_valid(raise_exception=True)
        said = dict(body.validated_data)
        ACTS[self.act].perform(uid, step, actor=caller(request), seen_at=said.pop("seen"), **said)
        return Response(told(run_for(request.user, uid)))


def step_act(act: str) -> type[StepAct]:
    """The view of one act, with its own words in the API's description."""
    schema = extend_schema(
        operation_id=f"step_{act}", request=ACTS[act].body, responses=serializers.RunDetailSerializer
    )
    return extend_schema_view(post=schema)(type(f"Step{act.capitalize()}", (StepAct,), {"act": act}))


class ChangeInput(APIView):
    """Gives a running run another input; what was agreed for the old one is void."""

    @extend_schema(request=serializers.InputSerializer, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        run_for(request.user, uid, Right.EXECUTE)
        body = serializers.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_input(uid, actor=caller(request), **body.validated_data)
        return Response(told(run_for(request.user, uid)))


class Cancel(APIView):
    """Stops a run: nothing new starts."""

    @extend_schema(request=serializers.CancelSerializer, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        run_for(request.user, uid, Right.EXECUTE)
        body = serializers.CancelSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.cancel_run(uid, actor=caller(request), **body.validated_data)
        return Response(told(run_for(request.user, uid)))
