"""What an act would do, before it is done; and the acts that are bound to such a forecast: reruns and moves."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.permissions import Right
from catalog.requests import caller
from runbooks import serializers, services
from runbooks.api.acts import WHOLE
from runbooks.api.runs import told
from runbooks.engine.reading import definition_of_run
from runbooks.models import Run, RunbookVersion, RunMigration
from runbooks.permissions import allowed, run_for


class UndoForecast(APIView):
    """What an undo would do now: of the run, or with `?group=` or `?step=` of a group or of a step's branch."""

    @extend_schema(
        parameters=[OpenApiParameter("group"), OpenApiParameter("step")],
        responses=serializers.UndoForecastSerializer,
    )
    def get(self, request: Request, uid: str) -> Response:
        """In order; with what stays and why, and who is asked."""
        run = run_for(request.user, uid)
        kind, name = _scope(run, request)
        found = services.forecast_undo(run, definition_of_run(run), kind, name)
        asks = services.who_is_asked(run, found)
        shown = {"order": found.order, "stays": found.stays, "asks": asks}
        return Response(serializers.UndoForecastSerializer(shown).data)


def _scope(run: Run, request: Request) -> tuple[str, str]:
    asked = request.query_params
    if "step" in asked:
        if asked["step"] not in definition_of_run(run).by_id:
            raise Http404(f"This run has no step {asked['step'][:60]!r}.")
        return "branch", asked["step"]
    group = asked.get("group", WHOLE)
    if group == WHOLE:
        return "run", ""
    if not run.groups.filter(group=group).exists():
        raise Http404(f"This run has no group {group[:60]!r}.")
    return "group", group


def version_of(run: Run, number: int) -> RunbookVersion:
    """A version of the run's runbook. Raises Http404."""
    found = run.version.runbook.versions.select_related("runbook").filter(number=number).first()
    if found is None:
        raise Http404(f"This runbook has no version {number}.")
    return found


class Rerun(APIView):
    """A run again from a step: GET says what is kept and repeated, POST starts it."""

    @extend_schema(operation_id="step_rerun_forecast", responses=serializers.RepetitionSerializer)
    def get(self, request: Request, uid: str, step: str) -> Response:
        """What a rerun of the same version would do."""
        run = self._run(request, uid, step, Right.VIEW)
        return Response(serializers.RepetitionSerializer(services.rerun_forecast(run, step)).data)

    @extend_schema(
        operation_id="step_rerun",
        request=serializers.RerunSerializer,
        responses={201: serializers.RunDetailSerializer},
    )
    def post(self, request: Request, uid: str, step: str) -> Response:
        """The new run. 422 `not_safe` names the steps that need to be accepted."""
        run = self._run(request, uid, step, Right.EXECUTE)
        body = serializers.RerunSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said: dict[str, Any] = dict(body.validated_data)
        number = said.pop("version")
        version = version_of(run, number) if number else None
        made = services.rerun_from(uid, step, actor=caller(request), seen_at=said.pop("seen"), version=version, **said)
        return Response(told(run_for(request.user, made.uid)), status=status.HTTP_201_CREATED)

    def _run(self, request: Request, uid: str, step: str, right: Right) -> Run:
        run = run_for(request.user, uid, right)
        if step not in definition_of_run(run).by_id:
            raise Http404(f"This run has no step {step[:60]!r}.")
        return run


class Moves(APIView):
    """Proposed moves of a live run to other versions; POST proposes one."""

    @extend_schema(operation_id="run_moves", responses=serializers.MigrationSerializer(many=True))
    def get(self, request: Request, uid: str) -> Response:
        """Oldest first."""
        found = run_for(request.user, uid).migrations.select_related("was", "to", "asker", "by")
        return Response(serializers.MigrationSerializer(found, many=True).data)

    @extend_schema(
        operation_id="run_move",
        request=serializers.RunMoveSerializer,
        responses={201: serializers.MigrationSerializer},
    )
    def post(self, request: Request, uid: str) -> Response:
        """The proposal with its difference. 409 `move_refused` says why the run can't follow that version."""
        run = run_for(request.user, uid, Right.EXECUTE)
        body = serializers.RunMoveSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        asked = services.ask_migration(
            uid,
            version=version_of(run, said["version"]),
            actor=caller(request),
            seen_at=said["seen"],
            reason=said["reason"],
        )
        return Response(serializers.MigrationSerializer(asked).data, status=status.HTTP_201_CREATED)


class DecideMove(APIView):
    """The second person's word on a proposed move."""

    @extend_schema(request=serializers.MoveVerdictSerializer, responses=serializers.MigrationSerializer)
    def post(self, request: Request, uid: str, move: str) -> Response:
        """The move as it is then. 403 for its proposer; 409 when it is over, or its difference is another by now."""
        run = run_for(request.user, uid)
        if not run.migrations.filter(uid=move).exists():
            raise Http404("This run has no such move.")
        if not allowed(caller(request), run, Right.APPROVE):
            raise PermissionDenied("In this run you don't have the right to approve.")
        body = serializers.MoveVerdictSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decided: RunMigration = services.decide_migration(move, actor=caller(request), **body.validated_data)
        return Response(serializers.MigrationSerializer(decided).data)
