"""The Celery application. A message says only "look at attempt 17"; the database decides what that means."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("muster")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery would close the database connection around each task; config.listeners looks after them
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000
