"""Every check that reads the code without running it: python -m scripts.lint"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
ROOMS = ("config", "incidents", "runbooks", "approvals", "catalog", "audit", "plumbing")
PYTHON = sys.executable
PRODUCTION = {  # values that look like production's, so that `check --deploy` judges those settings
    "MUSTER_MODE": "production",
    "MUSTER_SECRET_KEY": "lint-only-0f6b1d5ac3e94c6ea6f0a2b7d8c1e3f59b7a6d5c4e3f2a1b",
    "MUSTER_HOSTS": "muster.bank.example",
    "MUSTER_ORIGIN": "https://muster.bank.example",
    "MUSTER_DATABASE_URL": "postgresql://muster@127.0.0.1:5432/muster",
    "MUSTER_REDIS_URL": "redis://127.0.0.1:6379/0",
    "MUSTER_SIGNER": "unix:/run/muster/signer.sock",
}
TEST = {"MUSTER_MODE": "test"}


def tool(name: str) -> str:
    """Path of a command that lives in the same virtual environment."""
    return str(Path(PYTHON).with_name(name))


CHECKS: dict[str, tuple[list[str], Mapping[str, str]]] = {
    "ruff check": ([tool("ruff"), "check", "."], {}),
    "ruff format": ([tool("ruff"), "format", "--check", "."], {}),
    "import contracts": ([tool("lint-imports"), "--no-cache"], {}),
    "mypy": ([tool("mypy"), *ROOMS, "drill", "scripts"], TEST),
    "migrations": ([PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"], TEST),
    "deployment": ([PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
}


def main() -> int:
    """Exit status: 0 when every check is content. What a failing one said is printed whole."""
    failed = [name for name, (command, extra) in CHECKS.items() if not passes(name, command, extra)]
    print(f"lint: {'failed: ' + ', '.join(failed) if failed else 'all green'}", flush=True)
    return 1 if failed else 0


def passes(name: str, command: list[str], extra: Mapping[str, str]) -> bool:
    began = time.monotonic()
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("MUSTER_")}
    answer = subprocess.run(command, cwd=HOUSE, env={**surroundings, **extra}, capture_output=True, text=True)
    fine = answer.returncode == 0
    print(f"  {'ok  ' if fine else 'FAIL'} {name} ({time.monotonic() - began:.1f} s)", flush=True)
    if not fine:
        print(answer.stdout + answer.stderr, flush=True)
    return fine


if __name__ == "__main__":
    sys.exit(main())
