"""The whole stage of a drill on loopback: monitoring, three services, the control service."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from drill.control import Control, Effects
from drill.errors import PortsTaken
from drill.monitoring import Monitoring, Receiver
from drill.ports import Ports
from drill.programs import check_installed
from drill.web import NAMES, WebServices


class Rig:
    """Use as a context manager: on leaving, also by an exception, every program is stopped and its folder removed.

    Raises ProgramsMissing, PortsTaken or NotReady on entering; nothing is left running then either."""

    def __init__(self, receiver: Receiver, ports: Ports | None = None, tell: Callable[[str], None] = lambda _: None):
        self.ports, self.tell = ports or Ports(), tell
        self.folder = Path(tempfile.mkdtemp(prefix="muster-drill-"))
        self.folder.chmod(0o755)  # nginx's workers are somebody else
        self.web = WebServices(self.folder, self.ports)
        self.effects = Effects(self.folder / "effects.jsonl")
        self.control = Control(self.ports.control, self.effects, NAMES, self.web.start, self.web.running)
        self.monitoring = Monitoring(self.folder, self.ports, receiver)
        self.ending = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            ending.callback(shutil.rmtree, self.folder, ignore_errors=True)
            check_installed()
            if taken := self.ports.taken():
                raise PortsTaken(taken)
            ending.callback(self.web.stop_all)
            self.web.start_all()
            self.tell("edge -> api -> store are up (nginx)")
            ending.callback(self.control.stop)
            self.control.start()
            self.tell(f"control service listens on 127.0.0.1:{self.ports.control}")
            ending.callback(self.monitoring.stop)
            self.monitoring.start()
            self.tell("Prometheus scrapes 7 targets, Alertmanager heard its watchdog")
            self.ending = ending.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.close()
