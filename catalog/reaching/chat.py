"""Chats and pagers: hands an address to the courier (courier.py), a process of its own, and hears what became of it."""

import json
import os
import re
import ssl
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from catalog.errors import AddressRefused, NotSent
from plumbing.processes import Limits, NotStarted, run

ROOT = Path(__file__).resolve().parents[2]
COURIER = Path(__file__).with_name("courier.py")
ORDER = "MUSTER_COURIER_ORDER"
DEADLINE_S = 10.0
LIMITS = Limits(cpu_s=10, memory_mb=1_024, file_mb=1, grace_s=0.5)
EXAMPLE = "slack://token-a/token-b/token-c"
FAILURES = {  # what the courier says -> what people read; never more than this
    "slow": f"No answer within {DEADLINE_S:g} s; it may have arrived all the same.",
    "guard": "Muster doesn't connect there: no entry of MUSTER_EGRESS_ALLOW opens that host.",
    "not_taken": "The service didn't take it.",
    "scheme": "This kind of address is no longer allowed by MUSTER_NOTIFY_SCHEMES.",
    "barred": "The address would read a file or start a program here, which Muster doesn't do.",
    "incomplete": "The address isn't complete: add it again.",
    "no_address": "The address isn't one: add it again.",
}


def check(address: str) -> str:
    """The channel of an address, such as `slack`, without sending anything there. Raises AddressRefused.

    Its words may quote the host: they are for whoever typed the address, and nobody else."""
    try:
        outcome = _ask({"do": "check", "address": address})
    except NotSent as error:
        raise AddressRefused(f"It could not be checked. {error}") from None
    what, scheme = outcome["what"], outcome.get("scheme", "")
    if what == "done":
        return str(outcome["channel"])
    if what == "scheme":
        allowed = ", ".join(sorted(settings.NOTIFY_SCHEMES))
        raise AddressRefused(
            f"Muster sends nothing over {scheme}://. Possible are {allowed}; an operator adds others to "
            "MUSTER_NOTIFY_SCHEMES."
        )
    if what == "guard":
        where = outcome["where"]
        raise AddressRefused(
            f"Muster doesn't connect to {where}: it is not on the public web with TLS, and no entry allows it. "
            f"An operator can: MUSTER_EGRESS_ALLOW={where}"
        )
    if what == "incomplete":
        raise AddressRefused(f"This is no complete address of {scheme}. A complete one looks like {EXAMPLE}.")
    if what == "no_address":
        raise AddressRefused(
            f"This is no address of a chat or pager. One looks like {EXAMPLE}; a webhook of Slack, Teams or Discord "
            "is taken as it is."
        )
    raise AddressRefused(_sentence(outcome))


def send(address: str, title: str, text: str) -> None:
    """One message, at most once, within DEADLINE_S. Raises NotSent, whose words hold nothing of the address."""
    outcome = _ask({"do": "send", "address": address, "title": title, "text": text})
    if outcome["what"] != "done":
        raise NotSent(_sentence(outcome))


def _sentence(outcome: dict[str, Any]) -> str:
    if outcome["what"] == "status":
        return f"The service answered {int(outcome['status'])}."
    if outcome["what"] == "unreachable":
        reason = str(outcome.get("reason", ""))
        return f"No connection to the service: {reason}." if reason else "No connection to the service."
    return FAILURES.get(outcome["what"], FAILURES["not_taken"])


def _ask(order: dict[str, Any]) -> dict[str, Any]:
    order |= {"schemes": settings.NOTIFY_SCHEMES, "allow": settings.EGRESS_ALLOW, "deadline_s": DEADLINE_S}
    env = {ORDER: json.dumps(order), **_certificates()}
    argv = [sys.executable, "-I", str(COURIER), str(ROOT)]
    try:
        ended = run(argv, deadline_s=DEADLINE_S, limits=LIMITS, env=env)
    except NotStarted:
        raise NotSent("No process could be started to send it.") from None
    if ended.cut:
        return {"what": "slow"}
    try:
        outcome = json.loads(ended.stdout)
    except ValueError:  # what it printed instead may quote the address
        raise NotSent(f"The process that sends it {ended.how} without an answer.") from None
    return dict(outcome)


@lru_cache(maxsize=1)
def _certificates() -> dict[str, str]:
    """The system's own certificates, as for all that Muster connects to; else those that `requests` brings."""
    places = ssl.get_default_verify_paths()
    found = os.environ.get("SSL_CERT_FILE") or places.cafile or places.capath or ""
    return {"REQUESTS_CA_BUNDLE": found} if found and re.fullmatch(r"/[^\0]+", found) else {}
