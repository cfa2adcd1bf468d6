"""Deadlines, worksheets, entities and regimes at /api/v1/regulation/: the same gates and functions as the pages."""

from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api.reading import actor_of, body
from audit.models import Clock, LegalEntity, RegimeVersion, Stream
from audit.permissions import house_for, stream_for, visible_streams
from audit.regimes import applying, entities, keeping, rules, sheets, showing, stating, versions
from audit.regimes.entities import STREAM, Said
from audit.regimes.model import Operand
from audit.regimes.providers import is_reportable
from audit.regimes.sheets import Said as SaidOfFact
from audit.regimes.sheets import Sheet, Verdict
from audit.regimes.stating import Statement
from audit.regimes.tree import Value
from audit.serializers import regimes as shapes
from plumbing import clock as the_clock
from plumbing.errors import BadField


def _stream(request: Request, uid: str, *, may: Any = "view") -> Stream:
    found = stream_for(request.user, uid, may=may)
    if not is_reportable(uid):
        raise Http404("Nobody is told about streams of this kind.")
    return found


class Deadlines(APIView):
    """Clocks over everything that the caller sees, what is due soonest first. At most 200."""

    @extend_schema(
        parameters=[
            OpenApiParameter("state", description="open (the default), all, or one state"),
            OpenApiParameter("regime"),
            OpenApiParameter("entity"),
        ],
        responses=shapes.DeadlinePageSerializer,
    )
    def get(self, request: Request) -> Response:
        wanted = {name: request.query_params.get(name, "")[:64] for name in ("regime", "entity", "state")}
        found = showing.deadlines(visible_streams(request.user), **{**wanted, "state": wanted["state"] or "open"})
        rows = showing.clock_rows(found[: showing.MOST])
        return Response(shapes.DeadlinePageSerializer({"count": found.count(), "results": rows}).data)


class Regimes(APIView):
    """Every regime; POST proposes one of the institution's own, or a version of it."""

    @extend_schema(operation_id="regimes_list", responses=shapes.RegimeRowSerializer(many=True))
    def get(self, request: Request) -> Response:
        house_for(request.user, STREAM)
        return Response(shapes.RegimeRowSerializer(list(rules.regimes().values()), many=True).data)

    @extend_schema(request=shapes.RegimeProposalSerializer, responses={201: shapes.RegimeVersionSerializer})
    def post(self, request: Request) -> Response:
        house_for(request.user, STREAM, may="file")
        said = body(shapes.RegimeProposalSerializer, request)
        made = versions.propose(said["text"], note=said["note"], actor=actor_of(request), now=the_clock.now())
        return Response(shapes.RegimeVersionSerializer(made).data, status=201)


class RegimeDetail(APIView):
    """One regime with its text."""

    @extend_schema(operation_id="regimes_retrieve", responses=shapes.RegimeDetailSerializer)
    def get(self, request: Request, name: str) -> Response:
        house_for(request.user, STREAM)
        return Response(shapes.RegimeDetailSerializer(rules.regime_of(name)).data)


class RuleRegime(APIView):
    """A second person puts a version in force, or refuses it."""

    @extend_schema(request=shapes.RegimeRulingSerializer, responses=shapes.RegimeVersionSerializer)
    def post(self, request: Request, name: str, number: int) -> Response:
        house_for(request.user, STREAM, may="file")
        version = RegimeVersion.objects.filter(slug=name, number=number).first()
        if version is None:
            raise Http404("Nobody proposed that version.")
        said = body(shapes.RegimeRulingSerializer, request)
        versions.decide(version, **said, actor=actor_of(request), now=the_clock.now())
        return Response(shapes.RegimeVersionSerializer(version).data)


class Entities(APIView):
    """The legal entities; POST adds one."""

    @extend_schema(operation_id="entities_list", responses=shapes.LegalEntitySerializer(many=True))
    def get(self, request: Request) -> Response:
        house_for(request.user, STREAM)
        return Response(shapes.LegalEntitySerializer(LegalEntity.objects.all(), many=True).data)

    @extend_schema(request=shapes.LegalEntitySerializer, responses={201: shapes.LegalEntitySerializer})
    def post(self, request: Request) -> Response:
        house_for(request.user, STREAM, may="file")
        said = body(shapes.LegalEntitySerializer, request)
        said.pop("seen")
        made = entities.make(Said(**said), actor=actor_of(request), now=the_clock.now())
        return Response(shapes.LegalEntitySerializer(made).data, status=201)


def _entity(uid: str) -> LegalEntity:
    found = LegalEntity.objects.filter(uid=uid).first()
    if found is None:
        raise Http404("There is no such entity.")
    return found


class EntityDetail(APIView):
    """One entity with the regimes that apply to it; PUT changes it."""

    @extend_schema(operation_id="entities_retrieve", responses=shapes.LegalEntityDetailSerializer)
    def get(self, request: Request, entity: str) -> Response:
        house_for(request.user, STREAM)
        found = _entity(entity)
        answers = applying.all_of(found, rules.regimes(), the_clock.now().date())
        told = shapes.LegalEntitySerializer(found).data
        return Response({**told, "regimes": shapes.RegimeAppliesRowSerializer(answers, many=True).data})

    @extend_schema(request=shapes.LegalEntitySerializer, responses=shapes.LegalEntitySerializer)
    def put(self, request: Request, entity: str) -> Response:
        house_for(request.user, STREAM, may="file")
        found = _entity(entity)
        said = body(shapes.LegalEntitySerializer, request)
        seen = said.pop("seen")
        saved = entities.change(found.uid, Said(**said), seen=seen, actor=actor_of(request), now=the_clock.now())
        return Response(shapes.LegalEntitySerializer(saved).data)


