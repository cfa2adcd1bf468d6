"""MUSTER_SIEM_URL, taken apart: https://siem.bank/ingest?format=ocsf, syslog+tls://siem.bank:6514?format=cef."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

PORTS = {"syslog+tls": 6514, "syslog+tcp": 601}
FORMATS = ("ocsf", "cef")
RIGHT = "Expected https://siem.bank.example/ingest?format=ocsf or syslog+tls://siem.bank.example:6514?format=cef"


@dataclass(frozen=True)
class Siem:
    """Where security events go; without `where` nowhere. problem: why the URL can't be used, not what it says."""

    where: str = ""  # a URL for webhooks, host:port for syslog
    kind: str = ""  # webhook, syslog+tls, syslog+tcp
    format: str = ""  # ocsf, cef
    problem: str = ""

    @property
    def host(self) -> str:
        """Host and port, as people are told."""
        return urlsplit(self.where).netloc if self.kind == "webhook" else self.where


def siem(url: str) -> Siem:
    """The collector that the URL names. Raises nothing: a start-up check says what is wrong (config/checks.py)."""
    if not url:
        return Siem()
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Siem(problem=RIGHT)
    webhook = parts.scheme in ("http", "https")
    chosen = options.pop("format", "ocsf" if webhook else "cef")
    if not host or parts.username is not None or chosen not in FORMATS or not (webhook or parts.scheme in PORTS):
        return Siem(problem=RIGHT)
    if webhook:
        target = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(options), ""))
        return Siem(target, "webhook", chosen)
    if options or parts.path.strip("/"):
        return Siem(problem=RIGHT)
    bare = f"[{host}]" if ":" in host else host
    return Siem(f"{bare}:{port or PORTS[parts.scheme]}", parts.scheme, chosen)
