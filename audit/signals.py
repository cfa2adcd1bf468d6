"""Announcements of the ledger."""

from django.dispatch import Signal

entry_recorded = Signal()
"""Sent after commit, robustly, once per entry, in order: stream (uid), seq, kind, actor (id), fields, uid, time."""
