"""Redactions, erasures, holds and retention at /api/v1/evidence: the same gates, the same functions as the pages."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.api.reading import actor_of, body
from audit.permissions import (
    erasure_for,
    erasures_seen,
    hold_for,
    holds_seen,
    redaction_for,
    redactions_seen,
    stream_for,
    visible_streams,
)
from audit.redaction import erasing, holds, keeping, sets
from audit.redaction.asking import ask_for
from audit.redaction.preview import preview
from audit.redaction.withholding import Choice
from audit.serializers.redaction import (
    ErasureSerializer,
    EvidenceReasonSerializer,
    KeptSerializer,
    LegalHoldSerializer,
    LiftHoldSerializer,
    NewErasureSerializer,
    NewKeepingSerializer,
    NewLegalHoldSerializer,
    NewRedactionSerializer,
    RedactionChoicesSerializer,
    RedactionPreviewSerializer,
    RedactionSerializer,
    SecondPersonSerializer,
)
from plumbing import clock

MOST = 200


class Redactions(APIView):
    """Redaction sets of the streams that the caller may redact."""

    @extend_schema(operation_id="redactions_list", responses=RedactionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """At most 200, newest first."""
        return Response(RedactionSerializer(redactions_seen(request.user)[:MOST], many=True).data)

    @extend_schema(request=NewRedactionSerializer, responses={201: RedactionSerializer})
    def post(self, request: Request) -> Response:
        """Begin a set: what the audience's profile withholds, to be changed by hand."""
        told = body(NewRedactionSerializer, request)
        stream = stream_for(request.user, told["stream"], may="redact")
        made = sets.draft(stream, told["audience"], purpose=told["purpose"], actor=actor_of(request))
        return Response(RedactionSerializer(made).data, status=201)


class Redaction(APIView):
    """One redaction set."""

    @extend_schema(operation_id="redactions_retrieve", responses=RedactionSerializer)
    def get(self, request: Request, uid: str) -> Response:
        """The set as it is now."""
        return Response(RedactionSerializer(redaction_for(request.user, uid)).data)


class RedactionPreview(APIView):
    """What the reader of a pack would see."""

    @extend_schema(
        operation_id="redactions_preview",
        parameters=[OpenApiParameter("after", OpenApiTypes.INT, description="seq of the last entry known; default -1")],
        responses=RedactionPreviewSerializer,
    )
    def get(self, request: Request, uid: str) -> Response:
        """Up to 200 entries after a sequence; nothing that is withheld is in it."""
        row = redaction_for(request.user, uid)
        raw = request.query_params.get("after", "-1")
        after = int(raw) if raw.lstrip("-").isdecimal() and len(raw) < 16 else -1
        return Response(RedactionPreviewSerializer(preview(row, after=after, limit=MOST)).data)


