"""Who is asked, and whose decision counts: the rules on facts alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import policies
from approvals.policies import Candidate, Person, exclusions, refusal, route

LENA = Person("usr_lena", is_active=True, is_machine=False, is_superuser=False, may_approve=True)
PIOTR = replace(LENA, actor_id="usr_piotr")

people = st.builds(
    Person, st.sampled_from(["usr_a", "usr_b", "usr_c"]), st.booleans(), st.booleans(), st.booleans(), st.booleans()
)
candidates = st.lists(st.builds(Candidate, st.sampled_from(["owner", "deputy"]), st.none() | people), max_size=4)
excluded = st.dictionaries(st.sampled_from(["usr_a", "usr_b", "usr_c"]), st.just("asked for it"))


def test_the_owner_is_asked_and_the_deputy_is_not() -> None:
    found = route([Candidate("owner", LENA), Candidate("deputy", PIOTR)], {})
    assert found.asked == Candidate("owner", LENA)
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("owner", "because"),
    [
        (None, policies.NOBODY),
        (replace(LENA, is_active=False), policies.INACTIVE),
        (replace(LENA, is_machine=True), policies.MACHINE),
        (replace(LENA, may_approve=False), policies.NO_RIGHT),
        (replace(LENA, may_approve=False, is_superuser=True), policies.SUPERUSER),
    ],
)
def test_the_deputy_is_asked_where_the_owner_may_not_decide(owner: Person | None, because: str) -> None:
    found = route([Candidate("owner", owner), Candidate("deputy", PIOTR)], {})
    assert found.asked is not None
    assert found.asked.person == PIOTR
    assert [(skip.part, skip.because) for skip in found.skipped] == [("owner", because)]


@pytest.mark.parametrize("excluded", [exclusions("usr_lena", None), exclusions(None, "usr_lena")])
def test_nobody_is_asked_about_their_own_request(excluded: dict[str, str]) -> None:
    found = route([Candidate("owner", LENA), Candidate("deputy", LENA)], excluded)
    assert found.asked is None
    assert {skip.because for skip in found.skipped} == set(excluded.values())


@given(candidates, excluded)
def test_routing_asks_at_most_one_fit_person_and_explains_every_other(
    found: list[Candidate], excluded: dict[str, str]
) -> None:
    result = route(found, excluded)
    if result.asked is not None:
        assert result.asked.person is not None
        assert policies.unfit(result.asked.person, excluded) is None
        assert result.asked.person.actor_id not in excluded
    assert len(result.skipped) == (found.index(result.asked) if result.asked else len(found))
    assert all(skip.because for skip in result.skipped)


@given(people, excluded, st.sets(st.sampled_from(["usr_a", "usr_b", "usr_c"])))
def test_a_decision_counts_only_of_a_fit_person_who_was_asked(
    person: Person, excluded: dict[str, str], asked: set[str]
) -> None:
    if refusal(person, excluded=excluded, asked=asked) is None:
        assert person.is_active
        assert person.may_approve
        assert not person.is_machine
        assert person.actor_id in asked
        assert person.actor_id not in excluded


def test_who_asks_and_who_carries_out_are_told_apart() -> None:
    found = exclusions("usr_lena", "usr_piotr")
    assert "asks for it" in found["usr_lena"]
    assert "carries it out" in found["usr_piotr"]
