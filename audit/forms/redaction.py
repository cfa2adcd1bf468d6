"""What is well-formed in redactions, erasures, holds and retention. Whether it is allowed now, the services say."""

import re
from collections.abc import Iterable
from typing import Any

from django import forms

from audit.models import Stream
from audit.models.redaction import LONGEST_SAID
from audit.naming import labels
from audit.redaction.holds import LONGEST_MATTER
from audit.redaction.keeping import rules
from audit.redaction.profiles import profiles
from audit.redaction.sets import LONGEST_WHY

PLACE = re.compile(r"\s*(\d{1,12})[\s,:;]+([a-z0-9_]{1,40})\s*")
MOST_LISTED = 500
REASON_HINT = "Kept as evidence, with your name. Name nobody in it."


def reason_field(hint: str = REASON_HINT, longest: int = LONGEST_SAID, label: str = "Reason") -> forms.CharField:
    """A sentence of reason."""
    return forms.CharField(
        label=label,
        max_length=longest,
        help_text=hint,
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def stream_choices(streams: Iterable[Stream]) -> list[tuple[str, str]]:
    """Streams as a list to choose from, by what people call them."""
    uids = [stream.uid for stream in streams]
    named = labels(uids)
    return [(uid, named[uid].title if named[uid].title != uid else uid) for uid in uids]


class WithStream(forms.Form):
    """A form about one of the streams that its reader may redact."""

    stream = forms.ChoiceField(label="Stream", error_messages={"required": "Choose a stream."})

    def __init__(self, *args: Any, streams: Iterable[Stream], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stream"].choices = stream_choices(streams)  # type: ignore[attr-defined]


class DraftForm(WithStream):
    """A new redaction set."""

    audience = forms.ChoiceField(
        label="Who will read it", widget=forms.RadioSelect, error_messages={"required": "Choose who will read it."}
    )
    purpose = reason_field("For whom and why. The second person reads this first.", label="What it is for")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["audience"].choices = [  # type: ignore[attr-defined]
            (one.audience, f"{one.title}: {one.who}") for one in profiles()
        ]


class ChoiceForm(forms.Form):
    """A choice by hand for one field."""

    seq = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    name = forms.CharField(max_length=40, widget=forms.HiddenInput)
    then = forms.ChoiceField(
        choices=[("show", "Show it"), ("withhold", "Withhold it"), ("profile", "As the profile says")]
    )
    reason = forms.CharField(max_length=LONGEST_WHY, required=False)


class ReasonForm(forms.Form):
    """A reason and nothing else."""

    reason = reason_field()


class VerdictForm(forms.Form):
    """A second person's word on exactly what they saw."""

    verdict = forms.ChoiceField(
        choices=[("approve", "Yes"), ("reject", "No")], error_messages={"required": "Choose yes or no."}
    )
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    reason = reason_field()

    @property
    def said(self) -> dict[str, Any]:
        """What they said, as the services that decide take it."""
        told = self.cleaned_data
        return {"approve": told["verdict"] == "approve", "seen": told["seen"], "reason": told["reason"]}


class ErasureForm(forms.Form):
    """A request for erasure: of words or a person everywhere, or of named fields of one stream."""

    words = forms.CharField(
        label="Words to look for",
        required=False,
        max_length=4_000,
        help_text="One a line: a name, an e-mail address, an account number. Found as whole words, in capitals or not.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    person = forms.CharField(
        label="Account of a person",
        required=False,
        max_length=150,
        help_text="User name, e-mail or id. Name and addresses are looked for as well; the account is closed for good.",
    )
    stream = forms.ChoiceField(label="Only in", required=False)
    places = forms.CharField(
        label="Or only these fields of it",
        required=False,
        max_length=20_000,
        help_text="One a line: number of the entry, then the field, such as “12 text”. Leave words and account empty.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "mono", "spellcheck": "false"}),
    )
    reason = reason_field()

    def __init__(self, *args: Any, streams: Iterable[Stream], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = [("", "Everything that I may redact")]
        self.fields["stream"].choices = every + stream_choices(streams)  # type: ignore[attr-defined]

    def clean_places(self) -> list[tuple[int, str]]:
        lines = [line for line in str(self.cleaned_data["places"]).splitlines() if line.strip()]
        found = [PLACE.fullmatch(line) for line in lines]
        for line, match in zip(lines, found, strict=True):
            if match is None:
                raise forms.ValidationError(f"“{line.strip()[:40]}” is no entry and field, such as “12 text”.")
        return [(int(match[1]), match[2]) for match in found if match]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("places") and not told.get("stream"):
            self.add_error("stream", "Say of which stream these fields are.")
        if told.get("places") and (told.get("words") or told.get("person")):
            self.add_error("places", "Name fields, or words and a person: not both in one request.")
        if not self.errors and not any(told.get(name) for name in ("words", "person", "places")):
            self.add_error("words", "Say what is to be erased: words, a person, or fields.")
        return told


class HoldForm(WithStream):
    """A new hold."""

    matter = forms.CharField(
        max_length=LONGEST_MATTER,
        help_text="What it is called, such as Inquiry 2026-14. Whoever is kept from erasing reads it.",
        error_messages={"required": "Name the matter."},
    )
    reason = reason_field()


class KeepingForm(WithStream):
    """Another retention class for a stream."""

    retention = forms.ChoiceField(label="Retention class")
    reason = reason_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["retention"].choices = [  # type: ignore[attr-defined]
            (one.slug, f"{one.title}: {one.words}") for one in rules().classes.values()
        ]
