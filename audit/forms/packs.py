"""What somebody says who asks for a pack."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms

from audit.models import Language, PackKind, Paper, RedactionSet, RedactionState
from audit.redaction.profiles import profiles
from audit.reports import zone_of
from audit.reports.errors import UnknownZone

EVERYTHING = "Nobody in particular: nothing is withheld"
SUBJECT_HELP = {
    PackKind.APPROVAL: "The id at the end of the approval's address.",
    PackKind.PERSON: "The person's id in the ledger, such as usr_0190…",
}


class SplitMoment(forms.DateTimeInput):
    """A moment, chosen or typed, in UTC."""

    input_type = "datetime-local"


class PackForm(forms.Form):
    """What a pack shall hold, and for whom it is."""

    kind = forms.ChoiceField(choices=PackKind.choices, label="About")
    subject = forms.CharField(
        required=False,
        max_length=64,
        label="Which one",
        help_text="The id of the stream, the approval or the person. Pages of these fill it in. A period needs none.",
    )
    since = forms.DateTimeField(required=False, label="From", widget=SplitMoment, help_text="Of a period, in UTC.")
    until = forms.DateTimeField(required=False, label="To", widget=SplitMoment, help_text="Of a period, in UTC.")
    audience = forms.ChoiceField(required=False, label="For whom")
    redaction = forms.ChoiceField(
        required=False, label="Approved redaction", help_text="Some audiences need one that a second person approved."
    )
    language = forms.ChoiceField(choices=Language.choices, initial=Language.ENGLISH, label="Language of the report")
    paper = forms.ChoiceField(choices=Paper.choices, initial=Paper.A4, label="Paper")
    zone = forms.CharField(
        required=False,
        max_length=64,
        label="Local time of the report",
        help_text="A time zone such as Europe/Berlin, beside UTC. Left empty, the report has UTC alone.",
    )

    def __init__(self, *args: Any, streams: Iterable[str] = (), is_chosen: bool = False, **more: Any) -> None:
        """streams: uids of those that the reader may export, whose redactions can be chosen. is_chosen: what the pack
        is about is settled already, and not asked."""
        super().__init__(*args, **more)
        if is_chosen:
            for name in ("kind", "subject", "since", "until"):
                self.fields[name].widget = forms.HiddenInput()
        audiences = [(one.audience, one.title) for one in profiles()]
        self.fields["audience"].choices = [("", EVERYTHING), *audiences]  # type: ignore[attr-defined]
        approved = RedactionSet.objects.filter(stream__uid__in=list(streams), state=RedactionState.APPROVED)
        found = [(one.uid, f"{one.audience}, {one.stream.uid}") for one in approved.select_related("stream")]
        self.fields["redaction"].choices = [("", "None"), *found]  # type: ignore[attr-defined]

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"]).strip()
        try:
            zone_of(zone)
        except UnknownZone as error:
            raise forms.ValidationError(str(error)) from error
        return zone

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("kind") == PackKind.PERIOD:
            for name in ("since", "until"):
                moment = told.get(name)
                if moment is None and name not in self.errors:
                    self.add_error(name, "Say when the period begins." if name == "since" else "Say when it ends.")
            if told.get("since") and told.get("until") and told["since"] >= told["until"]:
                self.add_error("until", "The end must be later than the beginning.")
        elif told.get("kind") and not told.get("subject"):
            self.add_error("subject", "Say which one the pack is about.")
        return told

    @property
    def wanted(self) -> dict[str, Any]:
        """The arguments of packs.orders.job_for(), after is_valid()."""
        told = dict(self.cleaned_data)
        for name in ("since", "until"):
            if told[name] is not None:
                told[name] = told[name].astimezone(dt.UTC)
        return told
