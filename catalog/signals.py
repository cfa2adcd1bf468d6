"""What the catalog announces to the rooms above."""

from django.dispatch import Signal

health_changed = Signal()
"""A probe changed colour. Sent in the transaction that stores it. kwargs: probe, was, now."""
