"""What the pages of policies show: those in force, those that wait for a second person, and the versions of one."""

from dataclasses import dataclass, field

from django.http import Http404

from approvals.errors import PolicyRefused
from approvals.models import PolicyVersion
from approvals.policies.model import Policy
from approvals.policies.shipped import shipped, texts
from approvals.policies.wording import differences, in_plain_words, scope
from approvals.selectors.policies import in_force, policy_of, versions_of
from approvals.states import PolicyState

AS_SHIPPED = "as shipped"
ONCE_IN_FORCE = (PolicyState.IN_FORCE, PolicyState.RETIRED)


@dataclass(frozen=True)
class Shown:
    """A policy in a list. row: the version that people wrote; None for the text as shipped."""

    policy: Policy
    row: PolicyVersion | None

    @property
    def said(self) -> dict[str, str]:
        """Rule -> what it says, for the columns: "who", "time", "applies"."""
        told = dict(in_plain_words(self.policy))
        return {"who": told["Who decides"], "time": told["Time to decide"], "applies": scope(self.policy.applies)}


@dataclass(frozen=True)
class Version:
    """One version of a policy. policy: None where its text can't be read any more. changed: from the version that was
    in force when it was proposed, in words."""

    number: int
    text: str
    state: str
    row: PolicyVersion | None
    policy: Policy | None
    changed: list[str] = field(default_factory=list)
    before: int | None = None

    @property
    def lines(self) -> list[tuple[int, str]]:
        """(number, line) of the text."""
        return numbered(self.text)

    @property
    def sentences(self) -> list[tuple[str, str]]:
        return in_plain_words(self.policy) if self.policy else []


def numbered(text: str) -> list[tuple[int, str]]:
    """(number, line) of a text."""
    return list(enumerate(text.splitlines(), 1))


def policies_shown() -> list[Shown]:
    """Every policy in force, the house's own first, then by title."""
    rows = {row.slug: row for row in PolicyVersion.objects.filter(state=PolicyState.IN_FORCE).select_related("decider")}
    found = [Shown(policy, rows.get(slug)) for slug, policy in in_force().items()]
    return sorted(found, key=lambda one: (one.policy.slug != "house", one.policy.title))


def proposed() -> list[PolicyVersion]:
    """Versions that wait for a second person, the oldest first."""
    waiting = PolicyVersion.objects.filter(state=PolicyState.PROPOSED)
    return list(waiting.select_related("author").order_by("proposed_at"))


def history_of(slug: str) -> list[Version]:
    """Every version of a policy, newest first, the text as shipped last. Raises Http404 when there is none."""
    rows = list(versions_of(slug))
    found = _as_shipped(slug, is_in_force=not any(row.state in ONCE_IN_FORCE for row in rows))
    for row in reversed(rows):
        base = next((one for one in reversed(found) if one.state in ONCE_IN_FORCE), None)
        found.append(_version(row, base))
    if not found:
        raise Http404(f"There is no policy {slug!r}.")
    return found[::-1]


def _as_shipped(slug: str, *, is_in_force: bool) -> list[Version]:
    if slug not in shipped():
        return []
    state = PolicyState.IN_FORCE if is_in_force else PolicyState.RETIRED
    return [Version(1, texts()[slug], state, None, shipped()[slug])]


def _version(row: PolicyVersion, base: Version | None) -> Version:
    try:
        policy: Policy | None = policy_of(row)
    except PolicyRefused:  # written when the rules of writing were others
        policy = None
    changed = differences(base.policy, policy) if base and base.policy and policy else []
    return Version(row.number, row.text, row.state, row, policy, changed, base.number if base else None)


def version_in_force(versions: list[Version]) -> Version | None:
    return next((one for one in versions if one.state == PolicyState.IN_FORCE), None)


def version_proposed(versions: list[Version]) -> Version | None:
    return next((one for one in versions if one.state == PolicyState.PROPOSED), None)
