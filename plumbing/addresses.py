"""Which addresses the outgoing client may reach: public ones on web ports, and whatever the operator allows.

Pure: no lookups, no sockets. The spelling of a host is never judged, only the addresses that it turned out to have.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PUBLIC_PORTS = frozenset({80, 443})  # of public addresses; any other port needs an entry
MAX_PORT = 65_535
IPV6_GLOBAL = IPv6Network("2000::/3")  # IANA hands out public addresses from nowhere else
NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address in IPv6 clothes
NOT_PUBLIC: tuple[Network, ...] = (  # what `is_global` of this Python still takes for public
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
NEVER_BY_NAME: tuple[Network, ...] = (  # where clouds keep their credentials; who controls a name must not reach them
    IPv4Network("169.254.0.0/16"),
    IPv4Network("100.100.100.200/32"),
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.0.0.192/32"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::/32"),
    IPv4Network("0.0.0.0/8"),
    IPv6Network("::/128"),
)
_HOST_PORT = re.compile(r"(?P<host>[^:\[\]]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*")
MAX_NAME = 253  # RFC 1035


def plain(text: str) -> Address:
    """The address behind `text`; one that is IPv4 in IPv6 clothes (::ffff:127.0.0.1) as IPv4. Raises ValueError."""
    address = ip_address(text)
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_public(address: Address) -> bool:
    """Whether the address belongs to the open internet: not to this machine, this network or a cloud's own services."""
    if isinstance(address, IPv6Address) and address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if isinstance(address, IPv6Address) and address not in IPV6_GLOBAL:
        return False
    special = any(address in network for network in NOT_PUBLIC + NEVER_BY_NAME)
    return address.is_global and not address.is_multicast and not special


def split_host_port(text: str) -> tuple[str, int | None]:
    """`host:port`, `[::1]:port`, or either without a port. The host comes back bare and in lower case.

    Raises ValueError for anything else: an empty or non-ASCII name, a port outside 1 to 65535."""
    found = _HOST_PORT.fullmatch(text)
    if not found:
        raise ValueError(f"found {text!r}, expected host:port or [IPv6]:port")
    port = int(found["port"]) if found["port"] else None
    if port is not None and not 0 < port <= MAX_PORT:
        raise ValueError(f"found port {port}, expected 1 to {MAX_PORT}")
    return host_name(found["host"]), port


def host_and_port(url: str) -> str:
    """`host:port` of a URL, lower case; the text itself when it is none. To compare and to show, never to connect."""
    try:
        parts = urlsplit(url)
        host, port = split_host_port(parts.netloc.rpartition("@")[2])
    except ValueError:
        return url
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port or (443 if parts.scheme == 'https' else 80)}"


def host_name(text: str) -> str:
    """A host in the one form that is looked up, compared and shown. Raises ValueError when it can be no host."""
    if text.startswith("["):
        return str(IPv6Address(text[1:-1]))
    name = text.removesuffix(".").lower()
    if not name.isascii():
        raise ValueError(f"found the host {text!r}, expected ASCII: an international name is written as xn--…")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise ValueError(f"found the host {text!r}, expected a name such as api.bank.example, or an IP address")
    return name


@dataclass(frozen=True)
class Allowed:
    """What an operator opened: `host`, `host:port`, an address or a CIDR. Without a port, an entry opens all ports."""

    names: frozenset[tuple[str, int | None]]
    networks: tuple[Network, ...]

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Self:
        """Raises ValueError that names the entry which is none."""
        names, networks = set(), []
        for entry in entries:
            if network := _network(entry):
                networks.append(network)
                continue
            try:
                names.add(split_host_port(entry))
            except ValueError as error:
                raise ValueError(f"{entry!r} is no host, host:port or CIDR: {error}") from None
        return cls(frozenset(names), tuple(networks))

    def permits(self, name: str, address: Address, port: int) -> bool:
        """Whether `address`, one of those that `name` has, may be connected to on `port`."""
        if any(address in network for network in self.networks):
            return True
        if not {(str(address), None), (str(address), port)}.isdisjoint(self.names):
            return True
        is_named = not {(name, None), (name, port)}.isdisjoint(self.names)
        return is_named and not any(address in network for network in NEVER_BY_NAME)


def _network(entry: str) -> Network | None:
    """The CIDR or address that an entry is. Raises ValueError for a CIDR with a mistake in it."""
    try:
        return ip_network(entry)
    except ValueError as error:
        if "/" in entry:
            raise ValueError(f"{entry!r} is no CIDR: {error}") from None
        return None
