"""Checking packs, also those of other installations, and a corpus of damaged ones on which all verifiers agree."""
