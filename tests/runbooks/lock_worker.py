"""One of several workers that take runs on at the same time: `python -m tests.runbooks.lock_worker <seed> <threads>`.

No bell rings here: each thread looks what is due, as the sweep does, and takes some of it in an order of its own. So
what the test sees are locks under the worst order of events, and every wait ends because somebody looked.
"""

import random
import sys
import threading
import time
from typing import Any

import django

LONGEST_S = 0.004  # of one action
AT_ONCE = 5  # subjects that a thread takes from one look
ENDS_AFTER_S = 240.0


def main(seed: int, threads: int) -> None:
    from runbooks import actions
    from tests.runbooks.conftest import Scripted

    action = Scripted()
    action.perform = slowly(random.Random(seed), action.perform)  # type: ignore[method-assign]
    actions.register(action)  # type: ignore[arg-type]
    workers = [threading.Thread(target=work_off, args=(seed * 100 + number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def slowly(chance: random.Random, perform: Any) -> Any:
    def performed(config: dict[str, Any], context: Any) -> Any:
        time.sleep(chance.random() * LONGEST_S)
        return perform(config, context)

    return performed


def work_off(seed: int) -> None:
    """Attend to whatever is due, until every run has ended."""
    from django.db import connection

    from plumbing import clock
    from runbooks.engine import shell, worker
    from runbooks.listeners import find_runs
    from runbooks.models import Attempt, Run

    chance, until = random.Random(seed), time.monotonic() + ENDS_AFTER_S
    try:
        while Run.objects.filter(state="running").exists():
            if time.monotonic() > until:
                raise TimeoutError("not all runs came to their end: they wait for each other")
            due = list(Attempt.objects.filter(state="queued").values_list("pk", flat=True))
            for pk in chance.sample(due, min(len(due), AT_ONCE)):
                worker.attend(pk)
            runs = list(find_runs(clock.now()))
            for uid in chance.sample(runs, min(len(runs), AT_ONCE)):
                shell.advance(uid)
            time.sleep(LONGEST_S)
    finally:
        connection.close()


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), int(sys.argv[2]))
