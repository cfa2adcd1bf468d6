"""Policies, delegations, the dry run and the measures as the API gives and takes them."""

import datetime as dt
from typing import Any

from rest_framework import serializers

from approvals import selectors
from approvals.models import Delegation, PolicyVersion
from approvals.policies.reading import LONGEST_TEXT
from approvals.policies.routing import Asking
from approvals.selectors.covering import colleagues
from approvals.selectors.explaining import Explained, Next, Part, Question
from approvals.selectors.measuring import Measures, Times
from approvals.selectors.policy_pages import Version
from approvals.serializers import PersonField
from catalog.models import Service, User
from catalog.permissions import Right, services_where
from plumbing import clock

LONGEST_NOTE = 500
FARTHEST = dt.timedelta(days=366)
MOST_SERVICES = 20


class PolicySerializer(serializers.Serializer[Any]):
    """A policy in force. `number` is 1 and `decider` null for the text as it comes with Muster."""

    slug = serializers.CharField(source="policy.slug")
    title = serializers.CharField(source="policy.title")
    number = serializers.IntegerField(source="policy.number")
    digest = serializers.CharField(source="policy.digest")
    risk = serializers.CharField(source="policy.risk")
    enabled = serializers.BooleanField(source="policy.enabled")
    classes = serializers.ListField(child=serializers.CharField(), source="policy.applies.classes")
    who_decides = serializers.CharField(source="said.who")
    within_s = serializers.IntegerField(source="policy.within_s", allow_null=True)
    decider = PersonField(source="row.decider", default=None)


class PolicyVersionSerializer(serializers.Serializer[Any]):
    """One version of a policy, what it says in sentences, and what it changed from the one in force before it."""

    number = serializers.IntegerField()
    state = serializers.CharField()
    text = serializers.CharField()
    author = PersonField(source="row.author", default=None)
    note = serializers.CharField(source="row.note", default="")
    proposed_at = serializers.DateTimeField(source="row.proposed_at", default=None)
    decider = PersonField(source="row.decider", default=None)
    decided_at = serializers.DateTimeField(source="row.decided_at", default=None)
    reason = serializers.CharField(source="row.reason", default="")
    says = serializers.SerializerMethodField()
    changed = serializers.ListField(child=serializers.CharField())

    def get_says(self, version: Version) -> dict[str, str]:
        return dict(version.sentences)


class ProposalSerializer(serializers.Serializer[Any]):
    """A version of the policy that the text names, or a new policy."""

    text = serializers.CharField(max_length=LONGEST_TEXT, trim_whitespace=False)
    note = serializers.CharField(max_length=LONGEST_NOTE, help_text="why it is changed")


class ProposedSerializer(serializers.ModelSerializer[PolicyVersion]):
    author = PersonField(read_only=True)
    decider = PersonField(read_only=True)

    class Meta:
        model = PolicyVersion
        fields = (
            "slug", "number", "title", "digest", "state", "author", "note", "proposed_at", "decider", "decided_at",
            "reason",
        )  # fmt: skip
        read_only_fields = fields


class RulingSerializer(serializers.Serializer[Any]):
    """A second person's word. A refusal needs a reason."""

    accept = serializers.BooleanField()
    reason = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, default="")


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """Who stands in for whom. Empty `services` and `classes` mean everything."""

    id = serializers.CharField(source="uid", read_only=True)
    giver = PersonField(read_only=True)
    taker = PersonField(read_only=True)
    services: "serializers.SlugRelatedField[Any]" = serializers.SlugRelatedField("slug", many=True, read_only=True)

    class Meta:
        model = Delegation
        fields = ("id", "giver", "taker", "services", "classes", "since", "until", "reason", "ended_at")
        read_only_fields = fields


class NewDelegationSerializer(serializers.Serializer[Any]):
    """Somebody of one's teams decides in one's place. Without `since` it begins now."""

    taker = serializers.SlugRelatedField("username", queryset=User.objects.none())
    services = serializers.SlugRelatedField("slug", many=True, queryset=Service.objects.none(), required=False)
    classes = serializers.ListField(child=serializers.CharField(max_length=60), default=list)
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=LONGEST_NOTE)

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if user is not None:
            self.fields["taker"].queryset = colleagues(user)  # type: ignore[attr-defined]
            self.fields["services"].child_relation.queryset = services_where(user, Right.VIEW)  # type: ignore[attr-defined]


class EndingSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=LONGEST_NOTE)


