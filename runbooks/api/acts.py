"""What people and programs do with runs, groups and steps at /api/v1/: a table of acts, a view for each kind."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from catalog.models import User
from catalog.permissions import Right
from catalog.requests import caller
from runbooks import serializers, services
from runbooks.api.runs import told
from runbooks.errors import BadPerson
from runbooks.models import Run
from runbooks.permissions import allowed, run_for
from runbooks.selectors import run_overview

WHOLE = "~"  # how an address names the outermost group, which has no id


@dataclass(frozen=True)
class Act:
    """What an act takes, the service that does it, and the right that it needs."""

    body: type[Serializer[Any]]
    perform: Callable[..., object]
    right: Right = Right.EXECUTE


STEP_ACTS = {
    "start": Act(serializers.SeenSerializer, services.start_step),
    "finish": Act(serializers.FinishSerializer, services.finish_step),
    "retry": Act(serializers.ReasonSerializer, services.retry_step),
    "skip": Act(serializers.ReasonSerializer, services.skip_step),
    "replace": Act(serializers.EvidenceSerializer, services.replace_step),
    "give-up": Act(serializers.ReasonSerializer, services.give_up),
    "hold": Act(serializers.HoldSerializer, services.hold_step),
    "release": Act(serializers.HoldSerializer, services.release_step),
    "take": Act(serializers.ReasonSerializer, services.take_over),
    "reassign": Act(serializers.ReassignSerializer, services.reassign),
    "settle": Act(serializers.SettleSerializer, services.settle_unknown),
    "check": Act(serializers.SeenSerializer, services.ask_check),
    "decide": Act(serializers.CaseSerializer, services.decide_by_hand),
    "override": Act(serializers.ReasonSerializer, services.override_lock, Right.COMMAND),
    "undo-branch": Act(serializers.ReasonSerializer, services.undo_branch, Right.COMMAND),
    "undo-retry": Act(serializers.ReasonSerializer, services.retry_undo),
    "undone": Act(serializers.EvidenceSerializer, services.undone_by_hand),
}
RUN_ACTS = {
    "pause": Act(serializers.ReasonSerializer, services.pause_run),
    "resume": Act(serializers.ReasonSerializer, services.resume_run),
    "speed": Act(serializers.SpeedSerializer, services.limit_speed),
    "cancel": Act(serializers.ReasonSerializer, services.cancel_run),
    "undo": Act(serializers.ReasonSerializer, services.undo_run, Right.COMMAND),
}
GROUP_ACTS = {
    "assess": Act(serializers.AssessSerializer, services.assess_group, Right.COMMAND),
    "undo": Act(serializers.ReasonSerializer, services.undo_group, Right.COMMAND),
}


def said_in(request: Request, act: Act, run: Run) -> dict[str, Any]:
    """The service's arguments. Raises ValidationError, BadPerson."""
    body = act.body(data=request.data)
    body.is_valid(raise_exception=True)
    said = dict(body.validated_data)
    if "seen" in said:
        said["seen_at"] = said.pop("seen")
    if "to" in said:
        said["to"] = _person(said["to"], run)
    return said


def _person(username: str, run: Run) -> User:
    found = User.objects.filter(username=username, is_active=True).first()
    if found is None or not allowed(found, run, Right.EXECUTE):
        raise BadPerson(username)
    return found


class StepAct(APIView):
    """What a person does with a step. `act` is given by the address."""

    act = "start"

    def post(self, request: Request, uid: str, step: str) -> Response:
        """The run as it is then. 403 when the step is somebody else's, 409 when it moved since it was seen."""
        act = STEP_ACTS[self.act]
        run = run_for(request.user, uid, act.right)
        if step not in run_overview(run).by_id:
            raise Http404(f"This run has no step {step[:60]!r}.")
        act.perform(uid, step, actor=caller(request), **said_in(request, act, run))
        return Response(told(run_for(request.user, uid)))


class RunAct(APIView):
    """What a person does with a run as a whole. `act` is given by the address."""

    act = "pause"

    def post(self, request: Request, uid: str) -> Response:
        """The run as it is then. 409 when somebody acted on it since it was seen."""
        act = RUN_ACTS[self.act]
        run = run_for(request.user, uid, act.right)
        act.perform(uid, actor=caller(request), **said_in(request, act, run))
        return Response(told(run_for(request.user, uid)))


class GroupAct(APIView):
    """What a person does with a group of a run; `~` names the outermost one. `act` is given by the address."""

    act = "assess"

    def post(self, request: Request, uid: str, group: str) -> Response:
        """The run as it is then. 409 when the group moved since it was seen."""
        act = GROUP_ACTS[self.act]
        run = run_for(request.user, uid, act.right)
        group = "" if group == WHOLE else group
        if not run.groups.filter(group=group).exists():
            raise Http404(f"This run has no group {group[:60]!r}.")
        act.perform(uid, group, actor=caller(request), **said_in(request, act, run))
        return Response(told(run_for(request.user, uid)))


def view_of(kind: type[StepAct] | type[RunAct] | type[GroupAct], act: str) -> type[APIView]:
    """The view of one act, with its own words in the API's description."""
    what = {StepAct: ("step", STEP_ACTS), RunAct: ("run", RUN_ACTS), GroupAct: ("group", GROUP_ACTS)}
    noun, acts = what[kind]
    schema = extend_schema(
        operation_id=f"{noun}_{act.replace('-', '_')}",
        request=acts[act].body,
        responses=serializers.RunDetailSerializer,
    )
    name = "".join(word.capitalize() for word in (noun, *act.split("-")))
    return extend_schema_view(post=schema)(type(name, (kind,), {"act": act}))


class ChangeInput(APIView):
    """Gives a live run another input; what was agreed for the old one is void."""

    @extend_schema(request=serializers.InputSerializer, responses=serializers.RunDetailSerializer)
    def post(self, request: Request, uid: str) -> Response:
        """The run as it is then."""
        run_for(request.user, uid, Right.EXECUTE)
        body = serializers.InputSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_input(uid, actor=caller(request), **body.validated_data)
        return Response(told(run_for(request.user, uid)))
