"""What runbooks announce to the room above."""

from django.dispatch import Signal

run_started = Signal()
"""A run was started. Sent inside its transaction. kwargs: run (Run)."""
