"""Runbooks and runs at /api/v1/: the same gate and the same services as the pages."""
