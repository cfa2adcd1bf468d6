"""What the demo bank works with: its runbooks, and the Alertmanager of the drill."""

import datetime as dt

from catalog.models import Team, User
from config.demo_intake import connect_alertmanager, publish_runbooks


def load(users: dict[str, User], now: dt.datetime) -> None:
    """Publish the runbooks, connect the Alertmanager and its rules. Changes nothing the second time."""
    team = Team.objects.get(slug="payments")
    runbooks = publish_runbooks(team, author=users["tom"], publisher=users["rafa"])
    connect_alertmanager(team, runbooks, admin=users["noor"])