class Applies(APIView):
    """A person decides whether a regime applies to an entity."""

    @extend_schema(request=shapes.RegimeAppliesSerializer, responses=shapes.LegalEntitySerializer)
    def post(self, request: Request, entity: str, name: str) -> Response:
        house_for(request.user, STREAM, may="file")
        found = _entity(entity)
        said = body(shapes.RegimeAppliesSerializer, request)
        saved = entities.decide_applies(found.uid, name, **said, actor=actor_of(request), now=the_clock.now())
        return Response(shapes.LegalEntitySerializer(saved).data)


class About(APIView):
    """What authorities must be told about one stream: questions and clocks of each entity."""

    @extend_schema(operation_id="reporting_retrieve", responses=shapes.ReportingSerializer)
    def get(self, request: Request, uid: str) -> Response:
        stream = _stream(request, uid)
        view = showing.overview(stream.uid, the_clock.now().date())
        sheets_of = [
            {"entity": part.entity.uid, "worksheet": row.worksheet, "question": row.question, "decided": row.words}
            for part in view.parts
            for row in part.sheets
        ]
        clocks = [row for part in view.parts for row in part.clocks]
        return Response(shapes.ReportingSerializer({"stream": uid, "clocks": clocks, "worksheets": sheets_of}).data)


class Moments(APIView):
    """State when something happened; the clocks follow it."""

    @extend_schema(request=shapes.StatedMomentSerializer, responses={201: shapes.StatedEntrySerializer})
    def post(self, request: Request, uid: str) -> Response:
        _stream(request, uid, may="file")
        said = body(shapes.StatedMomentSerializer, request)
        statement = Statement(**{**said, "supports": tuple(said["supports"])})
        written = stating.state(uid, statement, actor=actor_of(request), now=the_clock.now())
        return Response({"seq": written.seq}, status=201)


class NotNeeded(APIView):
    """A report isn't needed, and why."""

    @extend_schema(request=shapes.NotNeededSerializer, responses={200: OpenApiTypes.OBJECT})
    def post(self, request: Request, uid: str, clock: str) -> Response:
        stream = _stream(request, uid, may="file")
        if not Clock.objects.filter(uid=clock, stream=stream).exists():
            raise Http404("There is no such clock.")
        said = body(shapes.NotNeededSerializer, request)
        found = keeping.not_needed(clock, stream=uid, reason=said["reason"], actor=actor_of(request))
        return Response({"state": found.state})


def _sheet(stream: Stream, entity: str, name: str) -> Sheet:
    worksheet = rules.worksheets().get(name)
    if worksheet is None:
        raise Http404("There is no such worksheet.")
    return sheets.sheet_of(stream.uid, _entity(entity), worksheet)


class Worksheet(APIView):
    """The worksheet of one entity; POST states facts."""

    @extend_schema(operation_id="worksheets_retrieve", responses=shapes.WorksheetSerializer)
    def get(self, request: Request, uid: str, entity: str, name: str) -> Response:
        return Response(shapes.WorksheetSerializer(_sheet(_stream(request, uid), entity, name)).data)

    @extend_schema(
        operation_id="worksheets_state", request=shapes.WorksheetFactsSerializer, responses=shapes.WorksheetSerializer
    )
    def post(self, request: Request, uid: str, entity: str, name: str) -> Response:
        sheet = _sheet(_stream(request, uid, may="file"), entity, name)
        said = body(shapes.WorksheetFactsSerializer, request)
        facts = {each: _fact(each, one, sheet.worksheet.operands.get(each)) for each, one in said["facts"].items()}
        saved = sheets.state_facts(
            uid, sheet.entity, sheet.worksheet, facts, seen=said["seen"], actor=actor_of(request)
        )
        return Response(shapes.WorksheetSerializer(saved).data)


def _fact(name: str, said: dict[str, Any], operand: Operand | None) -> SaidOfFact:
    """Raises BadField unless the value is of the operand's kind."""
    value: Value = said["value"]
    if operand is None or not _fits(value, operand):
        expected = f"a value of type {operand.type}, or null" if operand else "an operand of the worksheet"
        raise BadField(name, f"{name}: found {value!r:.60}, expected {expected}.")
    return SaidOfFact(value, said["is_estimate"] and operand.estimate_allowed, said["words"], tuple(said["supports"]))


def _fits(value: Value, operand: Operand) -> bool:
    if value is None:
        return True
    if operand.type == "boolean":
        return isinstance(value, bool)
    if operand.type == "states":
        return (
            isinstance(value, list)
            and len(value) <= 250
            and all(isinstance(each, str) and len(each) == 2 for each in value)
        )
    kinds = (int,) if operand.type == "integer" else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 <= value <= 10**15


class Decisions(APIView):
    """A person decides on a worksheet; the clocks that follow begin."""

    @extend_schema(request=shapes.WorksheetDecisionSerializer, responses={201: shapes.StatedEntrySerializer})
    def post(self, request: Request, uid: str, entity: str, name: str) -> Response:
        sheet = _sheet(_stream(request, uid, may="file"), entity, name)
        said = body(shapes.WorksheetDecisionSerializer, request)
        verdict = Verdict(said["verdict"] == "yes", said["reason"], said["at"], said["never"])
        about_it = (uid, sheet.entity, sheet.worksheet, verdict)
        made = sheets.decide(*about_it, seen=said["seen"], actor=actor_of(request), now=the_clock.now())
        return Response({"seq": made.seq}, status=201)
