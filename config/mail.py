"""MUSTER_EMAIL_URL, taken apart: smtp://user:password@host:587?tls=1, or smtps://… where TLS comes first."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

PORTS = {"smtp": 25, "smtps": 465}
HERE = frozenset({"127.0.0.1", "::1", "localhost"})
RIGHT = "Expected smtp://user:password@host:587?tls=1 or smtps://user:password@host:465"


@dataclass(frozen=True)
class MailServer:
    """Django's EMAIL_* settings; without `host` there is none. problem: why the URL can't be used, not what it says."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False
    problem: str = ""


def mail_server(url: str) -> MailServer:
    """The mail server that the URL names. Raises nothing: a start-up check says what is wrong (config/checks.py)."""
    if not url:
        return MailServer()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        return MailServer(problem=RIGHT)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    starttls = options.pop("tls", "0") == "1"
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or options:
        return MailServer(problem=RIGHT)
    if starttls and parts.scheme == "smtps":
        return MailServer(problem="smtps:// has TLS from the beginning: leave ?tls=1 out")
    if password and not starttls and parts.scheme == "smtp" and host not in HERE:
        return MailServer(problem="The password would go over the network in the clear: add ?tls=1, or use smtps://")
    return MailServer(host, port, user, password, starttls, parts.scheme == "smtps")
