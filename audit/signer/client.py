"""The portal's end of the wire: the same calls as audit.signer.core.Signer, answered by another process."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit.errors import SignerAway, SignerBroken, SignerRefused
from audit.signer.state import State, from_json
from audit.signer.wire import ANSWER_S, read_line, short_path


class Client:
    """A signer that serves a Unix socket. Every call raises SignerAway when nobody answers, SignerBroken when it
    can't, and SignerRefused when it must not."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def status(self) -> State:
        """What was signed last, under which origin, with which keys."""
        return self._state({"do": "status"})

    def sign(self, origin: str, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
        """The tree as a signed note. See Signer.sign."""
        asked = {"do": "sign", "origin": origin, "size": size, "root": root.hex(), "proof": [p.hex() for p in proof]}
        return str(self._ask(asked)["note"]).encode()

    def rotate(self) -> State:
        """See Signer.rotate."""
        return self._state({"do": "rotate"})

    def retire(self) -> State:
        """See Signer.retire."""
        return self._state({"do": "retire"})

    def open_epoch(self, origin: str) -> State:
        """See Signer.open_epoch."""
        return self._state({"do": "open_epoch", "origin": origin})

    def _state(self, asked: dict[str, Any]) -> State:
        return from_json(self._ask(asked)["state"])

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, short_path(self.path) as path:
                connection.settimeout(ANSWER_S)
                connection.connect(path)
                connection.sendall(json.dumps(asked).encode() + b"\n")
                answer = json.loads(read_line(connection))
        except OSError as error:
            raise SignerAway(str(self.path), error.strerror or type(error).__name__) from error
        except ValueError as error:
            raise SignerAway(str(self.path), f"it answered {error}") from error
        if not isinstance(answer, dict) or not {"note", "state", "refused", "broken"} & answer.keys():
            raise SignerAway(str(self.path), "it answered something else")
        if "refused" in answer:
            raise SignerRefused(str(answer["refused"]), answer["state"])
        if "broken" in answer:
            raise SignerBroken(str(answer["broken"]))
        return answer
