"""What the signer does, wherever it runs: in a process of its own behind a socket, or within the portal."""

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import merkle, notes
from audit.ed25519 import make_private, public_raw, read_private
from audit.errors import SignerBroken, SignerRefused
from audit.signer.state import HeldKey, Signed, State, load, save, stamp
from plumbing.failpoints import fail_here

LONGEST_PROOF = 64  # hashes: enough for 2^63 leaves
ORIGIN = re.compile(r"[^\s+/]+(/[^\s+/]+)*")
EPOCH = re.compile(r"(?P<base>.*)/(?P<number>[0-9]+)")


class Signer:
    """Signs the growing tree of one log. Two of them over one folder, in two processes, take turns."""

    def __init__(
        self,
        folder: Path,
        key_file: Path,
        origin: str,
        *,
        makes_key: bool,
        begins: bool = True,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """makes_key: the first key is made when its file is missing. begins: a folder without state is a new start."""
        self.folder, self.key_file, self.origin = folder, key_file, origin
        self.makes_key, self.begins, self.clock = makes_key, begins, clock
        self._turn = threading.Lock()

    def status(self) -> State:
        """What was signed last, under which origin, with which keys. Raises SignerBroken, NoLogKey."""
        with self._held() as state:
            return state

    def sign(self, origin: str, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
        """The tree as a signed note, one line for each key in force.

        proof: that the tree signed last is a prefix of this one (RFC 6962, 2.1.2); empty for the same or for the first
        tree. What is signed is remembered before it is answered, so asking twice is harmless.
        Raises SignerRefused (with what was signed last), SignerBroken, NoLogKey."""
        with self._held() as state:
            self._check(state, origin, size, root, proof)
            keys = [_private(key) for key in state.keys_in_force()]
            note = notes.sign(notes.SignedTree(origin, size, root), *keys)
            if size > state.signed.size:
                self._keep(state.with_signed(Signed(size, root.hex())))
            fail_here("after_signer_state")
            return note

    def rotate(self) -> State:
        """Make a new key that signs beside the present one from now on. Raises SignerRefused while two sign."""
        with self._held() as state:
            if len(state.keys_in_force()) > 1:
                raise SignerRefused("two keys sign already: the older one has to be retired first", state.as_json())
            moment = stamp(self.clock())
            path = self.folder / f"key-{len(state.keys) + 1}-{moment.replace(':', '')}.pem"
            make_private(path)
            new = HeldKey(public_raw(read_private(path).public_key()).hex(), str(path), moment)
            return self._keep(replace(state, keys=(*state.keys, new)))

    def retire(self) -> State:
        """Let the older of two keys go, thirty days after its successor came. Raises SignerRefused before."""
        with self._held() as state:
            moment = self.clock()
            old = state.may_retire(moment)
            if old is None:
                raise SignerRefused("no key is due: both sign for 30 days, and one has to stay", state.as_json())
            keys = [replace(key, retired_at=stamp(moment)) if key == old else key for key in state.keys]
            return self._keep(replace(state, keys=tuple(keys)))

    def open_epoch(self, origin: str) -> State:
        """Begin a new log under the next name, …/2 after …; the old one is never signed again. Raises SignerRefused."""
        with self._held() as state:
            if origin == state.origin:
                return state  # asked twice
            if origin != next_origin(state.origin):
                raise SignerRefused(f"the next origin is {next_origin(state.origin)}, not {origin}", state.as_json())
            return self._keep(replace(state, origin=origin, logs={**state.logs, origin: Signed()}))

    def _check(self, state: State, origin: str, size: int, root: bytes, proof: Sequence[bytes]) -> None:
        last = state.signed
        if origin != state.origin:
            raise SignerRefused(f"it signs {state.origin}, not {origin}", state.as_json())
        if size < 1 or len(root) != 32 or len(proof) > LONGEST_PROOF:
            raise SignerRefused("a tree has a size, a root of 32 bytes and a short proof", state.as_json())
        if size < last.size:
            raise SignerRefused(f"it signed {last.size} heads already; this tree has {size}", state.as_json())
        if last.size == 0:
            if proof:
                raise SignerRefused("it has signed nothing yet: there is nothing to prove", state.as_json())
        elif not merkle.consistent(last.size, size, bytes.fromhex(last.root), root, proof):
            raise SignerRefused(f"the {last.size} heads it signed are not the first {last.size} here", state.as_json())

    def _keep(self, state: State) -> State:
        save(self.folder / "state.json", state)
        return state

    @contextmanager
    def _held(self) -> Iterator[State]:
        """The state, for this thread of this process alone."""
        with self._turn:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise SignerBroken(f"{self.folder} can't be written ({error.strerror})") from error
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield load(self.folder / "state.json") or self._begin()
            finally:
                os.close(descriptor)

    def _begin(self) -> State:
        """A first start. Whoever lost the state must not come here unasked: what was signed would be forgotten."""
        if not self.begins:
            raise SignerBroken(f"there is no state in {self.folder}. A new signer is started once with --begin")
        if not ORIGIN.fullmatch(self.origin):
            raise SignerBroken(f"{self.origin!r} is no origin, such as muster.bank.example/evidence")
        if self.makes_key and not self.key_file.exists():
            make_private(self.key_file)
        public = public_raw(read_private(self.key_file).public_key()).hex()
        first = HeldKey(public, str(self.key_file.absolute()), stamp(self.clock()))
        return self._keep(State(self.origin, {self.origin: Signed()}, (first,)))


def _private(held: HeldKey) -> Ed25519PrivateKey:
    """Its private half. Another key in the same file would sign what nobody can verify."""
    key = read_private(Path(held.file))
    if public_raw(key.public_key()).hex() != held.public_hex:
        raise SignerBroken(f"{held.file} holds another key than the one this signer began with")
    return key


def next_origin(origin: str) -> str:
    """The name of the epoch after this one: x/evidence, x/evidence/2, x/evidence/3."""
    found = EPOCH.fullmatch(origin)
    return f"{found['base']}/{int(found['number']) + 1}" if found else f"{origin}/2"
