"""What watches propose, answered at /api/v1/."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.permissions import Right
from catalog.requests import caller
from runbooks import serializers, services
from runbooks.api.runs import told
from runbooks.models import Proposal
from runbooks.permissions import run_for


def _answer(request: Request, uid: str, proposal: int, service: Callable[..., Any]) -> Response:
    run = run_for(request.user, uid, Right.COMMAND)
    if not Proposal.objects.filter(pk=proposal, run=run).exists():
        raise Http404("This run has no such proposal.")
    body = serializers.WhySerializer(data=request.data)
    body.is_valid(raise_exception=True)
    service(proposal, actor=caller(request), **body.validated_data)
    return Response(told(run_for(request.user, uid)))


class Accept(APIView):
    """The commander lets a watch do what it proposes."""

    @extend_schema(
        operation_id="proposal_accept", request=serializers.WhySerializer, responses=serializers.RunDetailSerializer
    )
    def post(self, request: Request, uid: str, proposal: int) -> Response:
        """The run as it is then. 409 when somebody answered already, or all that it is about has begun."""
        return _answer(request, uid, proposal, services.accept_proposal)


class Decline(APIView):
    """The commander leaves the plan as it is."""

    @extend_schema(
        operation_id="proposal_decline", request=serializers.WhySerializer, responses=serializers.RunDetailSerializer
    )
    def post(self, request: Request, uid: str, proposal: int) -> Response:
        """The run as it is then. 409 when somebody answered already."""
        return _answer(request, uid, proposal, services.decline_proposal)
