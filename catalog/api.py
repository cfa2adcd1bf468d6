"""The catalog at /api/v1: services, teams, import, who the caller is and how they are reached."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog import services
from catalog.forms import MOST_FILES
from catalog.models import ContactPoint, Notice, Service, Team
from catalog.permissions import Right, rights_by_team, service_for, services_where, team_for, teams_where
from catalog.requests import caller
from catalog.selectors import listed, notices_of, surroundings, teams_with_members, with_health
from catalog.serializers import (
    ContactPointSerializer,
    ImportSerializer,
    MeSerializer,
    NoticeSerializer,
    ReportSerializer,
    ServiceDetailSerializer,
    ServiceSerializer,
    SwitchSerializer,
    TeamSerializer,
)
from catalog.states import Health
from catalog.yaml_text import LARGEST_FILE


@extend_schema(
    parameters=[
        OpenApiParameter("q", description="part of the name or slug"),
        OpenApiParameter("team", description="slug of the team"),
        OpenApiParameter("health", enum=Health.values),
    ]
)
class ServiceList(ListAPIView[Service]):
    """Services that the caller sees, the most important first."""

    serializer_class = ServiceSerializer
    queryset = Service.objects.none()

    def get_queryset(self) -> QuerySet[Service]:
        asked = self.request.query_params
        found = services_where(caller(self.request), Right.VIEW)
        if "team" in asked:
            found = found.filter(team__slug=asked["team"])
        return listed(found, q=asked.get("q", ""), health=asked.get("health", ""))


class ServiceDetail(RetrieveAPIView[Service]):
    """One service with its probes, its neighbourhood and its blast radius, as far as the caller sees them."""

    serializer_class = ServiceDetailSerializer

    def get_object(self) -> Service:
        found = service_for(caller(self.request), self.kwargs["slug"])
        return with_health(Service.objects.filter(pk=found.pk)).select_related("team", "owner", "deputy").get()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.get_object()
        around = surroundings(found, services_where(caller(request), Right.VIEW))
        return Response(ServiceDetailSerializer(found, context={"around": around}).data)


class SwitchProbes(APIView):
    """Pause or resume all probes of a service."""

    @extend_schema(request=SwitchSerializer, responses={200: SwitchSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Needs the right to administer. Asking for what already is changes nothing."""
        found = service_for(caller(request), slug, may=Right.ADMINISTER)
        body = SwitchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.switch_probes(found, paused=body.validated_data["paused"], actor=caller(request))
        return Response(body.validated_data)


class TeamList(ListAPIView[Team]):
    """Teams that the caller sees, with their members."""

    serializer_class = TeamSerializer
    queryset = Team.objects.none()

    def get_queryset(self) -> QuerySet[Team]:
        return teams_with_members(teams_where(caller(self.request), Right.VIEW))


class TeamDetail(RetrieveAPIView[Team]):
    """One team with its members."""

    serializer_class = TeamSerializer

    def get_object(self) -> Team:
        found = team_for(caller(self.request), self.kwargs["slug"])
        return teams_with_members(Team.objects.filter(pk=found.pk)).get()


class Me(APIView):
    """Who the caller is, and their rights by team."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The signed-in person, or the machine user of the token."""
        me = caller(request)
        said = {"actor_id": me.actor_id, "username": me.username, "name": me.name, "kind": me.kind}
        return Response(MeSerializer({**said, "rights": rights_by_team(me)}).data)


class ContactPoints(ListAPIView[ContactPoint]):
    """At which addresses the caller is reached, without the addresses."""

    serializer_class = ContactPointSerializer
    queryset = ContactPoint.objects.none()

    def get_queryset(self) -> QuerySet[ContactPoint]:
        return caller(self.request).contact_points.all()


class Notices(ListAPIView[Notice]):
    """What was sent to the caller, the newest first."""

    serializer_class = NoticeSerializer
    queryset = Notice.objects.none()

    def get_queryset(self) -> QuerySet[Notice]:
        return notices_of(caller(self.request))


class Import(APIView):
    """Import Backstage catalog files."""

    largest_body = 2 * MOST_FILES * LARGEST_FILE  # in JSON, a line break has two characters

    @extend_schema(request=ImportSerializer, responses=ReportSerializer)
    def post(self, request: Request) -> Response:
        """Needs the right to administer in some team; changes only what belongs to such teams. Answers the report."""
        mine = {team.pk for team in teams_where(caller(request), Right.ADMINISTER)}
        if not mine and not caller(request).is_superuser:
            raise PermissionDenied("Catalog files are imported by the administrators of a team.")
        body = ImportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        files = [(each["name"], each["content"].encode()) for each in body.validated_data["files"]]
        report = services.import_files(files, caller(request), may=lambda team: team.pk in mine)
        return Response(ReportSerializer(report.as_json()).data)
