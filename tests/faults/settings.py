"""Muster's settings, with the actions that hurt (tests.faults.hurtful) registered in every process of a portal."""

from config import settings

globals().update({name: value for name, value in vars(settings).items() if name.isupper()})
INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.faults.hurtful"]