class QuestionSerializer(serializers.Serializer[Any]):
    """What would be done, on whose behalf, and when it would be asked."""

    service = serializers.SlugRelatedField("slug", many=True, queryset=Service.objects.none(), required=False)
    requester = serializers.SlugRelatedField("username", queryset=User.objects.none(), required=False)
    at = serializers.DateTimeField(required=False, help_text="default: now")
    environment = serializers.CharField(max_length=40, default="", allow_blank=True)
    action = serializers.CharField(max_length=60, default="", allow_blank=True)

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user is not None:
            seen = services_where(user, Right.VIEW).select_related("team", "owner", "deputy")
            self.fields["service"].child_relation.queryset = seen  # type: ignore[attr-defined]
            self.fields["requester"].queryset = colleagues(user) | User.objects.filter(pk=user.pk).distinct()  # type: ignore[attr-defined]

    def get_fields(self) -> dict[str, Any]:
        """`class` is no name that Python lets a field have."""
        return {**super().get_fields(), "class": serializers.CharField(max_length=60, default="", allow_blank=True)}

    def validate_service(self, chosen: list[Service]) -> list[Service]:
        if len(chosen) > MOST_SERVICES:
            raise serializers.ValidationError(f"{len(chosen)} services were named; the most is {MOST_SERVICES}.")
        return chosen

    def validate_at(self, at: dt.datetime) -> dt.datetime:
        if abs(at - clock.now()) > FARTHEST:
            raise serializers.ValidationError("Give a moment within a year of now.")
        return at

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        known = selectors.classes()
        if said["class"] and said["class"] not in known:
            raise serializers.ValidationError(
                {"class": f"No policy in force names the class {said['class']!r}. Known: {', '.join(known)}."}
            )
        return said

    def question(self) -> Question:
        said = self.validated_data
        assert self.user is not None, "the door said whose question it is"
        return Question(
            requester=said.get("requester", self.user), at=said.get("at") or clock.now(), class_=said["class"],
            environment=said["environment"], action=said["action"], services=tuple(said.get("service", ())),
        )  # fmt: skip


class AskingSerializer(serializers.Serializer[tuple[str, Asking]]):
    """Somebody who would be asked, and by which path."""

    id = serializers.CharField()
    name = serializers.CharField()
    because = serializers.CharField()
    path = serializers.ListField(child=serializers.CharField())

    def to_representation(self, told: tuple[str, Asking]) -> dict[str, Any]:
        name, asking = told
        return {"id": asking.actor_id, "name": name, "because": asking.because, "path": list(asking.path)}


class SkippedSerializer(serializers.Serializer[tuple[str, str, str]]):
    """Somebody who would be passed over. `name` is empty where nobody has the part."""

    name = serializers.CharField(allow_blank=True)
    part = serializers.CharField()
    because = serializers.CharField()

    def to_representation(self, told: tuple[str, str, str]) -> dict[str, str]:
        return dict(zip(("name", "part", "because"), told, strict=True))


class PartSerializer(serializers.Serializer[Part]):
    """One seat. `lacks`: how many people are missing, so that it can't be decided."""

    seat = serializers.CharField(source="label")
    needs = serializers.IntegerField()
    lacks = serializers.IntegerField()
    asked = AskingSerializer(many=True)
    skipped = SkippedSerializer(many=True)


class NextSerializer(serializers.Serializer[Next]):
    """Who is next, and when. Here `lacks` of a seat says nothing: it is asked of those before, too."""

    after_s = serializers.IntegerField()
    at = serializers.DateTimeField()
    to = serializers.CharField()
    seats = PartSerializer(source="parts", many=True)


class ExplainedSerializer(serializers.Serializer[Explained]):
    """The answer of the dry run. `rules`: what is demanded, with the policies that say so."""

    at = serializers.DateTimeField(source="question.at")
    requester = PersonField(source="question.requester")
    unroutable = serializers.BooleanField(source="is_unroutable")
    policies = serializers.SerializerMethodField()
    rules = serializers.SerializerMethodField()
    seats = PartSerializer(source="parts", many=True)
    seats_from = serializers.CharField()
    next = NextSerializer(source="nexts", many=True)
    next_from = serializers.CharField(source="chain_from")
    due_at = serializers.DateTimeField(allow_null=True)

    def get_rules(self, found: Explained) -> list[dict[str, str]]:
        return [{"rule": rule, "from": source} for rule, source in found.rules]

    def get_policies(self, found: Explained) -> list[str]:
        return [policy.name for policy in found.policies]


class TimesSerializer(serializers.Serializer[Times]):
    key = serializers.CharField(allow_blank=True)
    count = serializers.IntegerField()
    median_s = serializers.FloatField()
    p90_s = serializers.FloatField()


class MeasuresSerializer(serializers.Serializer[Measures]):
    """What was counted in the streams that the caller sees. Keys of `by_owner` are ids of whom it was asked first."""

    asked = serializers.IntegerField()
    overall = TimesSerializer(allow_null=True)
    by_class = TimesSerializer(many=True)
    by_owner = TimesSerializer(many=True)
    events = serializers.DictField(child=serializers.IntegerField())
    uses = serializers.DictField(child=serializers.IntegerField())
    is_cut = serializers.BooleanField()
