"""What is well-formed: the text of a policy and why it is changed, and a second person's word on it."""

import re
from typing import Any

from django import forms

from approvals.errors import PolicyRefused
from approvals.policies.reading import LONGEST_TEXT, read_policy

LINE = re.compile(r", line (\d+)")
LONGEST_NOTE = 500
REFUSE = "refuse"


class ProposalForm(forms.Form):
    """A policy's text with a note. Every mistake of the text is an error of its own; `slug` names the policy."""

    text = forms.CharField(
        label="Text",
        max_length=LONGEST_TEXT,
        strip=False,
        error_messages={"required": "Write what the policy says."},
        widget=forms.Textarea(
            attrs={"rows": 20, "class": "mono", "spellcheck": "false", "autocapitalize": "none", "wrap": "off"}
        ),
    )
    note = forms.CharField(
        label="Why it is changed",
        max_length=LONGEST_NOTE,
        help_text="The second person reads this first. It is kept as evidence.",
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, slug: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = slug

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
        try:
            policy = read_policy(text, file=self.slug or "policy")
        except PolicyRefused as error:
            raise forms.ValidationError(error.problems) from None
        self.slug = self.slug or policy.slug
        return text

    def refuse(self, error: PolicyRefused) -> None:
        """What a rule says about a text that is well-formed."""
        self.add_error("text", forms.ValidationError(error.problems))

    @property
    def problems(self) -> list[tuple[int, str]]:
        """(line, what is wrong with the text); line 0 where it is none in particular."""
        found = [str(error) for error in self.errors.get("text", [])]
        return sorted((int(match[1]) if (match := LINE.search(error)) else 0, error) for error in found)

    @property
    def lines(self) -> list[tuple[int, str, bool]]:
        """(number, text, whether something is wrong there) of what was sent."""
        wrong = {line for line, _ in self.problems}
        sent = str(self.data.get("text", "")).splitlines()[:LONGEST_TEXT]
        return [(number, line, number in wrong) for number, line in enumerate(sent, 1)]


class RulingForm(forms.Form):
    """A second person puts a version in force, or refuses it."""

    verdict = forms.ChoiceField(choices=[("accept", "Put it in force"), (REFUSE, "Refuse it")])
    reason = forms.CharField(
        max_length=LONGEST_NOTE,
        help_text="Kept as evidence, with your name.",
        error_messages={"required": "Say why you refuse it, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, verdict: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = verdict == REFUSE
