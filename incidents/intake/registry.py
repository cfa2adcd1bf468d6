"""Which formats the portal understands. A new one: copy a neighbour, then name it here."""

from incidents.intake import alertmanager, pagerduty
from incidents.intake.base import Parse

FORMATS: dict[str, Parse] = {
    "alertmanager": alertmanager.parse,
    "pagerduty": pagerduty.parse,
}
