"""Damaged packs, each labelled with the place that a verifier must name: what all our verifiers agree on."""

from audit.verifying.corpus.cases import Case, Outcome, Subject, resealed
from audit.verifying.corpus.collection import UNATTESTED, damaged, flipped, harmless, sound, subject_of

__all__ = [
    "UNATTESTED",
    "Case",
    "Outcome",
    "Subject",
    "damaged",
    "flipped",
    "harmless",
    "resealed",
    "sound",
    "subject_of",
]
