"""Refusals of the ledger. Nothing was written when one of these is raised."""

from typing import Any

from plumbing.errors import MusterError


class LedgerError(MusterError):
    """Base of every refusal of this app."""

    code = "ledger_refused"
    status = 409


class NotCanonical(LedgerError):
    """A value can't be written as restricted canonical JSON. Says where it stands and what would be right."""

    code = "not_canonical"
    status = 422

    def __init__(self, path: str, found: str, expected: str) -> None:
        super().__init__(path, found, expected)
        self.path, self.found, self.expected = path, found, expected

    def __str__(self) -> str:
        return f"{self.path or 'the value'}: found {self.found}, expected {self.expected}."


class EntryTooLarge(LedgerError):
    """An entry with its fields is too large for the ledger: large content is a file, named by its SHA-256."""

    code = "entry_too_large"
    status = 413

    def __init__(self, kind: str, size: int, limit: int) -> None:
        super().__init__(kind, size, limit)
        self.kind, self.size, self.limit = kind, size, limit

    def __str__(self) -> str:
        return f"The entry {self.kind} takes {self.size} bytes; at most {self.limit} fit. Store the content as a file."


class OutsideTransaction(LedgerError):
    """record() was called without a transaction: change and evidence must be written together, or not at all."""

    code = "ledger_outside_transaction"
    status = 500

    def __str__(self) -> str:
        return "ledger.record() needs the transaction of the change it records: call it inside atomic()."


class NoSuchStream(LedgerError):
    """No stream has this uid. Only portal, catalog and access come into being by themselves."""

    code = "no_such_stream"
    status = 404

    def __init__(self, uid: str) -> None:
        super().__init__(uid)
        self.uid = uid

    def __str__(self) -> str:
        return f"There is no stream {self.uid!r}. ledger.open_stream() makes one."


class IdemOfAnotherStream(LedgerError):
    """The idempotency uid was already used by an entry of another stream."""

    code = "idem_of_another_stream"

    def __init__(self, uid: str, stream: str) -> None:
        super().__init__(uid, stream)
        self.uid, self.stream = uid, stream

    def __str__(self) -> str:
        return f"The uid {self.uid} names an entry of stream {self.stream}; a uid is used for one entry only."


class Unguarded(LedgerError):
    """The database doesn't enforce append-only: guards are missing, disabled or altered."""

    code = "ledger_unguarded"
    status = 500

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return f"The ledger is not protected: {'; '.join(self.problems)}. `manage.py guard_ledger` repairs it."


class NoLogKey(LedgerError):
    """There is no key to sign checkpoints with, or it can't be used."""

    code = "no_log_key"
    status = 500

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"The log key {self.path} {self.reason}."


class BadNote(LedgerError):
    """A signed note or proof isn't what it should be."""

    code = "bad_note"
    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The signed note is not valid: {self.reason}."


class Forked(LedgerError):
    """What was signed before is no longer a prefix of what the database holds. Nothing is signed on top of that."""

    code = "ledger_forked"
    status = 500

    def __init__(self, what: str, size: int) -> None:
        super().__init__(what, size)
        self.what, self.size = what, size

    def __str__(self) -> str:
        return f"The first {self.size} of {self.what} are not those that were signed. Run `manage.py verify_ledger`."


class SignerAway(LedgerError):
    """The signer doesn't answer. What happened is recorded all the same, and signed when it is back."""

    code = "signer_away"
    status = 503

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address, self.reason = address, reason

    def __str__(self) -> str:
        return (
            f"The signer at {self.address} doesn't answer ({self.reason}). Nothing is lost; it signs when it is back."
        )


class SignerBroken(LedgerError):
    """The signer can't use its own files."""

    code = "signer_broken"
    status = 503

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The signer can't sign: {self.reason}."


class SignerRefused(LedgerError):
    """The signer was asked for what it must not do. state: what it remembers, as its file has it."""

    code = "signer_refused"

    def __init__(self, reason: str, state: dict[str, Any]) -> None:
        super().__init__(reason, state)
        self.reason, self.state = reason, state

    def __str__(self) -> str:
        return f"The signer refuses: {self.reason}."


class NoNewEpoch(LedgerError):
    """A new epoch is opened only where the present one can't go on."""

    code = "no_new_epoch"

    def __str__(self) -> str:
        return "The signer goes on signing what is here: there is no reason for a new epoch."


class Behind(Forked):
    """The signer has signed more than the database holds: an older state of the database was brought back."""

    code = "ledger_behind"

    def __init__(self, signed: int, held: int) -> None:
        super().__init__("the heads", signed)
        self.args = (signed, held)
        self.held = held

    def __str__(self) -> str:
        return (
            f"The signer signed {self.size} heads; the database holds {self.held}. An older state of it was brought"
            " back. Bring back the newest one, or open a new epoch: `manage.py open_epoch --reason …`."
        )


class OtherOrigin(Forked):
    """The signer signs under another name than this database would: another epoch, or another ledger."""

    code = "other_origin"

    def __init__(self, signed: str, expected: str) -> None:
        super().__init__("the heads", 0)
        self.args = (signed, expected)
        self.signed, self.expected = signed, expected

    def __str__(self) -> str:
        return (
            f"The signer signs {self.signed}; by this database and its settings it would be {self.expected}. A database"
            " from before the last epoch was brought back, or MUSTER_LEDGER_ORIGIN changed."
        )


class ForeignKeys(LedgerError):
    """The keys that the database names and those that the signer holds don't go together."""

    code = "foreign_keys"
    status = 500

    def __init__(self, fingerprints: list[str]) -> None:
        super().__init__(fingerprints)
        self.fingerprints = fingerprints

    def __str__(self) -> str:
        named = ", ".join(fingerprint[:16] for fingerprint in self.fingerprints)
        return f"The database names log keys that the signer doesn't hold: {named}. Run `manage.py verify_ledger`."


class NothingToPack(LedgerError):
    """The stream has no entries yet."""

    code = "nothing_to_pack"

    def __init__(self, uid: str) -> None:
        super().__init__(uid)
        self.uid = uid

    def __str__(self) -> str:
        return f"Stream {self.uid} has no entries yet: there is nothing to prove."


class BrokenStream(LedgerError):
    """The stream doesn't verify; a pack of it would not either."""

    code = "broken_stream"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return f"No pack was made. {self.sentence}"


class BadRedaction(LedgerError):
    """A field that is to be withheld or erased isn't there."""

    code = "bad_redaction"
    status = 422

    def __init__(self, places: list[str]) -> None:
        super().__init__(places)
        self.places = places

    def __str__(self) -> str:
        return f"There is nothing to withhold at {', '.join(self.places)}."
