"""How a portal and its signer talk: one line of JSON each way over a Unix socket, and then it is closed.

{"do": "sign", "origin": "…", "size": 7, "root": "<hex>", "proof": ["<hex>", …]}   ->  {"note": "…"}
{"do": "status" | "rotate" | "retire"}, {"do": "open_epoch", "origin": "…"}         ->  {"state": {…}}
a refusal  ->  {"refused": "why", "state": {…}}      something broken  ->  {"broken": "why"}
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LONGEST_LINE = 65_536  # bytes; the longest proof takes 5,000
ANSWER_S = 10.0  # a signer syncs a file twice; a portal doesn't wait for longer
LONGEST_PATH = 100  # the kernel takes 107


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A path of the socket that the kernel takes, however deep its folder lies."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def read_line(connection: socket.socket) -> bytes:
    """One line, without its end. Raises ValueError when it is too long or cut, OSError when nothing comes."""
    data = b""
    while not data.endswith(b"\n"):
        part = connection.recv(LONGEST_LINE)
        data += part
        if not part or len(data) > LONGEST_LINE:
            raise ValueError(f"a line of {len(data)} bytes that doesn't end")
    return data[:-1]
