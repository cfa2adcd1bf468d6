"""Pages of policies: read by everybody who sees a team, changed by two people, and what changed said in words."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.models import PolicyVersion
from approvals.policies.model import Policy
from approvals.policies.reading import read_policy
from approvals.policies.shipped import shipped, texts
from approvals.policies.wording import RULES, differences, in_plain_words
from approvals.selectors import in_force
from approvals.selectors.policy_pages import history_of
from approvals.services import ruling
from audit.selectors import entries
from catalog.models import User
from plumbing import clock
from tests.approvals.test_pages import HTMX, as_user, body

pytestmark = pytest.mark.django_db
SLUG = "restart-critical"
SHORTER = texts()[SLUG].replace("within: 15m", "within: 12m")
NOTE = "The last three took four minutes."
READS = [
    ("approvals:policies", []),
    ("approvals:policy", [SLUG]),
]
WRITES = [
    ("approvals:new-policy", []),
    ("approvals:propose", [SLUG]),
    ("approvals:rule-policy", [SLUG, 2]),
]


def proposal(user: User, text: str = SHORTER, slug: str = SLUG) -> PolicyVersion:
    return services.propose(text, slug=slug, user=user, note=NOTE, now=clock.now())


def url(door: str, *arguments: object) -> str:
    return reverse(f"approvals:{door}", args=list(arguments))


def kinds() -> list[str]:
    return [entry.kind for entry in entries(ruling.STREAM)]


def accept(client: Client, number: int = 2, **extra: str):
    return client.post(url("rule-policy", SLUG, number), {"verdict": "accept", "reason": "", **extra})


@pytest.mark.parametrize(("door", "arguments"), READS + WRITES)
def test_somebody_in_no_team_finds_no_policy_at_any_door(
    door: str, arguments: list[object], make_user, admin_user: User
) -> None:
    proposal(admin_user)
    client = as_user(make_user("newcomer"))
    assert client.get(reverse(door, args=arguments)).status_code == 404
    if (door, arguments) in WRITES:
        assert client.post(reverse(door, args=arguments), {"verdict": "accept"}).status_code == 404
    assert kinds() == ["policy.proposed"]


@pytest.mark.parametrize("who", ["viewer", "responder", "owner", "commander", "superuser", "author"])
def test_whoever_sees_a_team_reads_and_only_who_has_the_right_changes(
    who: str, request: pytest.FixtureRequest, admin_user: User
) -> None:
    proposal(admin_user)
    client = as_user(request.getfixturevalue(who))
    for door, arguments in READS:
        assert "Restart or failover" in body(client, reverse(door, args=arguments))
    for door, arguments in WRITES:
        assert client.get(reverse(door, args=arguments)).status_code == 403
        assert client.post(reverse(door, args=arguments), {"verdict": "accept"}).status_code == 403
    assert "Propose a change" not in body(client, url("policy", SLUG))
    assert kinds() == ["policy.proposed"]


def test_the_list_says_what_each_policy_demands_and_where_it_comes_from(viewer: User) -> None:
    text = body(as_user(viewer), url("policies"))
    for policy in shipped().values():
        assert policy.title in text
    assert "As shipped" in text
    assert "15 min" in text
    assert "The accountable owner of each touched service" in text
    assert "Waits for a second person" not in text


def test_a_policy_is_proposed_by_one_and_put_in_force_by_another(admin_user: User, compliance: User) -> None:
    author = as_user(admin_user)
    answer = author.post(url("propose", SLUG), {"text": SHORTER, "note": NOTE})
    assert (answer.status_code, answer["Location"]) == (302, url("policy", SLUG))
    mine = body(author, url("policy", SLUG))
    assert "You wrote this version" in mine
    assert "Put it in force…" not in mine
    theirs = as_user(compliance)
    assert "Needs a second person" in body(theirs, url("policies"))
    page = body(theirs, url("policy", SLUG))
    assert "Time to decide was 15 min, is 12 min." in page
    assert NOTE in page
    assert accept(theirs).status_code == 302
    assert in_force()[SLUG].within_s == 720
    after = body(theirs, url("policy", SLUG))
    assert "Put in force by Tom Saal" in after
    assert "Time to decide was 15 min, is 12 min." in after
    assert kinds() == ["policy.proposed", "policy.in_force"]
    assert "Version 2" in body(theirs, url("policies"))


def test_ones_own_version_is_not_put_in_force_and_the_attempt_is_on_record(admin_user: User) -> None:
    proposal(admin_user)
    answer = accept(as_user(admin_user))
    assert answer.status_code == 403
    assert "four eyes" in answer.content.decode()
    assert PolicyVersion.objects.get().state == "proposed"
    assert kinds() == ["policy.proposed", "policy.decision_refused"]


def test_a_version_is_refused_with_a_reason_and_never_without(admin_user: User, compliance: User) -> None:
    proposal(admin_user)
    client = as_user(compliance)
    bare = client.post(url("rule-policy", SLUG, 2), {"verdict": "refuse", "reason": " "})
    assert bare.status_code == 422
    assert "Say why you refuse it" in bare.content.decode()
    said = client.post(url("rule-policy", SLUG, 2), {"verdict": "refuse", "reason": "Too short at night."})
    assert said.status_code == 302
    page = body(client, url("policy", SLUG))
    assert "Refused by Tom Saal" in page
    assert "Too short at night." in page
    assert in_force()[SLUG].within_s == 900


def test_a_second_click_on_a_decided_version_changes_nothing(admin_user: User, compliance: User) -> None:
    proposal(admin_user)
    client = as_user(compliance)
    accept(client)
    assert accept(client).status_code == 409
    assert "already" in body(client, url("rule-policy", SLUG, 2))
    assert kinds().count("policy.in_force") == 1


def test_every_mistake_of_a_text_is_listed_with_its_line_and_linked(admin_user: User) -> None:
    wrong = SHORTER.replace("risk: high", "risk: enormous").replace("reason: always", "reasn: always")
    answer = as_user(admin_user).post(url("propose", SLUG), {"text": wrong, "note": NOTE})
    text = answer.content.decode()
    assert answer.status_code == 422
    for line in (wrong[: wrong.index("risk:")].count("\n") + 1, wrong[: wrong.index("reasn:")].count("\n") + 1):
        assert f'href="#L{line}"' in text
        assert f'id="L{line}"' in text
    assert "reason" in text, "what was probably meant"
    assert not PolicyVersion.objects.exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SHORTER.replace("policy: restart-critical", "policy: other"), "a policy keeps its name"),
        ("", "Write what the policy says."),
        ("- a\n- b\n", "Expected one table of fields"),
        ("x" * 16_385, "16384"),
    ],
)
def test_a_text_that_is_no_version_of_this_policy_is_refused(text: str, says: str, admin_user: User) -> None:
    answer = as_user(admin_user).post(url("propose", SLUG), {"text": text, "note": NOTE})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not PolicyVersion.objects.exists()


def test_a_note_is_needed(admin_user: User) -> None:
    answer = as_user(admin_user).post(url("propose", SLUG), {"text": SHORTER, "note": ""})
    assert answer.status_code == 422
    assert "Say why, in a sentence." in answer.content.decode()


def test_two_versions_of_one_policy_never_wait_at_once(admin_user: User, compliance: User) -> None:
    proposal(admin_user)
    answer = as_user(compliance).post(url("propose", SLUG), {"text": SHORTER, "note": NOTE})
    assert answer.status_code == 409
    assert "waits for its second person" in answer.content.decode()


def test_a_new_policy_begins_with_version_1_and_takes_no_known_name(admin_user: User, compliance: User) -> None:
    client = as_user(admin_user)
    taken = client.post(url("new-policy"), {"text": SHORTER, "note": NOTE})
    assert taken.status_code == 422
    assert "There is a policy" in taken.content.decode()
    text = "policy: night\ntitle: At night\nrisk: medium\nwithin: 20m\n"
    answer = client.post(url("new-policy"), {"text": text, "note": NOTE})
    assert (answer.status_code, answer["Location"]) == (302, url("policy", "night"))
    assert "A new policy." in body(client, url("policy", "night"))
    assert "Not in force" in body(client, url("policy", "night"))
    as_user(compliance).post(url("rule-policy", "night", 1), {"verdict": "accept"})
    assert in_force()["night"].number == 1
    assert "Not in force" not in body(client, url("policy", "night"))


def test_a_policy_and_a_version_that_nobody_wrote_are_not_found(admin_user: User) -> None:
    client = as_user(admin_user)
    assert client.get(url("policy", "nonsense")).status_code == 404
    assert client.get(url("propose", "nonsense")).status_code == 404
    assert client.get(url("rule-policy", SLUG, 1)).status_code == 404, "the text as shipped is nobody's to decide"


def test_with_htmx_the_dialog_comes_and_leads_back(admin_user: User, compliance: User) -> None:
    proposal(admin_user)
    client, door = as_user(compliance), url("rule-policy", SLUG, 2)
    dialog = body(client, f"{door}?verdict=refuse", headers=HTMX)
    assert "<dialog" in dialog
    assert "Refuse it" in dialog
    assert "<dialog" in client.post(door, {"verdict": "refuse"}, headers=HTMX).content.decode()
    here = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url('policy', SLUG)}"}
    answer = client.post(door, {"verdict": "accept"}, headers=here)
    assert answer.headers["HX-Redirect"] == url("policy", SLUG)


def test_a_version_is_compared_with_the_one_it_was_to_replace(admin_user: User, compliance: User) -> None:
    """A refused version in between changes nothing."""
    first = proposal(admin_user)
    services.decide_policy(first, user=compliance, accept=False, reason="No.", now=clock.now())
    proposal(compliance, texts()[SLUG].replace("lasts: 30m", "lasts: 20m"))
    newest, refused, original = history_of(SLUG)
    assert newest.changed == ["A yes must be used within was 30 min, is 20 min."]
    assert (newest.before, refused.before, original.before) == (1, 1, None)
    assert [one.state for one in (newest, refused, original)] == ["proposed", "refused", "in_force"]


def test_a_version_whose_text_cannot_be_read_any_more_is_still_listed(admin_user: User) -> None:
    row = proposal(admin_user)
    PolicyVersion.objects.filter(pk=row.pk).update(text="policy: [", state="refused")
    assert "can’t be read any more" in body(as_user(admin_user), url("policy", SLUG))


def test_what_is_written_in_a_policy_is_shown_and_never_run(admin_user: User) -> None:
    proposal(admin_user, SHORTER.replace("title: Restart", "title: <script>alert(1)</script> Restart"))
    assert "<script>alert(1)" not in body(as_user(admin_user), url("policy", SLUG))


CHANGES = {
    "title: Restart or failover": "title: Failover",
    "why: A failover": "why: The failover",
    "risk: high": "risk: medium",
    "seats: [{who: owner}]": "seats: [{who: owner}, {who: role, role: approver, team: payments, count: 2}]",
    "exclude: [author]": "exclude: [author, reporting-line]",
    "within: 15m": "within: 12m",
    "remind: [3m]": "remind: [4m]",
    "{after: 5m, to: deputy}": "{after: 6m, to: manager}",
    "reason: always": "reason: on-reject",
    "factor: 5m": "factor: none",
    "lasts: 30m": "lasts: 45m",
    "hold: 5m": "hold: 6m",
    "allow: [conditions, break-glass, standing]": "allow: [conditions]",
    "classes: [restart-critical]": "classes: [restart-critical], tiers: [1]",
}


@pytest.mark.parametrize("found", CHANGES)
def test_each_change_of_a_rule_is_one_sentence(found: str) -> None:
    assert found in texts()[SLUG]
    changed = read_policy(texts()[SLUG].replace(found, CHANGES[found]))
    assert len(differences(shipped()[SLUG], changed)) == 1
    assert not differences(changed, changed)


def test_a_switch_an_order_and_a_typed_confirmation_are_told_too() -> None:
    text = texts()[SLUG] + "order: in-turn\nenabled: false\ntyped: true\n"
    told = differences(shipped()[SLUG], read_policy(text))
    assert [sentence.split(" was ")[0] for sentence in told] == ["In use", "Typed confirmation"]
    two = texts()["communication"]
    changed = read_policy(two.replace("order: in-turn", "order: together"))
    assert [sentence.split(" was ")[0] for sentence in differences(shipped()["communication"], changed)] == [
        "Who decides"
    ]


def test_every_field_of_a_policy_has_a_sentence() -> None:
    """Whoever adds a field to Policy says it in words, too: `RULES` covers all but its identity."""
    silent = {"slug", "number", "digest", "in_turn"}  # in_turn is told with the seats
    assert len(RULES) == len(set(Policy.__slots__) - silent)
    assert dict(in_plain_words(shipped()["house"]))["Applies to"] == "everything that asks for consent"
