"""Filters of the evidence pages."""

from collections.abc import Iterable, Mapping

from django import forms

from audit.naming import Person

KINDS = [
    ("", "All"),
    ("inc_", "Incidents"),
    ("rbk_", "Runbooks"),
    ("catalog", "Catalog"),
    ("access", "Access"),
    ("portal", "Portal"),
]


class StreamFilter(forms.Form):
    """Which streams are listed."""

    kind = forms.ChoiceField(choices=KINDS, required=False, label="Kind")


class EntryFilter(forms.Form):
    """Which entries of a stream are listed."""

    kind = forms.ChoiceField(required=False, label="What")
    actor = forms.ChoiceField(required=False, label="Who")
    text = forms.CharField(required=False, max_length=100, label="Words")
    before = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, str], kinds: Iterable[str], actors: Mapping[str, Person]) -> None:
        super().__init__(data)
        told = list(kinds)
        groups = sorted({kind.split(".")[0] for kind in told})
        self.fields["kind"].choices = [("", "Everything"), *((group, f"{group} …") for group in groups)]  # type: ignore[attr-defined]
        self.fields["kind"].choices += [(kind, kind) for kind in told]  # type: ignore[attr-defined]
        names = sorted((person.name, actor) for actor, person in actors.items())
        self.fields["actor"].choices = [("", "Everybody"), *((actor, name) for name, actor in names)]  # type: ignore[attr-defined]

    @property
    def is_filtered(self) -> bool:
        """Whether some entries are left out."""
        return any(self.data.get(name) for name in ("kind", "actor", "text"))
