"""Our side of C2SP tlog-witness: shows it the latest checkpoint, and proves that this extends what it saw."""

import time
from dataclasses import dataclass
from datetime import timedelta

from audit import merkle
from audit.cosigning import (
    LONGEST_PROOF,
    AddCheckpoint,
    Cosigned,
    find_cosigned,
    is_decimal,
    origin_of,
)
from audit.errors import BadNote, Forked
from audit.models import Checkpoint, Cosignature
from audit.trust import trees
from audit.trust.holders.errors import Contradicted, NotCosigned
from audit.trust.holders.parties import Place, Store
from audit.trust.witnesses.settings import Known, known
from plumbing import clock, http

DEADLINE_S = 10.0
SIZE = "text/x.tlog.size"
TRIES = 3  # the first may not know where the witness is; somebody else may be faster once
AHEAD_S = 300  # so far a witness's clock may be before ours


@dataclass(frozen=True, slots=True)
class Witness:
    """One of the configured witnesses."""

    known: Known

    @property
    def place(self) -> Place:
        """Named like its key; it may have every checkpoint."""
        return Place("witness", self.known.verifier.name, timedelta())

    def take(self, checkpoint: Checkpoint) -> Store:
        """Have it cosigned. Raises NotCosigned; Contradicted when the witness knows another history."""
        old = self._last_seen(checkpoint)
        for _ in range(TRIES):
            answer = self._ask(old, checkpoint)
            if answer.status != 409:
                line = self._line(answer, checkpoint).line
                return lambda: _store(checkpoint, self.place.name, line)
            old = self._where(answer, old, checkpoint)
        raise NotCosigned(self.place.name, f"It says {TRIES} times that it is elsewhere, at last at {old}.")

    def _last_seen(self, checkpoint: Checkpoint) -> int:
        """The size that it cosigned last, as far as we know, under the name that the checkpoint has."""
        origin = origin_of(bytes(checkpoint.note))
        kept = Cosignature.objects.filter(witness=self.place.name, checkpoint__size__lte=checkpoint.size)
        latest = kept.select_related("checkpoint").order_by("-checkpoint__size").first()
        if latest is None or origin_of(bytes(latest.checkpoint.note)) != origin:
            return 0
        return int(latest.checkpoint.size)

    def _ask(self, old: int, checkpoint: Checkpoint) -> http.Answer:
        try:
            asked = AddCheckpoint(old, tuple(_proof(old, checkpoint.size)), bytes(checkpoint.note))
            url = f"{self.known.url}/add-checkpoint"
            return http.request("POST", url, body=asked.body(), deadline_s=DEADLINE_S)
        except Forked as error:
            raise NotCosigned(self.place.name, f"It wasn't asked. {error}") from error
        except http.EgressError as error:
            raise NotCosigned(self.place.name, str(error)) from error

    def _line(self, answer: http.Answer, checkpoint: Checkpoint) -> Cosigned:
        """The witness's line in an answer, checked; or why there is none."""
        if answer.status == 422:
            raise Contradicted(self.place.name, f"It takes no proof that this log extends what it saw. {_said(answer)}")
        if answer.status != 200:
            raise NotCosigned(self.place.name, f"It answered {answer.status}, expected 200. {_said(answer)}")
        try:
            found = find_cosigned(answer.body, bytes(checkpoint.note), self.known.verifier)
        except BadNote as error:
            raise NotCosigned(self.place.name, f"It answered, but {error.reason}.") from error
        if found.time > clock.now().timestamp() + AHEAD_S:
            told = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(min(found.time, 253_402_300_799)))
            raise NotCosigned(self.place.name, f"It says that it is {told} UTC already.")
        return found

    def _where(self, answer: http.Answer, old: int, checkpoint: Checkpoint) -> int:
        """The size that a witness says it has seen, where we may go on from there."""
        text = answer.body.decode(errors="replace")
        is_size = answer.headers.get("content-type", "").partition(";")[0].strip().lower() == SIZE
        if not is_size and old == checkpoint.size:
            raise Contradicted(self.place.name, f"It cosigned another tree of {checkpoint.size} heads. {_said(answer)}")
        if not is_size or not text.endswith("\n") or not is_decimal(text[:-1]):
            raise NotCosigned(self.place.name, f"It doesn't say where it is: {text[:80]!r}.")
        seen = int(text)
        if seen <= checkpoint.size:
            return seen
        if Checkpoint.objects.filter(size__gte=seen).exists():
            raise NotCosigned(self.place.name, f"It has gone on to {seen} heads, which we signed since.")
        raise Contradicted(
            self.place.name,
            f"It cosigned a tree of {seen} heads, but ours has {checkpoint.size}: an older database was brought back, "
            "or another portal signs with our key.",
        )


def parties() -> list[Witness]:
    """The configured witnesses. Raises BadSetting."""
    return [Witness(one) for one in known()]


def _proof(old: int, size: int) -> list[bytes]:
    """That the heads log of `size` extends the one of `old`. Raises Forked when there are fewer."""
    if old in {0, size}:
        return []
    found = merkle.extension_proof(trees.heads_tree(old), list(trees.head_leaves(old, size)))
    assert len(found) <= LONGEST_PROOF, found  # no tree that fits into a database has more
    return found


def _said(answer: http.Answer) -> str:
    text = " ".join(answer.body.decode(errors="replace").split())
    return f"It says: {text[:200]}" if text else ""


def _store(checkpoint: Checkpoint, witness: str, line: str) -> None:
    Cosignature.objects.get_or_create(checkpoint=checkpoint, witness=witness, defaults={"line": line})
