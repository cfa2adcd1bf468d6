"""Workers at /api/v1/: who is alive, draining one, and which actions this installation has."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.requests import caller
from runbooks import serializers, services
from runbooks.actions.plugins import inventory
from runbooks.models import Worker
from runbooks.outlook.serializers import ActionSerializer
from runbooks.permissions import may_tend_workers


def _tending(request: Request) -> None:
    if not may_tend_workers(request.user):
        raise PermissionDenied("Only an administrator tends workers.")


class Workers(APIView):
    """Every worker that was heard of."""

    @extend_schema(operation_id="workers", responses=serializers.WorkerSerializer(many=True))
    def get(self, request: Request) -> Response:
        """By name."""
        _tending(request)
        return Response(serializers.WorkerSerializer(Worker.objects.all(), many=True).data)


class Drain(APIView):
    """Lets a worker take nothing more, or take work again."""

    @extend_schema(
        operation_id="worker_drain", request=serializers.DrainSerializer, responses=serializers.WorkerSerializer
    )
    def post(self, request: Request, worker: int) -> Response:
        """The worker as it is then."""
        _tending(request)
        found = Worker.objects.filter(pk=worker).first()
        if found is None:
            raise Http404("There is no such worker.")
        body = serializers.DrainSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        drained = services.drain_worker(found.name, actor=caller(request), **body.validated_data)
        return Response(serializers.WorkerSerializer(drained).data)


class Actions(APIView):
    """Which actions there are, where each comes from, and which could not be used and why."""

    @extend_schema(operation_id="actions", responses=ActionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """By kind, those that are not used last; as the process that answers has loaded them."""
        _tending(request)
        return Response(ActionSerializer(inventory(), many=True).data)
