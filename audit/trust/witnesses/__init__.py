"""Witnesses (C2SP tlog-witness): others who cosign our checkpoints, and would refuse a history that doesn't extend the
one they saw. Our own witness, for somebody else's machine, is audit.witness."""

from audit.trust.witnesses.asking import Witness, parties
from audit.trust.witnesses.settings import known, vkeys

__all__ = ["Witness", "known", "parties", "vkeys"]
