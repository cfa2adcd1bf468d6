"""What stands behind the ledger right now: the last checkpoint, what it leaves open, who holds copies, what was found.

For the page of trust and its twin in the API. Only `findings` and `detail` may name streams and places of files.
"""

from dataclasses import dataclass
from datetime import datetime

from audit import checkpoints, keys
from audit.checkpoints import Uncovered
from audit.errors import LedgerError
from audit.keys import LogKey
from audit.models import AuditRun, AuditState, Checkpoint, Finding, Signing, SigningState
from audit.trust import copies, critical, origins, port, signing, watch
from audit.trust.copies import Copy
from audit.trust.origins import Epoch
from plumbing import clock

FINDINGS_SHOWN = 50
LATE = 5  # so many windows without a checkpoint, and the page says that it is late


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that the page says."""

    epochs: list[Epoch]
    last: Checkpoint | None
    age_s: int | None
    uncovered: Uncovered
    signing: Signing
    is_apart: bool  # the signer is a process of its own
    keys: list[LogKey]
    copies: list[Copy]
    audited: AuditRun | None  # the last one that ended
    auditing: AuditRun | None
    findings: list[Finding]
    window_s: int
    critical: list[str]

    @property
    def origin(self) -> str:
        """The name that the log has now."""
        return self.epochs[-1].origin

    @property
    def epoch(self) -> int:
        """1 for the first name, 2 after the first loss."""
        return len(self.epochs)

    @property
    def finding_count(self) -> int:
        """How many findings there are."""
        return len(self.findings)

    @property
    def state(self) -> str:
        """In one word: empty, well, late, away or refused."""
        if self.signing.state != SigningState.WELL:
            return str(self.signing.state)
        if self.last is None:
            return "empty"
        oldest = self.uncovered.since
        waits_s = (clock.now() - oldest).total_seconds() if oldest else 0.0
        return "late" if waits_s > LATE * self.window_s else "well"

    @property
    def holding(self) -> list[Copy]:
        """Copies outside that hold some checkpoint."""
        return [copy for copy in self.copies if copy.size is not None]


def standing() -> Standing:
    """How things stand. Never raises: a page that explains why nothing is signed must open then."""
    last, runs = signing.last(), AuditRun.objects.order_by("-pk")
    audited = runs.exclude(state=AuditState.RUNNING).first()
    open_ = Finding.objects.filter(last_seen__gte=audited.started) if audited else Finding.objects.all()
    return Standing(
        epochs=origins.epochs(),
        last=last,
        age_s=_age(last.made if last else None),
        uncovered=checkpoints.uncovered(),
        signing=watch.now(),
        is_apart=port.is_apart(),
        keys=_keys(),
        copies=copies.copies(),
        audited=audited,
        auditing=runs.filter(state=AuditState.RUNNING).first(),
        findings=list(open_.order_by("-last_seen")[:FINDINGS_SHOWN]),
        window_s=int(checkpoints.EVERY_S),
        critical=critical.kinds(),
    )


def _age(made: datetime | None) -> int | None:
    return max(int((clock.now() - made).total_seconds()), 0) if made else None


def _keys() -> list[LogKey]:
    """The keys, newest first; none where nothing was signed and the signer can't be asked."""
    try:
        return keys.log_keys()[::-1]
    except LedgerError:
        return []
