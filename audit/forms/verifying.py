"""What is well-formed when somebody brings a pack to be checked."""

from django import forms

LONGEST_KEYS, LONGEST_CERTIFICATES = 20_000, 200_000


class PackCheckForm(forms.Form):
    """A pack, and what its reader obtained elsewhere."""

    pack = forms.FileField(
        label="Pack",
        help_text="The zip as you received it.",
        allow_empty_file=True,
        error_messages={"required": "Choose the zip of a pack."},
        widget=forms.FileInput(attrs={"accept": ".zip,application/zip"}),
    )
    keys = forms.CharField(
        label="Whose key",
        required=False,
        max_length=LONGEST_KEYS,
        help_text="Fingerprint, vkey or PEM of the log's key, obtained elsewhere. Not needed for packs of this portal.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
    )
    trust = forms.CharField(
        label="Certificates that you trust",
        required=False,
        max_length=LONGEST_CERTIFICATES,
        help_text="PEM, for the organisation's signature and the time stamps. Without them this portal's own are used.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
    )
    tagmanifest = forms.RegexField(
        "^[0-9a-f]{64}$",
        label="SHA-256 of its tagmanifest",
        required=False,
        help_text="As the institution recorded it when it issued the pack: then it is that very pack.",
        error_messages={"invalid": "Expected 64 characters 0-9 and a-f."},
    )
