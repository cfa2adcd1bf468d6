"""pytest -n 3 --dist loadgroup: tests of one shape of portal go to one process, so that each makes its portal once.

xdist's own groups travel in node ids, which pytest 9.2 no longer lets it change.
"""

import re
from typing import Any

from xdist.scheduler import LoadScopeScheduling

SHAPE = re.compile(r"\[.*?\b(embedded|redis|rabbitmq)\b")


class ByShape(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        found = SHAPE.search(nodeid)
        return found[1] if found else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: Any, log: Any) -> LoadScopeScheduling | None:
    return ByShape(config, log) if config.getvalue("dist") == "loadgroup" else None
