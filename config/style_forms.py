"""A form with one field of each kind, for /style."""

from django import forms


class SampleForm(forms.Form):
    """What a declare form looks like; nothing is ever saved."""

    what = forms.CharField(label="What is happening", max_length=160, help_text="One sentence, as you would say it.")
    severity = forms.ChoiceField(choices=[(word, word) for word in ("SEV1", "SEV2", "SEV3", "SEV4")])
    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept as evidence.",
    )
    sure = forms.BooleanField(label="The customers were told", required=False)
