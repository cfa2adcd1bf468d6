"""Doors for programs: the intake of signals, and incidents as JSON."""
