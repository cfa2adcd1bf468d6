"""What is well-formed in what people say about a request. Whether it counts is for the services to say."""

import datetime as dt
import re
from typing import Any

from django import forms

from approvals.models import LONGEST_CONDITION, LONGEST_REASON, ApprovalRequest
from approvals.policies.model import Allowed, Reason
from approvals.policies.ranges import inputs_in, number_of
from approvals.states import ConditionKind, Verdict

DIGEST = r"^[0-9a-f]{64}$"
SEVERITY = re.compile(r"SEV[1-4]")


def text_field(label: str, help_text: str, missing: str, *, rows: int = 3, required: bool = True) -> forms.CharField:
    """A few sentences."""
    return forms.CharField(
        required=required,
        max_length=LONGEST_REASON,
        label=label,
        help_text=help_text,
        error_messages={"required": missing},
        widget=forms.Textarea(attrs={"rows": rows}),
    )


class DecisionForm(forms.Form):
    """Verdict, reason, and the digest that the page showed (`seen`); and what the policies of `request` demand."""

    verdict = forms.ChoiceField(choices=Verdict.choices, widget=forms.HiddenInput)
    seen = forms.RegexField(DIGEST, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = text_field("Reason", "Kept as evidence, with your name and the digest.", "Say why, in a sentence.")

    def __init__(self, *args: Any, request: ApprovalRequest, verdict: str = "", alike: int = 0, **kwargs: Any) -> None:
        """alike: how many other requests bind exactly the same, and wait for the same person."""
        super().__init__(*args, **kwargs)
        if alike:
            others = "another request that binds" if alike == 1 else f"{alike} other requests that bind"
            self.fields["alike"] = forms.BooleanField(required=False, label=f"The same for {others} exactly the same")
        rejects = (self.data.get("verdict") or verdict) == Verdict.REJECT
        demand = request.demand
        self.fields["reason"].required = rejects or demand.get("reason") == Reason.ALWAYS
        if rejects:
            self.fields["reason"].error_messages["required"] = "Say why you reject it, in a sentence."
        if not rejects and Allowed.CONDITIONS in demand.get("allow", ()):
            self._offer_condition()
        if not rejects and demand.get("typed"):
            self.fields["typed"] = forms.CharField(
                label=f"Type {request.digest[:8]} to confirm",
                help_text="The first signs of exactly what you approve.",
                widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
            )

    def _offer_condition(self) -> None:
        self.fields["condition_kind"] = forms.ChoiceField(
            required=False, label="How it is checked", choices=[("", "Choose"), *ConditionKind.choices]
        )
        self.fields["condition"] = forms.CharField(
            required=False,
            max_length=LONGEST_CONDITION,
            label="The condition",
            help_text="A note: “Replication lag is below 10 s”. Or an expression: steps.look.output.lag < 10.",
        )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        kind, text = found.get("condition_kind", ""), found.get("condition", "").strip()
        if kind and not text:
            self.add_error("condition", "Say what the condition is, or choose nothing above.")
        if text and not kind:
            self.add_error("condition_kind", "Choose how the condition is checked.")
        return found

    @property
    def conditions(self) -> tuple[tuple[str, str], ...]:
        """Of a valid form: (kind, text) each."""
        kind = self.cleaned_data.get("condition_kind")
        return ((kind, self.cleaned_data["condition"].strip()),) if kind else ()


class CoverForm(forms.Form):
    """Why somebody takes on a request that was asked of another."""

    reason = text_field(
        "Why you take it on",
        "For example: Lena is on a plane until 18:00. Kept as evidence.",
        "Say why you decide in place of the person asked.",
        rows=2,
    )


class QuestionForm(forms.Form):
    """A question before deciding."""

    text = text_field("Your question", "Whoever asks for it is told, and answers here.", "Ask something.")


class AnswerForm(forms.Form):
    """The answer to it."""

    text = text_field("Your answer", "Whoever asked is told.", "Say something.", rows=2)


class WithdrawForm(forms.Form):
    """Why something is taken back."""

    reason = text_field("Why you take it back", "Kept as evidence.", "Say why, in a sentence.", rows=2)


class GlassForm(forms.Form):
    """Going on without the approver."""

    seen = forms.RegexField(DIGEST, widget=forms.HiddenInput)
    reason = text_field(
        "Why it can't wait",
        "The accountable owner and compliance read it at once, and an independent person reviews it.",
        "Say why it can't wait for the approver.",
    )
    typed = forms.CharField(
        label="Type “break glass” to confirm",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )


class ReviewForm(forms.Form):
    """Whether it was right to break the glass."""

    justified = forms.ChoiceField(
        label="Was it justified?",
        choices=[("yes", "Yes, it could not wait"), ("no", "No, the approver should have decided")],
        widget=forms.RadioSelect,
    )
    finding = text_field("What you found", "What happened, and what should change.", "Say what you found.")


class StandingForm(forms.Form):
    """A yes in advance: how often, until when, for which incidents, and within which limits of its numbers."""

    most = forms.IntegerField(label="How often it may be used", min_value=1, max_value=100, initial=3)
    days = forms.IntegerField(label="For how many days", min_value=1, max_value=90, initial=30)
    severities = forms.CharField(
        required=False, max_length=60, label="Only in incidents of", help_text="SEV1 SEV2, say. Empty: in any."
    )
    reason = text_field("Why it need not be asked each time", "Shown on every use.", "Say why, in a sentence.", rows=2)

    def __init__(self, *args: Any, request: ApprovalRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.numbers = {name: value for name, value in inputs_in(request.binds).items() if number_of(value) is not None}
        for name, value in self.numbers.items():
            for limit, word in (("least", "at least"), ("most", "at most")):
                field = forms.DecimalField(label=f"{name}, {word}", initial=number_of(value))
                self.fields[f"{limit}_{name}"] = field

    def clean_severities(self) -> tuple[str, ...]:
        """Severities as incidents have them, however they were written: "sev1, SEV2"."""
        said = [word.upper() for word in re.split(r"[\s,]+", self.cleaned_data["severities"]) if word]
        if wrong := [word for word in said if not SEVERITY.fullmatch(word)]:
            raise forms.ValidationError(f"Found {wrong[0]}, expected SEV1 to SEV4.")
        return tuple(dict.fromkeys(said))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        for name, value in self.numbers.items():
            least, most = found.get(f"least_{name}"), found.get(f"most_{name}")
            if least is None or most is None:
                continue
            if not least <= number_of(value) <= most:
                self.add_error(f"most_{name}", f"The limits must include {number_of(value)}, which you approved.")
        return found

    def ranges(self) -> dict[str, Any]:
        """Of a valid form: input -> limits, as a yes in advance keeps them."""
        said = self.cleaned_data
        return {
            name: {"least": str(said[f"least_{name}"]), "most": str(said[f"most_{name}"])}
            for name in self.numbers
            if said[f"least_{name}"] != said[f"most_{name}"]
        }

    def until(self, now: dt.datetime) -> dt.datetime:
        """When it ends."""
        return now + dt.timedelta(days=self.cleaned_data["days"])
