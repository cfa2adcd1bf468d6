"""The guard of outgoing connections: looks a name up once, judges all its addresses, connects to exactly one of those.

Needed by runbooks (actions `http`, `probe`), catalog (probes, notices) and incidents (webhooks). The judgement stands
at the connection, not at the URL: what a name meant a moment ago, or how an address is spelled, doesn't count.
"""

import errno
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, Protocol

from django.conf import settings

from plumbing.addresses import PUBLIC_PORTS, Address, Allowed, is_public, plain
from plumbing.errors import MusterError

Effect = Literal["none", "unknown"]

MAX_TRIES = 4  # addresses of one name that are tried, each with its share of the time that is left
MAX_LOOKUPS = 32  # at once: a lookup can't be interrupted, and a dead name server must not eat all threads
REASONS = {
    errno.ECONNREFUSED: "refused",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ECONNRESET: "reset",
    socket.EAI_NONAME: "no such name",
    socket.EAI_AGAIN: "the name server doesn't answer",
}


class EgressError(MusterError):
    """An outgoing call failed. `effect` says what may have happened at the other end."""

    code = "egress_failed"
    status = 502
    effect: Effect = "none"


class Refused(EgressError):
    """Muster doesn't connect there. Nothing was sent."""

    code = "egress_refused"
    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(Refused):
    """The URL, a header or an allow entry is none. Nothing was sent."""

    code = "egress_malformed"


class Unreachable(EgressError):
    """No connection came about. Nothing was sent."""

    code = "unreachable"

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        return f"No connection to {self.where}: {self.reason}."


class TooSlow(EgressError):
    """The deadline passed. effect: "none" as long as nothing of the request had been sent."""

    code = "too_slow"
    status = 504

    def __init__(self, where: str, deadline_s: float, effect: Effect) -> None:
        super().__init__(where, deadline_s, effect)
        self.where, self.deadline_s, self.effect = where, deadline_s, effect

    def __str__(self) -> str:
        what = "No connection to" if self.effect == "none" else "No full answer from"
        return f"{what} {self.where} within {self.deadline_s:g} s."


class TooLarge(EgressError):
    """The answer is longer than we take. The request was received."""

    code = "too_large"
    effect: Effect = "unknown"

    def __init__(self, where: str, limit: int) -> None:
        super().__init__(where, limit)
        self.where, self.limit = where, limit

    def __str__(self) -> str:
        return f"The answer of {self.where} is longer than {self.limit} bytes."


class Broken(EgressError):
    """The connection ended before the answer was complete, or the answer is no HTTP."""

    code = "broken_answer"
    effect: Effect = "unknown"

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(where, reason)
        self.where, self.reason = where, reason

    def __str__(self) -> str:
        return f"{self.where} gave no complete answer: {self.reason}."


class Resolver(Protocol):
    """Addresses of a host name, best first. Raises OSError; TimeoutError after `timeout_s`."""

    def __call__(self, host: str, port: int, timeout_s: float) -> list[str]: ...


class Connector(Protocol):
    """A TCP connection to exactly this address. Raises OSError; TimeoutError after `timeout_s`."""

    def __call__(self, address: Address, port: int, timeout_s: float) -> socket.socket: ...


_lookups = threading.BoundedSemaphore(MAX_LOOKUPS)


