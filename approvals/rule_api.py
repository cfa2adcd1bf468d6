"""Policies, delegations, the dry run and the measures at /api/v1/approvals. Machine users read; they change nothing."""

import datetime as dt

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from approvals import services
from approvals.permissions import delegation_for, rules_for
from approvals.policies.reading import read_policy
from approvals.rule_serializers import (
    DelegationSerializer,
    EndingSerializer,
    ExplainedSerializer,
    MeasuresSerializer,
    NewDelegationSerializer,
    PolicySerializer,
    PolicyVersionSerializer,
    ProposalSerializer,
    ProposedSerializer,
    QuestionSerializer,
    RulingSerializer,
)
from approvals.selectors.covering import MOST, delegations_seen
from approvals.selectors.explaining import explain
from approvals.selectors.measuring import measures_for
from approvals.selectors.policy_pages import history_of, policies_shown
from catalog.permissions import Right
from catalog.requests import caller
from plumbing import clock

LONGEST_DAYS = 366


class Policies(APIView):
    """Policies in force, and proposing versions of them."""

    @extend_schema(operation_id="approvals_policies_list", responses=PolicySerializer(many=True))
    def get(self, request: Request) -> Response:
        """Every policy in force, the house's own first."""
        rules_for(request.user)
        return Response(PolicySerializer(policies_shown(), many=True).data)

    @extend_schema(request=ProposalSerializer, responses={201: ProposedSerializer})
    def post(self, request: Request) -> Response:
        """Propose a version of the policy that the text names, or a new policy. It waits for a second person."""
        rules_for(request.user, may=Right.RULE)
        body = ProposalSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        said, now = body.validated_data, clock.now()
        slug = read_policy(said["text"]).slug
        made = services.propose(said["text"], slug=slug, user=caller(request), note=said["note"], now=now)
        return Response(ProposedSerializer(made).data, status=201)


class PolicyVersions(APIView):
    """One policy."""

    @extend_schema(operation_id="approvals_policies_versions", responses=PolicyVersionSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Its versions, newest first, with what each says and changed."""
        rules_for(request.user)
        return Response(PolicyVersionSerializer(history_of(slug), many=True).data)


class RulePolicy(APIView):
    """A second person's word on a proposed version."""

    @extend_schema(request=RulingSerializer, responses=ProposedSerializer)
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Put it in force or refuse it. 403 for who wrote it (on record), 409 when it is decided already."""
        rules_for(request.user, may=Right.RULE)
        row = next((one.row for one in history_of(slug) if one.number == number), None)
        if row is None:
            raise Http404(f"Nobody proposed version {number} of {slug}.")
        body = RulingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decided = services.decide_policy(row, user=caller(request), now=clock.now(), **body.validated_data)
        return Response(ProposedSerializer(decided).data)


class Delegations(APIView):
    """Who stands in for whom, as far as the caller sees their teams."""

    @extend_schema(operation_id="approvals_delegations_list", responses=DelegationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What holds now or is to come, at most fifty."""
        alive = delegations_seen(caller(request)).filter(ended_at=None, until__gt=clock.now())
        return Response(DelegationSerializer(alive.order_by("since", "pk")[:MOST], many=True).data)

    @extend_schema(request=NewDelegationSerializer, responses={201: DelegationSerializer})
    def post(self, request: Request) -> Response:
        """Have somebody decide in one's place. 422 says which field would have to be what."""
        me, now = caller(request), clock.now()
        body = NewDelegationSerializer(data=request.data, user=me)
        body.is_valid(raise_exception=True)
        said = {"since": now, "services": [], **body.validated_data}
        made = services.delegate(giver=me, actor=me, now=now, **said)
        return Response(DelegationSerializer(made).data, status=201)


class EndDelegation(APIView):
    """End a delegation before its time."""

    @extend_schema(request=EndingSerializer, responses=DelegationSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """The giver takes it back, or the taker declines. 403 for everybody else."""
        found = delegation_for(request.user, uid)
        body = EndingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        ended = services.end_delegation(found, actor=caller(request), now=clock.now(), **body.validated_data)
        return Response(DelegationSerializer(ended).data)


class Explain(APIView):
    """The dry run of routing."""

    @extend_schema(parameters=[QuestionSerializer], responses=ExplainedSerializer)
    def get(self, request: Request) -> Response:
        """Who would be asked for an act at a moment, why, who is passed over, and who is next. Writes nothing."""
        rules_for(request.user)
        asked = QuestionSerializer(data=request.query_params, user=caller(request))
        asked.is_valid(raise_exception=True)
        return Response(ExplainedSerializer(explain(asked.question())).data)


class MeasuresOf(APIView):
    """Measures of approvals."""

    @extend_schema(
        parameters=[OpenApiParameter("days", int, description=f"1 to {LONGEST_DAYS}; default 90")],
        responses=MeasuresSerializer,
    )
    def get(self, request: Request) -> Response:
        """Counted from the entries of the streams that the caller sees."""
        asked = request.query_params.get("days", "")
        days = min(max(int(asked), 1), LONGEST_DAYS) if asked.isdecimal() and len(asked) < 6 else 90
        return Response(MeasuresSerializer(measures_for(caller(request), clock.now() - dt.timedelta(days=days))).data)
