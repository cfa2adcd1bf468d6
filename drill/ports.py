"""Where the programs of the drill listen, on 127.0.0.1 only."""

import socket
from contextlib import ExitStack
from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Ports:
    """The usual ports; Muster's demo organisation names those of the three services and of the control service."""

    edge: int = 18081
    api: int = 18082
    store: int = 18083
    prometheus: int = 19090
    alertmanager: int = 19093
    node_exporter: int = 19100
    blackbox_exporter: int = 19115
    control: int = 19180

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody uses now, for drills side by side."""
        with ExitStack() as held:  # all held until all are known, so that none is given twice
            sockets = [held.enter_context(socket.socket()) for _ in fields(cls)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            return cls(*(one.getsockname()[1] for one in sockets))

    def taken(self) -> list[int]:
        """Those of our ports on which somebody listens already."""
        return [port for port in astuple(self) if listens(port)]


def listens(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
