"""Deadlines, worksheets, entities and regimes as JSON."""

from typing import Any

from rest_framework import serializers

from audit.regimes.events import STATABLE

YES_NO = [("yes", "yes"), ("no", "no")]


def _text(longest: int) -> serializers.CharField:
    """A text that may be left out."""
    return serializers.CharField(required=False, allow_blank=True, max_length=longest, default="")


def _texts(longest: int, *, most: int) -> serializers.ListField:
    """A list of texts that may be left out."""
    one = serializers.CharField(max_length=longest)
    return serializers.ListField(child=one, required=False, default=list, max_length=most)


def _supports() -> serializers.ListField:
    """Numbers of entries that bear something out."""
    one = serializers.IntegerField(min_value=0)
    return serializers.ListField(child=one, required=False, default=list, max_length=100)


class RegulationClockSerializer(serializers.Serializer[Any]):
    """One clock. `legal_at` and `safe_at` are null where the rule gives no moment."""

    uid = serializers.CharField(source="clock.uid")
    stream = serializers.CharField(source="clock.stream.uid")
    about = serializers.CharField(source="about.title")
    entity = serializers.CharField(source="clock.entity.uid")
    entity_name = serializers.CharField(source="clock.entity.name")
    regime = serializers.CharField(source="clock.regime")
    stage = serializers.CharField(source="clock.stage")
    title = serializers.CharField()
    state = serializers.CharField(source="clock.state")
    start_event = serializers.CharField(source="clock.start_event")
    start_seq = serializers.IntegerField(source="clock.start_seq")
    is_presumed = serializers.BooleanField(source="clock.is_presumed")
    started_at = serializers.DateTimeField(source="clock.started_at")
    legal_at = serializers.DateTimeField(source="clock.legal_at", allow_null=True)
    safe_at = serializers.DateTimeField(source="clock.safe_at", allow_null=True)
    met_at = serializers.DateTimeField(source="clock.met_at", allow_null=True)
    reason = serializers.CharField(source="clock.reason")
    because = serializers.ListField(child=serializers.CharField(), source="clock.because")


class DeadlinePageSerializer(serializers.Serializer[Any]):
    """Clocks, what is due soonest first."""

    count = serializers.IntegerField()
    results = RegulationClockSerializer(many=True)


class RegimeRowSerializer(serializers.Serializer[Any]):
    """One regime in a list."""

    id = serializers.CharField()
    name = serializers.CharField()
    short = serializers.CharField()
    jurisdiction = serializers.CharField()
    status = serializers.CharField()
    applies_from = serializers.CharField()
    confidence = serializers.CharField()
    basis = serializers.CharField()
    is_own = serializers.BooleanField()
    digest = serializers.CharField()
    worksheets = serializers.ListField(child=serializers.CharField())


class RegimeDetailSerializer(RegimeRowSerializer):
    """One regime with its text, the very file that is applied."""

    text = serializers.CharField(source="source")


class RegimeProposalSerializer(serializers.Serializer[Any]):
    """A version of an own regime."""

    text = serializers.CharField(trim_whitespace=False, max_length=40_000)
    note = serializers.CharField(max_length=500)


class RegimeVersionSerializer(serializers.Serializer[Any]):
    """A version of an own regime as it stands."""

    slug = serializers.CharField()
    number = serializers.IntegerField()
    state = serializers.CharField()
    digest = serializers.CharField()


class RegimeRulingSerializer(serializers.Serializer[Any]):
    """A second person's word."""

    accept = serializers.BooleanField()
    reason = _text(500)


class LegalEntitySerializer(serializers.Serializer[Any]):
    """A legal entity. `seen`: the version that the caller read; needed to change one."""

    uid = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    seen = serializers.IntegerField(write_only=True, required=False, default=0)
    name = serializers.CharField(max_length=200)
    lei = _text(20)
    types = _texts(100, most=60)
    home_state = _text(2)
    other_states = _texts(2, most=250)
    zone = serializers.CharField(required=False, max_length=64, default="UTC")
    country = serializers.CharField(max_length=2)
    subdivision = _text(10)
    days_off = _texts(10, most=400)
    currency = serializers.CharField(required=False, max_length=3, default="EUR")
    nis2 = _text(10)
    significant = serializers.BooleanField(required=False, allow_null=True, default=None)
    count_home_state = serializers.BooleanField(required=False, default=True)
    parent_name = _text(200)
    parent_lei = _text(20)
    services = _texts(80, most=1000)
    teams = _texts(80, most=1000)
    is_active = serializers.BooleanField(required=False, default=True)


