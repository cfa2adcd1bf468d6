"""Incidents at /api/v1/incidents: read, declare, move, write, take roles. The gate is the same as of the pages."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from audit.ledger import Recorded
from audit.selectors import entries
from catalog.models import User
from catalog.permissions import Right, services_where, teams_where
from catalog.requests import caller
from incidents import serializers, services
from incidents.models import Incident
from incidents.permissions import check_may_declare, incident_for, right_to_move, right_to_take
from incidents.room.reader import Reader
from incidents.room.suggestions import candidates
from incidents.selectors.incidents import gravest_first, visible_to
from incidents.selectors.people import people_for, person_for
from incidents.states import OPEN, Phase, Severity
from plumbing import clock
from runbooks.models import Runbook

MOST_ENTRIES = 500


def _checked(form: Serializer[Any]) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def _detail(incident: Incident, status: int = 200) -> Response:
    return Response(serializers.IncidentSerializer(incident).data, status=status)


def _written(recorded: Recorded) -> Response:
    body = {"seq": recorded.seq, "time": recorded.time}
    return Response(serializers.WrittenSerializer(body).data, status=201)


class IncidentList(ListAPIView[Incident]):
    """Incidents that the caller sees; a POST declares one."""

    serializer_class = serializers.IncidentSerializer
    queryset = Incident.objects.none()

    def get_queryset(self) -> QuerySet[Incident]:
        wanted = self.request.query_params
        found = gravest_first(visible_to(self.request.user)).prefetch_related("services", "teams", "role_holders__user")
        if wanted.get("open") in ("true", "1"):
            found = found.filter(phase__in=OPEN)
        for name, known in (("phase", Phase.values), ("severity", Severity.values)):
            if name in wanted:
                found = found.filter(**{f"{name}__in": {wanted[name]} & set(known)})
        return found

    @extend_schema(
        parameters=[
            OpenApiParameter("open", bool, description="true: only those that are not closed"),
            OpenApiParameter("phase", enum=Phase.values),
            OpenApiParameter("severity", enum=Severity.values),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The gravest open ones first, closed ones last."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=serializers.DeclareSerializer, responses={201: serializers.IncidentSerializer})
    def post(self, request: Request) -> Response:
        """Declare an incident for services or a team of the caller's."""
        user = caller(request)
        form = serializers.DeclareSerializer(data=request.data)
        fields: Any = form.fields
        fields["services"].child_relation.queryset = services_where(user, Right.VIEW)
        fields["team"].queryset = teams_where(user, Right.VIEW)
        fields["commander"].queryset = people_for(user)
        given = _checked(form)
        affected, team = given.pop("services", []), given.get("team")
        check_may_declare(user, [service.team for service in affected] + ([team] if team else []))
        return _detail(services.declare(services=affected, declarer=user, **given), status=201)


class IncidentDetail(RetrieveAPIView[Incident]):
    """One incident as it is now."""

    serializer_class = serializers.IncidentSerializer

    def get_object(self) -> Incident:
        return incident_for(self.request.user, self.kwargs["uid"])


class MoveIncident(APIView):
    """Move an incident to another phase."""

    @extend_schema(request=serializers.MoveSerializer, responses={200: serializers.IncidentSerializer})
    def post(self, request: Request, uid: str) -> Response:
        """409 when it moved meanwhile, when no move leads there, or while a probe is red and force is not given."""
        given = _checked(serializers.MoveSerializer(data=request.data))
        may = right_to_move(given["target"], force=given["force"])
        incident = incident_for(request.user, uid, may=may)
        return _detail(services.move(incident, given.pop("target"), actor=caller(request), **given))


class Notes(APIView):
    """Somebody's words in the timeline."""

    @extend_schema(request=serializers.SaidSerializer, responses={201: serializers.WrittenSerializer})
    def post(self, request: Request, uid: str) -> Response:
        """Add a note, of now or of earlier."""
        given = _checked(serializers.SaidSerializer(data=request.data))
        incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
        return _said(incident, given, is_decision=False, actor=caller(request))


class Decisions(APIView):
    """What was decided, and why."""

    @extend_schema(request=serializers.SaidSerializer, responses={201: serializers.WrittenSerializer})
    def post(self, request: Request, uid: str) -> Response:
        """Add a decision, of now or of earlier."""
        given = _checked(serializers.SaidSerializer(data=request.data))
        incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
        return _said(incident, given, is_decision=True, actor=caller(request))


def _said(incident: Incident, given: dict[str, Any], *, is_decision: bool, actor: User) -> Response:
    if "occurred_at" in given:
        return _written(
            services.add_earlier(incident, given.pop("text"), is_decision=is_decision, actor=actor, **given)
        )
    add = services.add_decision if is_decision else services.add_note
    return _written(add(incident, given["text"], actor=actor))


class Corrections(APIView):
    """What is right instead of what an entry says."""

    @extend_schema(request=serializers.CorrectionSerializer, responses={201: serializers.WrittenSerializer})
    def post(self, request: Request, uid: str) -> Response:
        """Correct a note, a decision, an update or a correction. The wrong entry stays readable."""
        given = _checked(serializers.CorrectionSerializer(data=request.data))
        incident = incident_for(request.user, uid, may=Right.CONTRIBUTE)
        return _written(services.correct(incident, given["seq"], given["text"], actor=caller(request)))


class Roles(APIView):
    """Who is what in an incident."""

    @extend_schema(request=serializers.RoleSerializer, responses={200: serializers.IncidentSerializer})
    def post(self, request: Request, uid: str) -> Response:
        """Take a role, or give it to somebody (needs the right to command)."""
        user = caller(request)
        given = _checked(serializers.RoleSerializer(data=request.data))
        gives = bool(given["user"])
        incident = incident_for(user, uid, may=Right.COMMAND if gives else right_to_take(given["role"]))
        if gives:
            services.give_role(incident, given["role"], person_for(user, given["user"]), actor=user)
        else:
            services.take_role(incident, given["role"], actor=user)
        return _detail(incident_for(user, uid))


class Runs(APIView):
    """Runs that work on an incident."""

    @extend_schema(request=serializers.StartRunSerializer, responses={201: serializers.IncidentSerializer})
    def post(self, request: Request, uid: str) -> Response:
        """Start the current version of a runbook that the incident's teams keep, or that a rule of theirs names."""
        user = caller(request)
        incident = incident_for(user, uid, may=Right.EXECUTE)
        form = serializers.StartRunSerializer(data=request.data)
        fields: Any = form.fields
        offered = [runbook.pk for runbook, _ in candidates(Reader(user, incident, clock.now()))]
        fields["runbook"].queryset = Runbook.objects.filter(pk__in=offered)
        given = _checked(form)
        services.start_runbook(incident, given["runbook"], actor=user, inputs=given["inputs"])
        return _detail(incident_for(user, uid), status=201)


class Entries(APIView):
    """The incident's ledger: the one cursor is the sequence."""

    @extend_schema(
        parameters=[OpenApiParameter("after", int, description="sequence of the last entry known; default -1")],
        responses={200: serializers.EntrySerializer(many=True)},
    )
    def get(self, request: Request, uid: str) -> Response:
        """Up to 500 entries after a sequence, in order."""
        user: User | AnonymousUser = request.user
        incident = incident_for(user, uid)
        raw = request.query_params.get("after", "-1")
        after = int(raw) if raw.lstrip("-").isdecimal() and len(raw) < 19 else -1
        rows = entries(incident.stream, after=after, limit=MOST_ENTRIES)
        return Response(serializers.EntrySerializer(rows, many=True).data)
