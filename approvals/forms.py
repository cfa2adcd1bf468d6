"""What is well-formed in a decision. Whether it counts is for the service to say."""

from typing import Any

from django import forms

from approvals.models import LONGEST_REASON
from approvals.states import Verdict


class DecisionForm(forms.Form):
    """Verdict, reason, and the digest that the page showed (`seen`). A rejection needs a reason."""

    verdict = forms.ChoiceField(choices=Verdict.choices, widget=forms.HiddenInput)
    seen = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        label="Reason",
        help_text="Kept as evidence, with your name and the digest.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, verdict: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = (self.data.get("verdict") or verdict) == Verdict.REJECT
        self.fields["reason"].error_messages["required"] = "Say why you reject it, in a sentence."


class CoverForm(forms.Form):
    """Why somebody takes on a request that was asked of another."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        label="Why you take it on",
        help_text="For example: Lena is on a plane until 18:00. Kept as evidence.",
        error_messages={"required": "Say why you decide in place of the person asked."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
