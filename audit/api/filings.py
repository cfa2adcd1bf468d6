"""Filings at /api/v1/filings: the same doors as the pages, with the same rights."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api.reading import actor_of, body
from audit.filings import editing, moving, opening, selectors, showing
from audit.filings.entities import entity_of
from audit.models import Filing
from audit.permissions import filing_for, stream_for, visible_streams
from audit.serializers.filings import (
    AcknowledgeSerializer,
    FilingDetailSerializer,
    FilingReasonSerializer,
    FilingSerializer,
    HowSerializer,
    NewFilingSerializer,
    SeenVersionSerializer,
    SubmitSerializer,
    ValuesSerializer,
)
from plumbing import clock


def _answer(uid: str, *, status: int = 200) -> Response:
    found = Filing.objects.select_related("stream").get(uid=uid)
    one = selectors.opened(found)
    found.value_rows = [row for _, row in sorted(one.rows.items())]  # type: ignore[attr-defined]
    found.findings = selectors.findings_of(one)  # type: ignore[attr-defined]
    return Response(FilingDetailSerializer(found).data, status=status)


class Filings(APIView):
    """The reports about all that the caller sees; and beginning one."""

    @extend_schema(operation_id="filings_list", responses=FilingSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first, at most 500."""
        found = selectors.of_streams(visible_streams(request.user))[: showing.MOST_ROWS]
        return Response(FilingSerializer(found, many=True).data)

    @extend_schema(request=NewFilingSerializer, responses={201: FilingDetailSerializer})
    def post(self, request: Request) -> Response:
        """Begin a report, filled with what the record knows."""
        told = body(NewFilingSerializer, request)
        stream = stream_for(request.user, told["stream"], may="file")
        entity = entity_of(told["entity"])
        if entity is None:
            raise Http404("There is no such legal entity.")
        made = opening.open_filing(
            stream, told["regime"], told["stage"], entity=entity.uid, entity_name=entity.name, actor=actor_of(request),
            now=clock.now(),
        )  # fmt: skip
        return _answer(made.uid, status=201)


class FilingDetail(APIView):
    """One report with its values, each with the entries that bear it out, and what is to settle."""

    @extend_schema(operation_id="filings_retrieve", responses=FilingDetailSerializer)
    def get(self, request: Request, uid: str) -> Response:
        """The report."""
        found = filing_for(request.user, uid)
        showing.looked(found, actor_of(request), door="api")
        return _answer(found.uid)


class FilingValues(APIView):
    """Entering values."""

    @extend_schema(request=ValuesSerializer, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Enter some. 409 with who changed what where somebody else was faster."""
        filing_for(request.user, uid, may="file")
        told = body(ValuesSerializer, request)
        editing.change(
            uid, told["values"], seen=told["seen"], reason=told["reason"], supports=told["entries"],
            actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
        return _answer(uid)


class RefillFiling(APIView):
    """Reading the record again."""

    @extend_schema(request=None, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """What nobody entered follows the record."""
        filing_for(request.user, uid, may="file")
        opening.refill(uid, actor=actor_of(request), now=clock.now())
        return _answer(uid)


class FilingHow(APIView):
    """How its files are written."""

    @extend_schema(request=HowSerializer, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Set the scale of amounts and the version of the authority's schema."""
        filing_for(request.user, uid, may="file")
        told = body(HowSerializer, request)
        editing.set_files(uid, **told, actor=actor_of(request), now=clock.now())
        return _answer(uid)


class ReviewFiling(APIView):
    """Sending it to review."""

    @extend_schema(request=SeenVersionSerializer, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Ask for consent to exactly these bytes. 422 with what is missing."""
        filing_for(request.user, uid, may="file")
        told = body(SeenVersionSerializer, request)
        moving.send_to_review(uid, seen=told["seen"], actor=actor_of(request), now=clock.now())
        return _answer(uid)


class SubmitFiling(APIView):
    """Putting on record that it was sent."""

    @extend_schema(request=SubmitSerializer, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Say when, where and which file. 409 unless exactly these bytes are approved."""
        filing_for(request.user, uid, may="file")
        told = body(SubmitSerializer, request)
        moving.submit(uid, sent=moving.Sent(**told), actor=actor_of(request), now=clock.now())
        return _answer(uid)


class AcknowledgeFiling(APIView):
    """Putting on record that the authority has it."""

    @extend_schema(request=AcknowledgeSerializer, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Say when, and under which reference."""
        filing_for(request.user, uid, may="file")
        told = body(AcknowledgeSerializer, request)
        moving.acknowledge(uid, **told, actor=actor_of(request), now=clock.now())
        return _answer(uid)


class MoveFiling(APIView):
    """Moves that need a reason: return, reject, withdraw."""

    @extend_schema(request=FilingReasonSerializer, responses=FilingDetailSerializer)
    def post(self, request: Request, uid: str, act: str) -> Response:
        """Take it back to draft, note that the authority rejected it, or withdraw it."""
        filing_for(request.user, uid, may="file")
        if act not in moving.WITH_REASON:
            raise Http404("There is no such act.")
        told = body(FilingReasonSerializer, request)
        moving.WITH_REASON[act](uid, reason=told["reason"], actor=actor_of(request), now=clock.now())
        return _answer(uid)


class FilingFile(APIView):
    """A file of the report."""

    @extend_schema(responses={200: OpenApiResponse(OpenApiTypes.BINARY)})
    def get(self, request: Request, uid: str, form: str) -> Any:
        """JSON, XLSX or PDF: the kept bytes once it was sent to review, a draft before."""
        found = filing_for(request.user, uid, may="file")
        answer = showing.attachment(found, form)
        showing.looked(found, actor_of(request), door="api", file=form)
        return answer
