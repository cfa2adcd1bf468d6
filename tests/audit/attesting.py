"""Places outside, on loopback: our witness as a server, for the tests of who keeps checkpoints."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.cosigning import COSIGNATURE, Verifier
from audit.witness.core import Witness
from audit.witness.server import Server
from audit.witness.state import State, write


@dataclass
class Second:
    """A second department's witness. setting: what MUSTER_WITNESSES says of it."""

    witness: Witness
    url: str

    @property
    def setting(self) -> str:
        return f"{self.url} {self.witness.verifier}"


@contextmanager
def witnessing(
    folder: Path, logs: dict[str, Sequence[Ed25519PublicKey]], name: str = "witness.example/w1"
) -> Iterator[Second]:
    """The witness, with its state in `folder`; a second time with the same folder it comes back."""
    folder.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
    verifier = Verifier(name, COSIGNATURE, key.public_key())
    if not (folder / "state.json").exists():
        write(folder / "state.json", str(verifier), {})
    state = State(folder / "state.json", str(verifier))
    witness = Witness(name, key, logs, state)
    server = Server(("127.0.0.1", 0), witness, folder / "contradictions.jsonl")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield Second(witness, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        state.close()