def system_resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """What the operating system says (Resolver). Its lookup knows no deadline, so it runs in a thread of its own."""
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put([str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else OSError(str(error)))
        finally:
            _lookups.release()

    ends = time.monotonic() + timeout_s
    if not _lookups.acquire(timeout=timeout_s):
        raise TimeoutError
    try:
        threading.Thread(target=look_up, name="lookup", daemon=True).start()
    except RuntimeError as error:  # the machine has no thread left
        _lookups.release()
        raise OSError(str(error)) from None
    try:
        found = answer.get(timeout=max(ends - time.monotonic(), 0))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return list(dict.fromkeys(found))


def system_connect(address: Address, port: int, timeout_s: float) -> socket.socket:
    """A TCP connection of the operating system (Connector)."""
    connection = socket.socket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect((str(address), port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        connection.close()
        raise
    return connection


@lru_cache(maxsize=1)
def system_tls() -> ssl.SSLContext:
    """Certificates and names are verified against the system's store; TLS 1.2 or newer."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@dataclass(frozen=True)
class Outside:
    """The world beyond this process. Tests put their own in."""

    resolve: Resolver = system_resolve
    connect: Connector = system_connect
    tls: Callable[[], ssl.SSLContext] = system_tls


OUTSIDE = Outside()


@dataclass
class Call:
    """One outgoing call: where it goes (as messages say it), when it must be over, what may have happened there."""

    where: str
    deadline_s: float
    allowed: Allowed
    outside: Outside = OUTSIDE
    ports: frozenset[int] = PUBLIC_PORTS  # of public addresses that need no entry
    effect: Effect = "none"
    begun: float = field(default_factory=time.monotonic)

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the call began."""
        return round((time.monotonic() - self.begun) * 1_000)

    def left_s(self) -> float:
        """Seconds until the deadline. Raises TooSlow when there are none."""
        left = self.begun + self.deadline_s - time.monotonic()
        if left <= 0:
            raise self.too_slow()
        return left

    def too_slow(self) -> TooSlow:
        """The error for a deadline that passed in the call's present state."""
        return TooSlow(self.where, self.deadline_s, self.effect)


def allowed_by(entries: Iterable[str] | None) -> Allowed:
    """The parsed entries; those of the setting when None. Raises Malformed."""
    source = "allow" if entries is not None else "MUSTER_EGRESS_ALLOW"
    try:
        return _parsed(tuple(settings.EGRESS_ALLOW if entries is None else entries))
    except ValueError as error:
        raise Malformed(f"{source}: {error}") from None


_parsed = lru_cache(maxsize=64)(Allowed.parse)


def dial(host: str, port: int, call: Call) -> socket.socket:
    """A connection to one of the host's addresses, all of which were judged before the first is tried.

    Raises Refused, Unreachable or TooSlow, each without effect at the other end."""
    addresses = judged(host, port, call)
    tried = addresses[:MAX_TRIES]
    for place, address in enumerate(tried):
        try:
            return call.outside.connect(address, port, call.left_s() / (len(tried) - place))
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise call.too_slow()
    raise Unreachable(call.where, reason_of(failure))


def judged(host: str, port: int, call: Call) -> list[Address]:
    """The host's addresses, each of which may be connected to. Raises Refused, Unreachable or TooSlow."""
    addresses = _addresses(host, port, call)
    for address in addresses:
        _check(host, address, port, call)
    return addresses


def reason_of(error: OSError) -> str:
    """A few words for what the operating system says."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    known = REASONS.get(error.errno) if error.errno is not None else None
    return known or (error.strerror or str(error) or type(error).__name__).rstrip(".")


def _addresses(host: str, port: int, call: Call) -> list[Address]:
    try:
        return [plain(host)]
    except ValueError:
        pass  # a name, or an address in a spelling that only the resolver takes
    try:
        found = [plain(text) for text in call.outside.resolve(host, port, call.left_s())]
    except TimeoutError:
        raise call.too_slow() from None
    except OSError as error:
        raise Unreachable(call.where, reason_of(error)) from None
    if not found:
        raise Unreachable(call.where, "the name has no address")
    return found


def _check(host: str, address: Address, port: int, call: Call) -> None:
    """Raises Refused unless the address is public and the port one of the call's, or an entry allows them."""
    if call.allowed.permits(host, address, port) or (is_public(address) and port in call.ports):
        return
    if is_public(address):
        ports = " and ".join(str(one) for one in sorted(call.ports))
        only = f"ports {ports} are" if len(call.ports) > 1 else f"port {ports} is"
        reason = f"{host}:{port} is not allowed: without an entry only {only}"
    else:
        found = host if host == str(address) else f"{host} is {address}, which"
        reason = f"{found} is not a public address, and no entry allows it"
    raise Refused(f"{reason}. To allow it: MUSTER_EGRESS_ALLOW={_entry(host, address, port)}")


def _entry(host: str, address: Address, port: int) -> str:
    """What would allow it: the name where a name is enough and isn't just digits in disguise, else the address."""
    is_name = host.rpartition(".")[2][:1].isalpha() and ":" not in host
    if is_name and Allowed(frozenset({(host, port)}), ()).permits(host, address, port):
        return f"{host}:{port}"
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
