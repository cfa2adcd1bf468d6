"""The war room for one reader: from rows and ledger to the plain facts of room_view and run_view."""

from incidents.room.assemble import room_for

__all__ = ["room_for"]
