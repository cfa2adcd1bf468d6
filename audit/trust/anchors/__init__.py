"""Anchors: append-only places outside that keep checkpoints. A new kind of place is a class like its neighbours, and a
line here."""

from audit.trust.anchors.bucket import OPTIONS, Bucket
from audit.trust.anchors.file import AppendedFile
from audit.trust.anchors.mail import Mailbox
from audit.trust.anchors.party import AnchorParty, parties
from audit.trust.anchors.places import configured, register

register("file", AppendedFile)
register("s3", Bucket, *OPTIONS)
register("mailto", Mailbox)

__all__ = ["AnchorParty", "configured", "parties", "register"]
