"""What is well-formed: letting an auditor in."""

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from catalog.models import User

KINDS = (  # of streams, as scopes
    ("inc_*", "Incidents, with their runs and approvals"),
    ("rbk_*", "Runbooks, with their versions"),
    ("catalog", "The catalog of services"),
    ("policies", "Approval policies"),
    ("access", "Accounts, rights and sign-ins"),
    ("portal", "The portal: packs, verifications, keys, who read evidence"),
)
STREAM = re.compile(r"[a-z]+(_[0-9a-z]+)?")


class InviteForm(forms.Form):
    """Who, what, until when, why."""

    name = forms.CharField(label="Name", max_length=120, help_text="As it is shown and recorded: Anna Weber")
    organisation = forms.CharField(label="Organisation", max_length=120, required=False, help_text="Where they work.")
    username = forms.CharField(
        label="User name",
        max_length=150,
        help_text="To sign in with. The name of an auditor who was here before gives that account a further access.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=KINDS,
        label="What they may read",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Never more than you may hand out yourself, also later.",
    )
    streams = forms.CharField(
        label="Single streams",
        required=False,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Their ids, one per line, as the evidence page shows them: inc_0190…",
    )
    may_export = forms.BooleanField(label="They may make packs and take them away", required=False)
    until = forms.DateField(
        label="Last day",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Access ends by itself when this day ends where you are.",
    )
    reason = forms.CharField(
        label="Why", max_length=500, widget=forms.Textarea(attrs={"rows": 2}), help_text="The yearly audit of 2026."
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_until(self) -> dt.datetime:
        """The moment at which the last day ends, where the reader is."""
        day: dt.date = self.cleaned_data["until"]
        try:
            after = day + dt.timedelta(days=1)
            return dt.datetime.combine(after, dt.time(), ZoneInfo(self.user.time_zone)).astimezone(dt.UTC)
        except (KeyError, ValueError, OSError):
            return dt.datetime.combine(day, dt.time(23, 59, 59), dt.UTC)
        except OverflowError:
            raise forms.ValidationError("No calendar has this day. Give one of this year or the next.") from None

    def clean_streams(self) -> list[str]:
        """The ids, one per line."""
        lines = [line.strip() for line in self.cleaned_data["streams"].splitlines() if line.strip()]
        if wrong := [line for line in lines if not STREAM.fullmatch(line)]:
            raise forms.ValidationError(f"{wrong[0][:60]!r} is no id of a stream; expected one such as inc_0190….")
        return lines

    def wanted(self) -> dict[str, Any]:
        """Arguments of services.auditors.invite."""
        said = dict(self.cleaned_data)
        said["scopes"] = [*said["scopes"], *said.pop("streams")]
        return said
