"""Evidence at /api/v1/streams: the same gate, the same functions as the pages."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit import selectors, services, shelf
from audit.access.looks import record_look
from audit.api.reading import actor_of
from audit.models import Stream
from audit.permissions import stream_for, visible_streams
from audit.serializers.streams import (
    LedgerEntryPageSerializer,
    PageSerializer,
    StreamPageSerializer,
    StreamSerializer,
    StreamVerdictSerializer,
)


class StreamList(APIView):
    """Streams that the caller may read, the last changed first."""

    @extend_schema(
        operation_id="streams_list",
        parameters=[
            OpenApiParameter("prefix", description="only streams whose uid starts like this: inc_, rbk_, portal"),
            OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("offset", OpenApiTypes.INT),
        ],
        responses=StreamPageSerializer,
    )
    def get(self, request: Request) -> Response:
        prefix = request.query_params.get("prefix", "")
        found = visible_streams(request.user).filter(uid__startswith=prefix).order_by("-time", "-pk")
        pages = LimitOffsetPagination()
        page = pages.paginate_queryset(found, request, view=self) or []
        rows = shelf.stream_rows(Stream.objects.filter(pk__in=[each.pk for each in page]).order_by("-time", "-pk"))
        return pages.get_paginated_response(StreamSerializer(rows, many=True).data)


class StreamDetail(APIView):
    """One stream."""

    @extend_schema(operation_id="streams_retrieve", responses=StreamSerializer)
    def get(self, request: Request, uid: str) -> Response:
        found = stream_for(request.user, uid)
        return Response(StreamSerializer(shelf.stream_rows(Stream.objects.filter(pk=found.pk))[0]).data)


class StreamEntries(APIView):
    """Entries of a stream in order. Ask again with `after` = the last seq for more. That it was read is recorded."""

    @extend_schema(parameters=[PageSerializer], responses=LedgerEntryPageSerializer)
    def get(self, request: Request, uid: str) -> Response:
        found = stream_for(request.user, uid)
        page = PageSerializer(data=request.query_params)
        page.is_valid(raise_exception=True)
        wanted = cast(dict[str, Any], page.validated_data)
        rows = list(selectors.entries(found.uid, after=wanted["after"], limit=wanted["limit"]))
        record_look(actor_of(request), found.uid, door="api", wanted=wanted, shown=len(rows))
        return Response(LedgerEntryPageSerializer({"size": found.size, "results": rows}).data)


class VerifyStream(APIView):
    """Read a whole stream now and say whether it is whole. That it was verified is recorded."""

    @extend_schema(request=None, responses=StreamVerdictSerializer)
    def post(self, request: Request, uid: str) -> Response:
        found = stream_for(request.user, uid)
        verdict = services.verify(found.uid, actor=actor_of(request))
        return Response(StreamVerdictSerializer(verdict).data)
