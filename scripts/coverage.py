"""Joins what the parts of `make test` covered and holds branches to a floor: python -m scripts.coverage PERCENT"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent


def main(floor: float) -> int:
    """Exit status: 0 when at least `floor` percent of the branches were taken."""
    coverage = [sys.executable, "-m", "coverage"]
    with tempfile.TemporaryDirectory() as folder:
        data, totals = f"--data-file={folder}/joined", Path(folder, "totals.json")
        parts = [str(part) for part in HOUSE.glob(".coverage.*")]
        if not parts:
            print("coverage: nothing was measured; run the part sqlite before.")
            return 1
        subprocess.run([*coverage, "combine", "--quiet", "--keep", data, *parts], cwd=HOUSE, check=True)
        subprocess.run([*coverage, "report", data, "--skip-covered", "--sort=cover"], cwd=HOUSE, check=True)
        subprocess.run([*coverage, "json", "--quiet", data, "-o", str(totals)], cwd=HOUSE, check=True)
        found = json.loads(totals.read_text())["totals"]
    percent = 100 * found["covered_branches"] / max(found["num_branches"], 1)
    taken = f"{found['covered_branches']} of {found['num_branches']}"
    print(f"branches taken: {taken}, {percent:.1f} % (floor: {floor:.0f} %)")
    return 0 if percent >= floor else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
