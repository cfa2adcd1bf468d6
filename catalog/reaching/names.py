"""What people call a channel."""

CHANNEL_NAMES: dict[str, str] = {  # as people call them; others stand as apprise calls them
    "email": "e-mail", "slack": "Slack", "workflow": "Teams", "workflows": "Teams", "discord": "Discord",
    "tgram": "Telegram", "gchat": "Google Chat", "wxteams": "Webex", "webex": "Webex", "zulip": "Zulip",
    "mmosts": "Mattermost", "rockets": "Rocket.Chat", "ntfys": "ntfy", "gotifys": "Gotify", "pagerduty": "PagerDuty",
    "opsgenie": "Opsgenie", "victorops": "Splunk On-Call", "splunk": "Splunk On-Call", "squadcast": "Squadcast",
    "signl4": "SIGNL4", "incidentio": "incident.io", "betterstack": "Better Stack", "pover": "Pushover",
    "twilio": "Twilio", "threema": "Threema",
}  # fmt: skip


def name_of(channel: str) -> str:
    """Slack, e-mail; empty when there was none."""
    return CHANNEL_NAMES.get(channel, channel)