class ChooseRedaction(APIView):
    """Choices by hand."""

    @extend_schema(request=RedactionChoicesSerializer, responses=RedactionSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Choose for some fields. What was asked for or approved is void by it."""
        row = redaction_for(request.user, uid)
        told = body(RedactionChoicesSerializer, request)["choices"]
        chosen = [Choice(**one) for one in told if one["then"] != "profile"]
        drop = [(one["seq"], one["name"]) for one in told if one["then"] == "profile"]
        return Response(RedactionSerializer(sets.choose(row, chosen, drop=drop, actor=actor_of(request))).data)


class AskRedaction(APIView):
    """Ask for a second person."""

    @extend_schema(request=None, responses=RedactionSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """409 while it is in a state that can't be asked for."""
        row = redaction_for(request.user, uid)
        return Response(RedactionSerializer(sets.ask(row, actor=actor_of(request))).data)


class DecideRedaction(APIView):
    """A second person's word."""

    @extend_schema(request=SecondPersonSerializer, responses=RedactionSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """403 for who asked, 409 when it isn't what they saw."""
        row = redaction_for(request.user, uid)
        told = body(SecondPersonSerializer, request)
        return Response(RedactionSerializer(sets.decide(row, actor=actor_of(request), **told)).data)


class WithdrawRedaction(APIView):
    """It must not be used any more."""

    @extend_schema(request=EvidenceReasonSerializer, responses=RedactionSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """For good."""
        row = redaction_for(request.user, uid)
        told = body(EvidenceReasonSerializer, request)
        return Response(RedactionSerializer(sets.withdraw(row, actor=actor_of(request), **told)).data)


class Erasures(APIView):
    """Requests for erasure of which the caller may redact every stream."""

    @extend_schema(operation_id="erasures_list", responses=ErasureSerializer(many=True))
    def get(self, request: Request) -> Response:
        """At most 200, newest first."""
        return Response(ErasureSerializer(erasures_seen(request.user)[:MOST], many=True).data)

    @extend_schema(request=NewErasureSerializer, responses={201: ErasureSerializer})
    def post(self, request: Request) -> Response:
        """Ask. Nothing is erased before somebody else agrees; the answer says what it covers."""
        told = body(NewErasureSerializer, request)
        if told["stream"]:
            stream_for(request.user, told["stream"], may="redact")
        places = [(one["seq"], one["name"]) for one in told.pop("fields")]
        asked = {**told, "words": "\n".join(told["words"]), "places": places}
        made = ask_for(visible_streams(request.user, "redact"), asked, actor=actor_of(request))
        return Response(ErasureSerializer(made).data, status=201)


class Erasure(APIView):
    """One request for erasure."""

    @extend_schema(operation_id="erasures_retrieve", responses=ErasureSerializer)
    def get(self, request: Request, uid: str) -> Response:
        """The request, and what became of it."""
        return Response(ErasureSerializer(erasure_for(request.user, uid)).data)


class DecideErasure(APIView):
    """A second person's word."""

    @extend_schema(request=SecondPersonSerializer, responses=ErasureSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """A yes carries it out at once. 403 for who asked, 409 on hold or when it isn't what they saw."""
        row = erasure_for(request.user, uid)
        told = body(SecondPersonSerializer, request)
        return Response(ErasureSerializer(erasing.decide(row, actor=actor_of(request), **told)).data)


class WithdrawErasure(APIView):
    """It isn't wanted any more."""

    @extend_schema(request=EvidenceReasonSerializer, responses=ErasureSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """What it looked for is forgotten."""
        row = erasure_for(request.user, uid)
        told = body(EvidenceReasonSerializer, request)
        return Response(ErasureSerializer(erasing.withdraw(row, actor=actor_of(request), **told)).data)


class Holds(APIView):
    """Legal holds of the streams that the caller may redact."""

    @extend_schema(operation_id="holds_list", responses=LegalHoldSerializer(many=True))
    def get(self, request: Request) -> Response:
        """At most 200, newest first."""
        return Response(LegalHoldSerializer(holds_seen(request.user)[:MOST], many=True).data)

    @extend_schema(request=NewLegalHoldSerializer, responses={201: LegalHoldSerializer})
    def post(self, request: Request) -> Response:
        """Keep everything of a stream from now on."""
        told = body(NewLegalHoldSerializer, request)
        stream = stream_for(request.user, told.pop("stream"), may="redact")
        return Response(LegalHoldSerializer(holds.set_hold(stream, actor=actor_of(request), **told)).data, status=201)


class LiftHold(APIView):
    """Ask that a hold is lifted."""

    @extend_schema(request=EvidenceReasonSerializer, responses=LegalHoldSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """It stands until a second person agrees."""
        row = hold_for(request.user, uid)
        told = body(EvidenceReasonSerializer, request)
        return Response(LegalHoldSerializer(holds.ask_to_lift(row, actor=actor_of(request), **told)).data)


class DecideLift(APIView):
    """A second person's word on lifting a hold."""

    @extend_schema(request=LiftHoldSerializer, responses=LegalHoldSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """403 for who asked."""
        row = hold_for(request.user, uid)
        told = body(LiftHoldSerializer, request)
        return Response(LegalHoldSerializer(holds.decide_lift(row, actor=actor_of(request), **told)).data)


class Retention(APIView):
    """How long the streams that the caller may redact are kept."""

    @extend_schema(operation_id="retention_list", responses=KeptSerializer(many=True))
    def get(self, request: Request) -> Response:
        """At most 200, the longest untouched first."""
        found = visible_streams(request.user, "redact").filter(size__gt=0).order_by("time", "pk")[:MOST]
        return Response(KeptSerializer(keeping.kept(found, clock.now()), many=True).data)

    @extend_schema(request=NewKeepingSerializer, responses={201: KeptSerializer})
    def post(self, request: Request) -> Response:
        """Give a stream another class. Nothing is erased by it."""
        told = body(NewKeepingSerializer, request)
        stream = stream_for(request.user, told.pop("stream"), may="redact")
        keeping.choose(stream, actor=actor_of(request), **told)
        return Response(KeptSerializer(keeping.kept([stream], clock.now())[0]).data, status=201)


class ErasePast(APIView):
    """Ask that what is past its time is erased."""

    @extend_schema(request=EvidenceReasonSerializer, responses={201: ErasureSerializer})
    def post(self, request: Request) -> Response:
        """A request like any other: somebody else agrees. Streams on hold are left out, and it says so."""
        told = body(EvidenceReasonSerializer, request)
        mine = visible_streams(request.user, "redact").order_by("uid")
        made = keeping.ask_for_what_is_past(mine, clock.now(), actor=actor_of(request), **told)
        return Response(ErasureSerializer(made).data, status=201)
