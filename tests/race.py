"""Several people at one moment, each on a connection of their own."""

import threading
from collections.abc import Callable

from django.db import connection

from plumbing.errors import MusterError


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act gave or raised, all begun at the same moment on connections of their own."""
    barrier, outcomes = threading.Barrier(len(acts)), dict[int, object]()

    def perform(place: int, act: Callable[[], object]) -> None:
        connection.ensure_connection()
        barrier.wait(timeout=10)
        try:
            outcomes[place] = act()
        except MusterError as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=perform, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return [outcomes[place] for place in range(len(acts))]
