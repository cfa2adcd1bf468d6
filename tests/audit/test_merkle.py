"""RFC 6962 trees, by the vectors of its test-suite and by properties."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import merkle

# Certificate Transparency's own test leaves and roots (google/certificate-transparency, merkletree tests)
LEAVES = [
    bytes.fromhex(text)
    for text in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_vectors(size):
    assert merkle.root(HASHES[:size]).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing():
    assert merkle.root([]) == sha256(b"").digest()


def test_a_consistency_proof_is_that_of_the_vectors():
    proof = merkle.consistency_proof(HASHES, 6)
    assert [item.hex() for item in proof] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([number // 256, number % 256])) for number in range(count)]


@given(st.data())
def test_every_inclusion_proof_holds_and_no_altered_one_does(data):
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves = hashes(size)
    root, proof = merkle.root(leaves), merkle.inclusion_proof(leaves, index)
    assert merkle.included(leaves[index], index, size, proof, root)
    assert not merkle.included(leaves[index], index, size, [*proof, bytes(32)], root)
    assert not merkle.included(merkle.leaf_hash(b"other"), index, size, proof, root)
    assert not merkle.included(leaves[index], size, size, proof, root)
    if proof:
        assert not merkle.included(leaves[index], index, size, proof[:-1], root)
        wrong = data.draw(st.integers(0, len(proof) - 1))
        altered = [bytes(32) if place == wrong else item for place, item in enumerate(proof)]
        assert not merkle.included(leaves[index], index, size, altered, root)
        assert not merkle.included(leaves[index], index, size, [item[:31] for item in proof], root)


@given(st.data())
def test_every_consistency_proof_holds_and_no_altered_one_does(data):
    size = data.draw(st.integers(1, 70))
    first = data.draw(st.integers(1, size))
    leaves = hashes(size)
    old, new, proof = merkle.root(leaves[:first]), merkle.root(leaves), merkle.consistency_proof(leaves, first)
    assert merkle.consistent(first, size, old, new, proof)
    assert not merkle.consistent(first, size, bytes(32), new, proof)
    assert not merkle.consistent(first, size, old, bytes(32), proof)
    assert not merkle.consistent(first, size, old, new, [*proof, bytes(32)])
    assert not merkle.consistent(0, size, old, new, proof)
    assert not merkle.consistent(size + 1, size, old, new, proof)
    if proof:
        assert not merkle.consistent(first, size, old, new, proof[:-1])
        assert not merkle.consistent(first, size, old, new, [item[:31] for item in proof])


def test_an_empty_proof_proves_nothing_between_different_sizes():
    assert not merkle.consistent(3, 5, bytes(32), bytes(32), [])


@pytest.mark.parametrize("index", [-1, 8])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index):
    with pytest.raises(IndexError, match="of a tree of 8"):
        merkle.inclusion_proof(HASHES, index)


@pytest.mark.parametrize("first", [0, 9])
def test_there_is_no_proof_for_a_prefix_outside_the_tree(first):
    with pytest.raises(ValueError, match="no prefix"):
        merkle.consistency_proof(HASHES, first)
