"""Approvals at /api/v1/approvals. Machine users may read; that they never decide is a rule of the service."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals import selectors, services
from approvals.models import ApprovalRequest
from approvals.permissions import request_for
from approvals.serializers import OutsideSerializer, RequestSerializer, VerdictSerializer
from approvals.states import RequestState
from audit.permissions import stream_for
from catalog.permissions import Right, service_for
from catalog.requests import caller
from catalog.stepup import fresh_factor
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
    """Approval requests that the caller may read; and asking for one from outside."""

    serializer_class = RequestSerializer
    queryset = ApprovalRequest.objects.none()

    def get_queryset(self) -> QuerySet[ApprovalRequest]:
        asked_for = self.request.query_params
        found = LISTS.get(asked_for.get("show", "all"), selectors.visible_to)(caller(self.request))
        for name in ("state", "stream"):
            if name in asked_for:
                found = found.filter(**{name: asked_for[name]})
        return found

    @extend_schema(request=OutsideSerializer, responses={201: RequestSerializer}, parameters=[])
    def post(self, request: Request) -> Response:
        """Ask for consent to something that is done outside, by a pipeline say. Needs the right to execute in the
        teams of all the services; the stream is one that the caller sees, such as an incident's."""
        body = OutsideSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said = body.validated_data
        touched = [service_for(request.user, slug, may=Right.EXECUTE) for slug in dict.fromkeys(said["services"])]
        stream = stream_for(request.user, said["stream"])
        made = services.request_from_outside(
            caller=caller(request), stream=stream.uid, name=said["name"], question=said["question"],
            texts={name: said[name] for name in ("effect", "undo", "proof")}, does=said["does"], services=touched,
            class_=said["class"], environment=said["environment"], now=clock.now(),
        )  # fmt: skip
        return Response(RequestSerializer(request_for(request.user, made.uid)).data, status=201)


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
        said, now = body.validated_data, clock.now()
        within_s = found.demand.get("factor_s") or services.FRESH_S
        conditions = tuple((one["kind"], one["text"]) for one in said.pop("conditions"))
        factor = fresh_factor(request, now=now, within_s=within_s)
        heard = services.Said(**said, factor=factor, conditions=conditions)
        settled = services.decide(found.uid, user=caller(request), said=heard, now=now)
        return Response(RequestSerializer(settled).data)
