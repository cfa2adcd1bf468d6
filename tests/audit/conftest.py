"""Fixtures of the ledger's tests."""

import zipfile

import pytest

from audit import keys, ledger, naming
from audit.models import Stream
from audit.packs import providers
from audit.packs.issue import build_pack
from plumbing.database import atomic
from tests.audit.authority import certify, serving
from tests.audit.packing import TOP, VERSION, VERSION_TEXT


@pytest.fixture(autouse=True)
def _own_keys(settings, tmp_path):
    settings.LEDGER_KEY_FILE, settings.SEALING_KEYS_FILE = tmp_path / "ledger-key.pem", tmp_path / "sealing-keys"
    settings.PACKS_DIR, settings.FILES_DIR = tmp_path / "packs", tmp_path / "files"
    settings.LEDGER_ORIGIN = "muster.example/evidence"


class Person:
    """Somebody who acts."""

    actor_id = "usr_0000000000000000000000000000000a"


class Second(Person):
    """Somebody else."""

    actor_id = "usr_0000000000000000000000000000000b"


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def second() -> Second:
    return Second()


@pytest.fixture
def make_stream(person):
    """make_stream("inc_1", 5): a stream with five entries of two fields."""

    def make(uid: str = "inc_1", count: int = 5) -> Stream:
        stream = ledger.open_stream(uid)
        with atomic():
            for number in range(count):
                ledger.record(stream, "note.added", person, {"text": f"Note {number} ✓", "number": number})
        stream.refresh_from_db()
        return stream

    return make


@pytest.fixture
def registered():
    """Rooms above this one: they name people and streams and add files; forgotten afterwards."""
    kept = [list(providers._providers), list(naming._finders), dict(naming._describers)]
    naming.register_people(lambda ids: {one: naming.Person("Zoë <b>Müller</b>", "Duty manager") for one in ids})
    naming.register_labels("inc_", lambda uids: {uid: naming.Label(f"INC-1 <Payments> {uid}") for uid in uids})
    providers.register("inc_", lambda uid, rows: {VERSION: VERSION_TEXT})
    yield
    providers._providers[:], naming._finders[:] = kept[0], kept[1]
    naming._describers.clear()
    naming._describers.update(kept[2])


@pytest.fixture
def pack(make_stream, person, registered):
    """A pack of six entries, with text that would be markup if it were not escaped."""
    stream = make_stream("inc_1", 5)
    make_stream("inc_2", 3)
    told = {"text": "<script>alert('x')</script> & more", "by": person.actor_id, "list": ["a", "b"], "nested": {"a": 1}}
    with atomic():
        ledger.record(stream, "decision.recorded", person, {**told, "none": None, "yes": True})
    return build_pack("inc_1", actor=person)


@pytest.fixture
def unpacked(pack, tmp_path):
    """The pack as a folder, unpacked by somebody else's code."""
    path = tmp_path / pack.name
    path.write_bytes(pack.content)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    return tmp_path / TOP


@pytest.fixture
def key(tmp_path):
    """The log key as somebody obtained it elsewhere."""
    path = tmp_path / "obtained.pem"
    path.write_bytes(keys.public_pem(keys.log_key().public_key()))
    return path


@pytest.fixture(scope="session")
def honest(tmp_path_factory):
    """A time stamping authority on loopback that does what it should."""
    with serving(certify(tmp_path_factory.mktemp("honest"))) as authority:
        yield authority


@pytest.fixture
def authority(honest, settings):
    """The honest one, configured; what a test makes of its answers is forgotten afterwards."""
    settings.TSA_URLS, settings.TSA_TRUST = [honest.url], str(honest.trust)
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    yield honest
    honest.answer = None
