"""What people and programs do with a request over the API. That machine users never decide is a service's rule."""

from abc import ABC, abstractmethod
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from approvals import services
from approvals.models import ApprovalRequest
from approvals.permissions import request_for
from approvals.serializers import (
    FindingSerializer,
    GlassSerializer,
    RequestSerializer,
    SentenceSerializer,
    TakenBackSerializer,
    UseSerializer,
)
from catalog.requests import caller
from catalog.stepup import fresh_factor
from plumbing import clock


class Act(APIView, ABC):
    """One act on one request: the body is checked, the act is done, the request is told as it is now."""

    body: type[Serializer[Any]] = TakenBackSerializer

    @abstractmethod
    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        """Do it, with what the body said."""

    def answer_to(self, request: Request, uid: str) -> Response:
        found = request_for(request.user, uid)
        body = self.body(data=request.data)
        body.is_valid(raise_exception=True)
        self.act(request, found, body.validated_data)
        return Response(RequestSerializer(request_for(request.user, uid)).data)


class Ask(Act):
    """Ask before deciding; the clock may stand still once until the answer."""

    body = SentenceSerializer

    @extend_schema(request=SentenceSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Ask a question. 403 when the caller may not decide it (on record)."""
        return self.answer_to(request, uid)

    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        return services.ask_question(found.uid, user=caller(request), text=said["text"], now=clock.now())


class Answer(Act):
    """Answer a question."""

    body = SentenceSerializer

    @extend_schema(request=SentenceSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Answer. 403 unless the caller asks for consent, or may start steps there."""
        return self.answer_to(request, uid)

    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        return services.answer(found.uid, user=caller(request), text=said["text"], now=clock.now())


class Withdraw(Act):
    """Take the question, or one's own yes, back."""

    @extend_schema(request=TakenBackSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Take it back. 403 when it isn't the caller's to take, 409 when something was done on it."""
        return self.answer_to(request, uid)

    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        return services.withdraw(found.uid, user=caller(request), reason=said["reason"], now=clock.now())


class BreakGlass(Act):
    """Go on without the approver."""

    body = GlassSerializer

    @extend_schema(request=GlassSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Break the glass. Needs a second factor of the session; 403 without it, or without the right."""
        return self.answer_to(request, uid)

    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        now = clock.now()
        factor = fresh_factor(request, now=now, within_s=services.FRESH_S)
        return services.break_glass(found.uid, user=caller(request), factor=factor, now=now, **said)


class DecideReview(Act):
    """Say whether it was right to break the glass."""

    body = FindingSerializer

    @extend_schema(request=FindingSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Decide the review. 403 for whoever had a part in it."""
        return self.answer_to(request, uid)

    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        review = services.review_of(found)
        return services.decide_review(review.uid, user=caller(request), now=clock.now(), **said)


class Use(Act):
    """Begin what was approved, from outside."""

    body = UseSerializer

    @extend_schema(request=UseSerializer, responses=RequestSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """Use the approval, once. 409 with the reason when it can't be used."""
        return self.answer_to(request, uid)

    def act(self, request: Request, found: ApprovalRequest, said: dict[str, Any]) -> object:
        return services.use_from_outside(found, caller=caller(request), digest=said["digest"], now=clock.now())
