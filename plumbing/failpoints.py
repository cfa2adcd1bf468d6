"""Points at which a process dies as a machine dies, when its environment says so: for the fault matrix.

Needed by runbooks (after_claim, after_action), catalog (after_notice) and by our own doorbell (before_ring).
`MUSTER_FAIL=after_action`: the first time that a process comes there; `MUSTER_FAIL=after_claim:2`: the second time.
"""

import itertools
import os
import signal

_times = itertools.count(1)  # of the one point that the environment names


def fail_here(point: str) -> None:
    """End this process with SIGKILL if this is the point, and the time, that MUSTER_FAIL names."""
    named, _, time = os.environ.get("MUSTER_FAIL", "").partition(":")
    if named == point and next(_times) == int(time or 1):
        os.kill(os.getpid(), signal.SIGKILL)
