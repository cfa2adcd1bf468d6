"""Wiring alone: settings, addresses, ASGI, Celery, and the commands that start a portal. Nobody imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
