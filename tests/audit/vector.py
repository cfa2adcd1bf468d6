"""The test vector of the ledger's form: three entries, their hashes, a head and a signed checkpoint (docs/adr/)."""

from datetime import UTC, datetime
from uuid import UUID

from audit.entries import NO_HEAD, Built, Header, build

FIELDS = [("summary", "Isolated gateway pg-7 ✓"), ("actor_name", "Zoë Müller"), ("count", 3)]
COMMITMENTS = [
    "4f11a6c6fd25484ddc29ac363b6e2417f177def9714c82b5ba7f662292a158f3",
    "541404152944bed5d85f57caeaeadbc30daa9e56c3abccca88f95762275723fe",
    "1b9691380de8850f122537c38287e028cc3580b2b58f87c784d4057c9e422ebd",
]
LENGTHS = [314, 317, 312]
LEAVES = [
    "8ec9ae9f51914d3e3ad01908a72c92fd6fe7b8cb5e33f5675807eef505944d46",
    "56cc6e2d127656082feb5080ef4d00ebc1f385b88b549ce35fcf459fb96d17b2",
    "1e5e0cfe4708551737634fd4115b960b27c44bac355a75da8f4db4c70b1bd183",
]
ROOT_2 = "58b28c82dbbf5f2acc005b3e13b6ceea157ba363d751e11382e2e6369a449e8b"
ROOT_3 = "4858e9f2d40a30b00ffe1c223e0592197af605aed1f8387b703aad48e6ee0d1d"
HEAD_LEAF = "7299d1f7afc4d0fc073b4ea7b96cce428d9bbec42ad69ddd2f71a25309d422d8"
SEED = bytes(range(32))
ORIGIN = "portal.example/evidence"
KEY_ID = "0c2cbda8"
CHECKPOINT = f"{ORIGIN}\n1\ncpnR96/E0PwHO06nuWzOQo2bvsQq1p3dL3GiUwnUItg=\n"
NOTE_LINE = f"— {ORIGIN} DCy9qA9yk6KXC5CMTrTWmrnyduMaFJGWQJMbhwjBDkxc91SDtSxlaymHcoYk9UTl81So/KB4qmUsGCWB4Aj9XtRMKgI=\n"


def entries() -> list[Built]:
    """The three entries of the vector, built by our own code."""
    built: list[Built] = []
    prev = NO_HEAD
    for seq, (name, value) in enumerate(FIELDS):
        header = Header(
            stream="inc_test",
            seq=seq,
            uid=UUID(f"0190000000007000800000000000000{seq}"),
            time=datetime(2026, 3, 2, 9, 0, seq, tzinfo=UTC),
            kind="decision.recorded",
            actor="usr_1",
        )
        salt = bytes(range(16 * seq, 16 * seq + 16))
        built.append(build(header, prev, {name: value}, salt=lambda salt=salt: salt))
        prev = built[-1].leaf
    return built
