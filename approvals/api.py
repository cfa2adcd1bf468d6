"""Approvals at /api/v1/approvals. Machine users may read; that they never decide is a rule of the service."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals import selectors, services
from approvals.models import ApprovalRequest
from approvals.permissions import request_for
from approvals.serializers import RequestSerializer, VerdictSerializer
from approvals.states import RequestState
from catalog.requests import caller
from plumbing import clock

LISTS = {
    "all": selectors.visible_to,
    "waiting": selectors.waiting_for,
    "cover": selectors.i_can_cover,
    "asked": selectors.asked_by,
}


@extend_schema(
    parameters=[
        OpenApiParameter("show", enum=list(LISTS), description="all that you see, or what waits for you; default all"),
        OpenApiParameter("state", enum=RequestState.values),
        OpenApiParameter("stream", description="uid of a ledger stream: the requests of one incident"),
    ]
)
class RequestList(ListAPIView[ApprovalRequest]):
    """Approval requests that the caller may read."""

    serializer_class = RequestSerializer
    queryset = ApprovalRequest.objects.none()

    def get_queryset(self) -> QuerySet[ApprovalRequest]:
        asked_for = self.request.query_params
        found = LISTS.get(asked_for.get("show", "all"), selectors.visible_to)(caller(self.request))
        for name in ("state", "stream"):
            if name in asked_for:
                found = found.filter(**{name: asked_for[name]})
        return found


class RequestDetail(RetrieveAPIView[ApprovalRequest]):
    """One approval request, with exactly what it binds."""

    serializer_class = RequestSerializer

    def get_object(self) -> ApprovalRequest:
        return request_for(self.request.user, self.kwargs["uid"])


class Decide(APIView):
    """Approve or reject a request, on the digest that was read."""

    @extend_schema(request=VerdictSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Settle it. 403 when the caller may not decide it (on record), 409 when it changed or is settled."""
        found = request_for(request.user, uid)
        body = VerdictSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said: dict[str, Any] = body.validated_data
        settled = services.decide(found.uid, user=caller(request), said=services.Said(**said), now=clock.now())
        return Response(RequestSerializer(settled).data)
