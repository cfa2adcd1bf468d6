"""What is known of a step before it runs, at /api/v1/: whom it can hurt, what it would do, whose result it may use."""

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.permissions import Right
from catalog.requests import caller
from runbooks import serializers, services
from runbooks.api.runs import told
from runbooks.models import StepRun
from runbooks.outlook.panels import impact_for, preview_panel
from runbooks.outlook.serializers import ImpactSerializer, PreviewSerializer, TwinSerializer
from runbooks.outlook.twins import named, twins_for
from runbooks.permissions import may_foresee, run_for, step_in


class StepImpact(APIView):
    """Whom a step can hurt: services that need what it touches, open incidents and steps at work there."""

    @extend_schema(operation_id="step_impact", responses=ImpactSerializer)
    def get(self, request: Request, uid: str, step: str) -> Response:
        """As far as the caller sees them, with how many there are besides."""
        impact, _ = impact_for(caller(request), step_in(run_for(request.user, uid), step))
        return Response(ImpactSerializer(impact).data)


class StepPreview(APIView):
    """What a step would do, told by a worker; POST asks for it."""

    @extend_schema(operation_id="step_preview", responses=PreviewSerializer)
    def get(self, request: Request, uid: str, step: str) -> Response:
        """The newest one, told or not."""
        return self._answer(request, step_in(run_for(request.user, uid), step), status.HTTP_200_OK)

    @extend_schema(operation_id="step_preview_ask", request=None, responses={202: PreviewSerializer})
    def post(self, request: Request, uid: str, step: str) -> Response:
        """Asked for; look again until `told_at` is set. 409 `no_preview` when there is nothing to foresee."""
        run = run_for(request.user, uid)
        row = step_in(run, step)
        if not may_foresee(caller(request), run):
            raise PermissionDenied("In this run you have neither the right to execute nor to approve.")
        services.ask_preview(uid, step, actor=caller(request))
        return self._answer(request, row, status.HTTP_202_ACCEPTED)

    def _answer(self, request: Request, row: StepRun, code: int) -> Response:
        return Response(PreviewSerializer(preview_panel(caller(request), row, back="")).data, status=code)


class Attach(APIView):
    """Diagnostics that do right now what a step would do; POST lets it use the result of one."""

    @extend_schema(operation_id="step_attachable", responses=TwinSerializer(many=True))
    def get(self, request: Request, uid: str, step: str) -> Response:
        """Those in runs that the caller sees, the oldest first."""
        found = twins_for(caller(request), step_in(run_for(request.user, uid), step))
        return Response(TwinSerializer(found, many=True).data)

    @extend_schema(
        operation_id="step_attach", request=serializers.AttachSerializer, responses=serializers.RunDetailSerializer
    )
    def post(self, request: Request, uid: str, step: str) -> Response:
        """The run as it is then. 409 `nothing_to_attach` when that one is over, or does something else."""
        run = run_for(request.user, uid, Right.EXECUTE)
        row = step_in(run, step)
        body = serializers.AttachSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        twin = named(twins_for(caller(request), row), said["attempt"], row)
        services.attach_step(uid, step, actor=caller(request), seen_at=said["seen"], attempt=twin.attempt.pk)
        return Response(told(run_for(request.user, uid)))
