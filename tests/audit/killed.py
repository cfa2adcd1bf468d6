"""A process of its own that works on the database, and is killed between two statements."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNTING = """
import os, signal, sys
import django
django.setup()
from django.db import connection

left = int(sys.argv[1])

def count(execute, sql, params, many, context):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)
"""


def killed(doing: str, after: int, settings: dict[str, str]) -> int:
    """How a process ended that does this, and is killed once `after` statements are made.

    doing: Python source, with its statements inside `connection.execute_wrapper(count)`. settings: as variables."""
    environment = {**os.environ, "MUSTER_MODE": "test", "DJANGO_SETTINGS_MODULE": "config.settings", **settings}
    environment.pop("MUSTER_TEST_NAME", None)
    command = [sys.executable, "-c", COUNTING + doing, str(after)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
