"""What an outside place can refuse or fail to do for a checkpoint. Nothing was stored."""

from audit.errors import LedgerError


class NotHeld(LedgerError):
    """A place outside doesn't attest or keep what it was given. Trying again later may help."""

    code = "not_held"
    status = 502

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place, self.reason = place, reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class NotStamped(NotHeld):
    """No time stamping authority gave a token that holds."""

    code = "not_stamped"


class NotCosigned(NotHeld):
    """The witness didn't cosign."""

    code = "not_cosigned"


class Contradicted(NotHeld):
    """The place knows another history of this log: ours lost something or was rewritten, or the place was."""

    code = "contradicted"


class NotAnchored(NotHeld):
    """The append-only place didn't take the checkpoint."""

    code = "not_anchored"


class BadSetting(LedgerError):
    """A setting that names an authority, a witness or an anchor can't be read."""

    code = "bad_setting"
    status = 500

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name, self.reason = name, reason

    def __str__(self) -> str:
        return f"{self.name} can't be used: {self.reason}"
