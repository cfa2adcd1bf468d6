"""The signer as a server on a Unix socket, which only its own user, or a group, may open."""

import json
import logging
import os
import socket
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from audit.errors import NoLogKey, SignerBroken, SignerRefused
from audit.signer.core import Signer
from audit.signer.wire import ANSWER_S, LONGEST_LINE, read_line, short_path

log = logging.getLogger(__name__)
AT_ONCE = 8  # who comes while so many are served waits
LOOK_EVERY_S = 0.5
ANSWERS_AT_ONCE_S = 1.0


class Server:
    """Answers until told to stop."""

    def __init__(self, signer: Signer, path: Path, *, mode: int = 0o600) -> None:
        self.signer, self.path, self.mode = signer, path, mode
        self.stopping = threading.Event()
        self.ready = threading.Event()

    def run(self) -> None:
        """Serve on the socket. Raises SignerBroken when it is somebody's already, or can't be made."""
        listener = self._listen()
        listener.settimeout(LOOK_EVERY_S)
        self.ready.set()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="signer") as pool:
            while not self.stopping.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                pool.submit(self._serve, connection)
            self.path.unlink(missing_ok=True)  # while it is surely ours: a successor may bind as soon as we let go
        listener.close()

    def stop_when_closed(self, descriptor: int) -> None:
        """Stop as soon as the other end of this pipe is closed: its owner ended, however it ended."""

        def wait() -> None:
            while os.read(descriptor, 1024):
                pass
            self.stopping.set()

        threading.Thread(target=wait, name="owner", daemon=True).start()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            if self.path.exists():
                self._clear()
            with short_path(self.path) as path:
                before = os.umask(0o777 & ~self.mode)  # never open to others, not even for a moment
                try:
                    listener.bind(path)
                finally:
                    os.umask(before)
            listener.listen(64)
        except OSError as error:
            listener.close()
            raise SignerBroken(f"{self.path} can't be made ({error.strerror})") from error
        return listener

    def _clear(self) -> None:
        """Take away the socket of a signer that was killed. One that answers keeps it."""
        if not stat.S_ISSOCK(self.path.stat().st_mode):
            raise SignerBroken(f"{self.path} is there, and is no socket")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, short_path(self.path) as path:
            probe.settimeout(ANSWERS_AT_ONCE_S)
            try:
                probe.connect(path)
            except ConnectionRefusedError:
                self.path.unlink()
                return
        raise SignerBroken(f"another signer serves {self.path}")

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(ANSWER_S)
            try:
                answer = self._answer(json.loads(read_line(connection)))
            except (ValueError, RecursionError):
                answer = {"broken": f"a request is one line of JSON of at most {LONGEST_LINE} bytes"}
            except OSError:
                return
            try:
                connection.sendall(json.dumps(answer).encode() + b"\n")
            except OSError as error:  # asked again, it says the same
                log.info("Nobody waited for the answer: %s", error)

    def _answer(self, asked: Any) -> dict[str, Any]:
        try:
            return self._do(asked)
        except SignerRefused as error:
            log.warning("%s", error)
            return {"refused": error.reason, "state": error.state}
        except SignerBroken as error:
            log.error("%s", error)
            return {"broken": error.reason}
        except NoLogKey as error:
            log.error("%s", error)
            return {"broken": str(error).removesuffix(".")}
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            return {"broken": f"a request that makes no sense ({type(error).__name__})"}
        except Exception:
            log.exception("A request failed")
            return {"broken": "an error of its own; its log says more"}

    def _do(self, asked: Any) -> dict[str, Any]:
        match asked["do"]:
            case "sign":
                proof = [bytes.fromhex(item) for item in asked["proof"]]
                root, size = bytes.fromhex(asked["root"]), asked["size"]
                if type(size) is not int:
                    raise TypeError(size)
                return {"note": self.signer.sign(str(asked["origin"]), size, root, proof).decode()}
            case "status":
                return {"state": self.signer.status().as_json()}
            case "rotate":
                return {"state": self.signer.rotate().as_json()}
            case "retire":
                return {"state": self.signer.retire().as_json()}
            case "open_epoch":
                return {"state": self.signer.open_epoch(str(asked["origin"])).as_json()}
            case unknown:
                raise ValueError(unknown)


def say(text: str) -> None:
    """One line for whoever started the signer."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
