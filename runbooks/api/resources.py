"""Resources at /api/v1/: what only so many steps may use at a time. Whoever administers a team enters its resources."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListCreateAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from catalog.permissions import Right, holds, teams_where
from catalog.requests import caller
from runbooks import serializers
from runbooks.models import Resource
from runbooks.permissions import resource_for
from runbooks.services.resources import change_resource, make_resource


class ResourceList(ListCreateAPIView[Resource]):
    """Resources of the teams that the caller sees; POST enters one."""

    serializer_class = serializers.ResourceSerializer
    queryset = Resource.objects.none()

    def get_queryset(self) -> QuerySet[Resource]:
        seen = Resource.objects.filter(team__in=teams_where(caller(self.request), Right.VIEW))
        return seen.select_related("team")

    def perform_create(self, serializer: BaseSerializer[Resource]) -> None:
        said = serializer.validated_data
        if not holds(caller(self.request), Right.ADMINISTER, [said["team"]]):
            raise PermissionDenied(f"You don't have the right to administer {said['team']}.")
        serializer.instance = make_resource(said["slug"], said["capacity"], said["team"], actor=caller(self.request))


class ResourceDetail(APIView):
    """One resource, to be changed."""

    @extend_schema(
        operation_id="resources_change",
        request=serializers.CapacitySerializer,
        responses=serializers.ResourceSerializer,
    )
    def post(self, request: Request, resource: str) -> Response:
        """Let more or fewer steps use it at a time. Steps that wait for a unit may go on at once."""
        found = resource_for(request.user, resource, Right.ADMINISTER)
        body = serializers.CapacitySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = change_resource(found.slug, **body.validated_data, actor=caller(request))
        return Response(serializers.ResourceSerializer(changed).data)
