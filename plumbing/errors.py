"""The one base of every refusal in Muster. Doors turn it into an answer in config/errors.py."""


class MusterError(Exception):
    """A rule was broken. Nothing was written. `str(error)` is written for the person who reads it."""

    code = "refused"  # stable: API clients depend on it
    status = 409  # what an HTTP door answers
    aftermath = "Nothing was changed by your click."  # a page says it; who wrote something says so
    href = ""  # a page of ours where the reader can do something about it, and
    href_words = ""  # what that link says


class Plain(MusterError):
    """A refusal whose one sentence is all that there is to say."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

    def __str__(self) -> str:
        return self.why


class BadField(MusterError):
    """One field of what was said is wrong, and its message says what would be right. field: its name in the form."""

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field, self.message = field, message

    def __str__(self) -> str:
        return self.message
