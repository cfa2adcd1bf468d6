"""A program of its own that reads one address of a chat or pager, or sends one message to it; then it ends.

    python -I courier.py ROOT         the order in the environment (chat.py writes it), the outcome on stdout, in JSON

A process of its own, because apprise brings more than a hundred plugins, and an address is what a user typed. Here each
connection goes through the guard of plumbing.egress (no other socket connects), no file is read but the interpreter's,
no program is started, nothing comes from the environment, and the parent kills it at its deadline.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])

import apprise
import requests
import urllib3
from urllib3.connection import HTTPConnection

from plumbing.addresses import Address, host_name, plain
from plumbing.egress import (
    OUTSIDE,
    REASONS,
    Call,
    EgressError,
    Outside,
    Refused,
    TooSlow,
    Unreachable,
    allowed_by,
    dial,
    judged,
)

ORDER = "MUSTER_COURIER_ORDER"
SCHEME = re.compile(r"([a-z0-9]{1,30})://", re.IGNORECASE)
NO_ADDRESS = re.compile(r"[\x00-\x20\x7f]")
FIRST_FAILURE = 300  # a redirect is one, too: it would lead where nobody judged
READ_S = 4.0  # one answer of the service; the parent's deadline stands over all
PORTS = {True: 443, False: 80}
ONLY_TLS = frozenset({443})  # of public services; without TLS only what an entry of the operator opens
TLS = "TLS did not come about, or its certificate is not valid"
MENTION = re.compile(r"@(?=everyone|here|channel|all)|<(?=[!@])", re.IGNORECASE)  # what would ring a whole channel
FORBIDDEN = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn", "pty.spawn"}
)
SOCKETS = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"})

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Outcome = dict[str, Any]


class Failed(Exception):
    """What went wrong, as one of few words; `details` go to whoever typed the address, and nowhere else."""

    def __init__(self, what: str, **details: Any) -> None:
        super().__init__(what)
        self.outcome: Outcome = {"what": what, **details}


class Barred(OSError):
    """Something in here wanted to read a file, start a program, or connect past the guard."""


def perform(order: dict[str, Any], outside: Outside = OUTSIDE) -> Outcome:
    """Do what the order says: {"do": "check" | "send", "address", "schemes", "allow", "deadline_s", "title", "text"}.

    Returns {"what": "done", "channel"}, or what was wrong. Raises nothing for whatever an address may be."""
    call = Call("the service", order["deadline_s"], allowed_by(order["allow"]), outside, ONLY_TLS)
    try:
        plugin, channel = read(order["address"], frozenset(order["schemes"]))
        if order["do"] == "check":
            _check_host(plugin, call)
        else:
            _send(plugin, order["title"], order["text"], call)
    except Failed as failed:
        return failed.outcome
    except EgressError as error:
        return _as_outcome(error)
    return {"what": "done", "channel": channel}


def read(address: str, schemes: frozenset[str]) -> tuple[apprise.NotifyBase, str]:
    """The plugin for an address, and the name of its channel. Raises Failed."""
    found = SCHEME.match(address)
    if not found or NO_ADDRESS.search(address):
        raise Failed("no_address")
    scheme = found[1].lower()
    if scheme not in schemes and scheme != "https":  # https: a webhook as the service shows it, known by its host
        raise Failed("scheme", scheme=scheme)
    asset = apprise.AppriseAsset(secure_logging=True, storage_mode=apprise.PersistentStoreMode.MEMORY)
    try:
        plugin = apprise.Apprise.instantiate(address, asset=asset)
    except Barred:
        raise Failed("barred") from None
    except Exception:  # whatever a plugin makes of a strange address
        plugin = None
    if plugin is None:
        raise Failed("no_address") if scheme == "https" else Failed("incomplete", scheme=scheme)
    own = _schemes_of(plugin)
    channel = scheme if scheme in own else next((one for one in own if one in schemes), "")
    if channel not in schemes:
        raise Failed("scheme", scheme=own[0] if own else scheme)
    plugin.verify_certificate, plugin.redirects = True, False  # an address can't say otherwise
    plugin.socket_connect_timeout = plugin.socket_read_timeout = READ_S
    return plugin, channel


def _schemes_of(plugin: apprise.NotifyBase) -> list[str]:
    found: list[str] = []
    for each in (plugin.secure_protocol, plugin.protocol):
        found += [each] if isinstance(each, str) else list(each or ())
    return found


def _check_host(plugin: apprise.NotifyBase, call: Call) -> None:
    """Where an address names a host of its own, whether Muster would connect to it. Raises EgressError, Failed."""
    host = getattr(plugin, "host", None)
    templates: tuple[str, ...] = plugin.templates or ()
    always = all("{host}" in template for template in templates)
    if not host or not (always or getattr(plugin, "mode", "") == "private"):  # the latter is ntfy's word
        return
    port = plugin.port or PORTS[bool(getattr(plugin, "secure", True))]
    try:
        judged(_named(host), port, call)
    except Refused:  # its words would tell what the name means in our network
        raise Failed("guard", where=f"[{host}]:{port}" if ":" in host else f"{host}:{port}") from None


def _named(host: str) -> str:
    try:
        return host_name(f"[{host}]" if ":" in host else host)
    except ValueError:
        raise Failed("no_address") from None


def _send(plugin: apprise.NotifyBase, title: str, text: str, call: Call) -> None:
    seen: list[Outcome] = []
    with guarded(call, seen):
        try:
            sent = plugin.notify(title=_calm(title), body=_calm(text), notify_type=apprise.NotifyType.INFO)
        except Barred:
            seen.append({"what": "barred"})
            sent = False
        except Exception:  # a plugin's own mistake must not print what it was working on
            sent = False
    if not sent:
        raise Failed(**(seen[-1] if seen else {"what": "not_taken"}))


def _calm(text: str) -> str:
    """The text without anything that would call a whole channel."""
    return MENTION.sub(lambda found: f"{found[0]}\u200b", text)


@contextmanager
def guarded(call: Call, seen: list[Outcome]) -> Iterator[None]:
    """In here every connection of requests is judged and dialled by us; `seen` gets what went wrong at it."""
    connections: Any = HTTPConnection
    adapters: Any = requests.adapters.HTTPAdapter
    own_connection, own_send = connections._new_conn, adapters.send

    def connect(self: HTTPConnection) -> Any:
        try:
            return dial(_named(self._dns_host.strip("[]")), int(self.port or 0), call)
        except (EgressError, Failed) as error:
            seen.append(error.outcome if isinstance(error, Failed) else _as_outcome(error))
            raise urllib3.exceptions.NewConnectionError(self, "no connection") from None

    def send(self: Any, request: Any, **options: Any) -> Any:
        try:
            answer = own_send(self, request, **{**options, "proxies": None, "verify": options.get("verify") or True})
        except requests.exceptions.SSLError:
            seen.append({"what": "unreachable", "reason": TLS})
            raise
        except requests.exceptions.ReadTimeout:
            seen.append({"what": "slow"})
            raise
        if answer.status_code >= FIRST_FAILURE:
            seen.append({"what": "status", "status": int(answer.status_code)})
        return answer

    connections._new_conn, adapters.send = connect, send
    try:
        yield
    finally:
        connections._new_conn, adapters.send = own_connection, own_send


def _as_outcome(error: EgressError) -> Outcome:
    if isinstance(error, Refused):
        return {"what": "guard"}
    if isinstance(error, TooSlow):
        return {"what": "slow"}
    reason = error.reason if isinstance(error, Unreachable) else ""
    return {"what": "unreachable", "reason": reason if reason in REASONS.values() else ""}


def bar(outside: Outside) -> Outside:
    """From here on this process reads no file but the interpreter's and connects nowhere but where the guard judged.

    Can't be undone. Returns the outside world whose connections are let through."""
    allowed: set[tuple[Address, int]] = set()
    own = set(sys.argv[1:2])  # our own folder may hold the data folder, and all that is needed of it is loaded
    roots = tuple(f"{Path(each).resolve()}/" for each in {sys.prefix, sys.base_prefix, *sys.path} - own if each)
    bundle = os.environ.get("REQUESTS_CA_BUNDLE", "")

    def connect(address: Address, port: int, timeout_s: float) -> Any:
        allowed.add((address, port))
        return outside.connect(address, port, timeout_s)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _check_file(arguments[0], int(arguments[2] or 0), roots, bundle)
        elif event in FORBIDDEN or (event in SOCKETS and not _is_judged(event, arguments, allowed)):
            raise Barred(event)

    sys.addaudithook(hook)
    return Outside(outside.resolve, connect, outside.tls)


def _check_file(path: Any, flags: int, roots: tuple[str, ...], bundle: str) -> None:
    """Raises Barred unless a file of the interpreter is opened, to be read."""
    if isinstance(path, int) or path in (bundle, "/dev/null", "/dev/urandom"):
        return
    real = str(Path(os.fsdecode(path)).resolve())
    if not real.startswith(roots) or flags & WRITING:
        raise Barred("open")


def _is_judged(event: str, arguments: tuple[Any, ...], allowed: set[tuple[Address, int]]) -> bool:
    where = arguments[1]
    if event != "socket.connect" or not isinstance(where, tuple):
        return False
    return (plain(str(where[0])), where[1]) in allowed


def main(say: Callable[[str], object] = sys.stdout.write) -> None:
    """Take the order, do it, say the outcome."""
    order = json.loads(os.environ.pop(ORDER))
    logging.disable(logging.CRITICAL)
    apprise.Apprise.instantiate("json://localhost")  # loads the plugins, before files are barred
    say(json.dumps(perform(order, bar(OUTSIDE))))


if __name__ == "__main__":
    main()
