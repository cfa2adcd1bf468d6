"""Authorities' reporting rules as data: which regimes apply, whether an incident is reportable, and by when."""
