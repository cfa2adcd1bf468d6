"""`python -m drill`, `make drill`: a real service dies, and a running Muster has to cope. Ctrl-C stops all of it.

MUSTER_URL (http://127.0.0.1:8000)  the Muster that is watched, with the demo organisation
MUSTER_DATA (var)                   its data folder, which holds the token of the demo's Alertmanager
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from drill.demo import COMMANDER, INTAKE, OWNERS, PASSWORD, token, watched
from drill.errors import DrillError
from drill.monitoring import Receiver
from drill.muster import Person
from drill.pack import unpack, verify
from drill.rig import Rig
from drill.story import Cast, Story
from drill.web import NAMES

HEALTHY_FOR_S = 5  # two scrapes and two probes of a world in order


class Terminal:
    """Lines with the seconds since the drill began, and since the fault once there is one."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.fault: float | None = None

    def tell(self, line: str) -> None:
        now = time.monotonic()
        since = f"+{now - self.fault:5.1f} s" if self.fault else "        "
        print(f"{time.strftime('%H:%M:%S')} {since}  {line}", flush=True)


def main(arguments: list[str]) -> int:
    """Exit status: 0 when the incident was resolved and its pack verified."""
    asked = parse(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(143))  # leave through every `finally`: no orphans
    terminal = Terminal()
    try:
        return drill(asked, terminal)
    except DrillError as error:
        print(f"drill: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        terminal.tell("stopped; everything the drill started is gone")
        return 130


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drill", description="A real incident on this machine.")
    parser.add_argument("--auto", action="store_true", help="the demo's people decide and act by themselves")
    parser.add_argument("--break", dest="service", choices=NAMES, default="store", help="who dies (default: store)")
    parser.add_argument("--url", default=os.environ.get("MUSTER_URL", "http://127.0.0.1:8000"))
    parser.add_argument("--pack", type=Path, help="keep the evidence pack here")
    return parser.parse_args(arguments)


def drill(asked: argparse.Namespace, terminal: Terminal) -> int:
    tell = terminal.tell
    cast = Cast(Person(asked.url, COMMANDER, PASSWORD), lambda name: Person(asked.url, OWNERS[name], PASSWORD))
    story = Story(cast, tell, asked.auto)
    story.look_around(asked.service)
    with Rig(Receiver(f"{asked.url}{INTAKE}", token()), tell=tell) as rig, watched(asked.url):
        tell("Muster's own probes ask the three every 2 s")
        time.sleep(HEALTHY_FOR_S)
        terminal.fault = time.monotonic()
        rig.web.kill(asked.service)
        tell(f"{asked.service} is dead (SIGTERM to its nginx); nobody is told")
        story.wait_for_incident()
        state = story.follow()
        effects = [row for row in rig.effects.rows if row["effect"]]
        tell(
            f"{asked.service} was started {len(effects)} time(s) by the control service, asked {len(rig.effects.rows)}"
        )
        said = evidence(story, asked.pack, rig.folder)
        tell(f"evidence pack, checked by its own verifier: {said}")
        return 0 if state == "succeeded" and rig.web.running(asked.service) else 1


def evidence(story: Story, keep: Path | None, folder: Path) -> str:
    """Issue, fetch and verify the incident's pack; what its verifier says."""
    file = keep or folder / "pack.zip"
    story.commander.download(f"/api/v1/streams/{story.incident['stream']}/pack", file, {})
    return verify(unpack(file, folder / "pack"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
