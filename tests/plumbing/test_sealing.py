"""Sealing: opens for its own record and with its own key alone; a missing or wrong key is one clear sentence."""

import base64
import stat

import pytest

from plumbing import sealing
from plumbing.sealing import SealingRefused

TEXT, RECORD = "slack://tokens/are/secret", "contact point 0190"


def a_key(first: int = 1) -> str:
    return base64.b64encode(bytes([first]) * 32).decode()


@pytest.fixture(autouse=True)
def keys(settings, tmp_path):
    settings.SEALING_KEYS = [a_key()]
    settings.SEALING_KEYS_FILE = tmp_path / "keys" / "sealing-keys"
    return settings


def test_a_text_comes_back_for_its_own_record() -> None:
    sealed = sealing.seal(TEXT, RECORD)
    assert sealing.unseal(sealed, RECORD) == TEXT
    assert not any(part in sealed for part in ("slack", "tokens", "secret"))


def test_the_same_text_never_looks_the_same() -> None:
    assert len({sealing.seal(TEXT, RECORD) for _ in range(100)}) == 100


def test_it_does_not_open_for_another_record() -> None:
    with pytest.raises(SealingRefused, match="belongs to another record"):
        sealing.unseal(sealing.seal(TEXT, RECORD), "contact point 0191")


def test_whatever_is_altered_does_not_open() -> None:
    sealed = sealing.seal(TEXT, RECORD)
    head, raw = sealed.rsplit(".", 1)[0], base64.urlsafe_b64decode(sealed.rsplit(".", 1)[1])
    for place in range(len(raw)):
        altered = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(SealingRefused):
            sealing.unseal(f"{head}.{base64.urlsafe_b64encode(altered).decode()}", RECORD)


@pytest.mark.parametrize("sealed", ["", "v1", "v1.", TEXT, "v2.abc.def", f"v1.{'0' * 8}.", "v1.{}.!", "v1.{}.AAAA"])
def test_what_is_no_sealed_text_is_refused(sealed) -> None:
    name = sealing.fingerprint(bytes([1]) * 32)
    with pytest.raises(SealingRefused):
        sealing.unseal(sealed.format(name), RECORD)


def test_a_key_is_replaced_without_losing_what_it_sealed(keys) -> None:
    old = sealing.seal(TEXT, RECORD)
    keys.SEALING_KEYS = [a_key(2), a_key(1)]
    assert sealing.unseal(old, RECORD) == TEXT
    new = sealing.seal(TEXT, RECORD)
    assert (sealing.is_fresh(old), sealing.is_fresh(new)) == (False, True)
    keys.SEALING_KEYS = [a_key(2)]
    assert sealing.unseal(new, RECORD) == TEXT
    with pytest.raises(
        SealingRefused, match=f"sealed with the key {sealing.fingerprint(bytes([1]) * 32)}, but the keys"
    ):
        sealing.unseal(old, RECORD)


@pytest.mark.parametrize("bad", ["", "short", "ü", base64.b64encode(b"31 bytes" * 4)[:-4].decode(), "A" * 44])
def test_a_bad_key_is_one_sentence_without_the_key(bad, keys) -> None:
    keys.SEALING_KEYS = [a_key(), bad]
    with pytest.raises(SealingRefused) as refused:
        sealing.check()
    assert str(refused.value) == (
        "Key 2 of MUSTER_SEALING_KEYS is not 32 bytes in base64: `openssl rand -base64 32` makes one."
    )


def test_a_demo_makes_its_key_once_and_for_itself_alone(keys) -> None:
    keys.SEALING_KEYS = []
    sealing.check()
    assert not keys.SEALING_KEYS_FILE.exists()
    sealed = sealing.seal(TEXT, RECORD)
    assert stat.S_IMODE(keys.SEALING_KEYS_FILE.stat().st_mode) == 0o600
    assert sealing.unseal(sealed, RECORD) == TEXT
    assert list(keys.SEALING_KEYS_FILE.parent.iterdir()) == [keys.SEALING_KEYS_FILE]


def test_a_key_file_that_others_can_read_is_refused(keys) -> None:
    keys.SEALING_KEYS = []
    sealing.seal(TEXT, RECORD)
    keys.SEALING_KEYS_FILE.chmod(0o640)
    with pytest.raises(SealingRefused, match="their mode must be 600"):
        sealing.seal(TEXT, RECORD)


def test_an_empty_key_file_is_refused(keys) -> None:
    keys.SEALING_KEYS = []
    sealing.seal(TEXT, RECORD)
    keys.SEALING_KEYS_FILE.write_text("\n")
    with pytest.raises(SealingRefused, match="There is no key in"):
        sealing.seal(TEXT, RECORD)


def test_production_makes_no_key_of_its_own(keys) -> None:
    keys.SEALING_KEYS, keys.PRODUCTION = [], True
    with pytest.raises(SealingRefused, match="set MUSTER_SEALING_KEYS"):
        sealing.seal(TEXT, RECORD)
    assert not keys.SEALING_KEYS_FILE.exists()