class RegimeAppliesSerializer(serializers.Serializer[Any]):
    """Whether a regime applies; null leaves it to the rule."""

    applies = serializers.BooleanField(allow_null=True)
    reason = serializers.CharField(max_length=500)
    seen = serializers.IntegerField()


class RegimeAppliesRowSerializer(serializers.Serializer[Any]):
    """Whether a regime applies to an entity, and why."""

    regime = serializers.CharField(source="regime.id")
    answer = serializers.CharField()
    by_rule = serializers.CharField()
    because = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()


class LegalEntityDetailSerializer(LegalEntitySerializer):
    """An entity with the regimes."""

    regimes = RegimeAppliesRowSerializer(many=True, read_only=True)


class StatedMomentSerializer(serializers.Serializer[Any]):
    """When something happened. event: one of the events, or submitted:<stage> with its regime."""

    event = serializers.CharField(max_length=80, help_text=", ".join(STATABLE))
    at = serializers.DateTimeField()
    note = _text(2_000)
    regime = _text(64)
    entity = _text(32)
    supports = _supports()


class StatedEntrySerializer(serializers.Serializer[Any]):
    """The entry that was written."""

    seq = serializers.IntegerField()


class NotNeededSerializer(serializers.Serializer[Any]):
    """Why a report isn't needed."""

    reason = serializers.CharField(max_length=2_000)


class WorksheetFactSerializer(serializers.Serializer[Any]):
    """One fact; value null: not known."""

    value = serializers.JSONField(allow_null=True)
    is_estimate = serializers.BooleanField(required=False, default=False)
    words = _text(500)
    supports = _supports()


class WorksheetFactsSerializer(serializers.Serializer[Any]):
    """Facts of a worksheet by operand. seen: the entry that the caller saw last (-1: none)."""

    seen = serializers.IntegerField()
    facts = serializers.DictField(child=WorksheetFactSerializer())


class WorksheetLineSerializer(serializers.Serializer[Any]):
    """One comparison."""

    id = serializers.CharField()
    words = serializers.CharField()
    state = serializers.CharField()
    missing = serializers.ListField(child=serializers.CharField())
    matters = serializers.BooleanField()


class WorksheetSerializer(serializers.Serializer[Any]):
    """A worksheet as it stands. rule_says: yes, no, or open."""

    worksheet = serializers.CharField(source="worksheet.id")
    question = serializers.CharField(source="worksheet.question")
    seen = serializers.IntegerField()
    rule_says = serializers.CharField()
    facts = serializers.SerializerMethodField()
    lines = WorksheetLineSerializer(many=True, source="evaluation.lines")
    missing_that_matter = serializers.ListField(child=serializers.CharField(), source="evaluation.missing_that_matter")
    decision = serializers.SerializerMethodField()

    def get_facts(self, sheet: Any) -> dict[str, Any]:
        return {
            name: {each: getattr(fact, each) for each in ("value", "is_estimate", "words", "supports", "seq")}
            for name, fact in sheet.facts.items()
        }  # fmt: skip

    def get_decision(self, sheet: Any) -> dict[str, Any] | None:
        last = sheet.decision
        return (
            {
                "verdict": "yes" if last.verdict else "no",
                "at": last.at,
                "seq": last.seq,
                "reason": last.fields.get("reason"),
            }
            if last
            else None
        )


class WorksheetDecisionSerializer(serializers.Serializer[Any]):
    """A person's word. never: an earlier yes is taken back, the rule was met at no time."""

    seen = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=YES_NO)
    reason = serializers.CharField(max_length=2_000)
    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    never = serializers.BooleanField(required=False, default=False)


class ReportingSerializer(serializers.Serializer[Any]):
    """What authorities must be told about a stream."""

    stream = serializers.CharField()
    clocks = RegulationClockSerializer(many=True)
    worksheets = serializers.ListField(child=serializers.DictField())
