"""What is carried out is exactly what was approved, once, in time, and only on what the ledger says, not the row."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import connection

from approvals import services
from approvals.errors import BadCondition, BindingChanged, NotEntitled
from approvals.models import ApprovalRequest, Condition
from approvals.policies.shipped import texts
from approvals.selectors import bound_facts, ruled
from approvals.services import Act, proving
from approvals.states import ConditionKind, RequestState
from audit import ledger
from audit.models import Disclosure, Entry
from catalog.models import Service, User
from plumbing import clock
from runbooks.engine.intent import Intent
from tests.approvals.conftest import DAY, STREAM, MakeRequest, history
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db
INTENT = Intent(
    version="a" * 64, step="switch", action="http", config={"node": "db-1", "wait": 3}, targets=("store",),
    environment="production",
)  # fmt: skip
NEVER = "what would be done isn't what was approved"


def act_from(intent: Intent = INTENT, *, class_: str = "", **more: Any) -> Act:
    """The act of a step, as the runbooks room tells it."""
    facts = {
        "services": intent.targets, "action": intent.action, "environment": intent.environment, "class_": class_,
        "runbook": "switch-over", "version": intent.version, "step": intent.step, "inputs": dict(intent.config),
    }  # fmt: skip
    return Act(intent.text, **(facts | more))


def stricter_house(compliance: User, admin_user: User) -> None:
    """A second version of the house's own policy is in force from now on."""
    text, now = texts()["house"].replace("hold: 15m", "hold: 10m"), clock.now()
    proposed = services.propose(text, slug="house", user=compliance, note="Shorter.", now=now)
    services.decide_policy(proposed, user=admin_user, accept=True, reason="Yes.", now=now)


@dataclass(frozen=True)
class Change:
    """What the step would do now, and how the difference is said."""

    act: Act
    says: str


def changed(says: str, **fields: Any) -> Change:
    return Change(act_from(replace(INTENT, **fields)), says)


CHANGES = {
    "action": changed("action was http, is ansible", action="ansible"),
    "input": changed("inputs.node was db-1, is db-2", config={"node": "db-2", "wait": 3}),
    "kind of an input": changed("inputs.wait was 3, is 3.0", config={"node": "db-1", "wait": 3.0}),
    "type of an input": changed('inputs.wait was 3, is "3"', config={"node": "db-1", "wait": "3"}),
    "shape of an input": changed('inputs.node was "db-1", is ["db-1"]', config={"node": ["db-1"], "wait": 3}),
    "one more input": changed("inputs.force was nothing, is true", config={"node": "db-1", "wait": 3, "force": True}),
    "one input less": changed("inputs.wait was 3, is nothing", config={"node": "db-1"}),
    "target": changed("targets was store, is api", targets=("api",)),
    "one more target": changed("targets was store, is store, api", targets=("store", "api")),
    "environment": changed("environment was production, is staging", environment="staging"),
    "version": changed("version was aaaa", version="b" * 64),
    "step": changed("step was switch, is wipe", step="wipe"),
    "touched services": Change(act_from(services=("api", "store")), "services was store, is api, store"),
    "class": Change(act_from(class_="degrade-service"), "policies.degrade-service v1 was nothing"),
}


@pytest.fixture
def approved(make_request: MakeRequest, decide, owner: User, api: Service) -> ApprovalRequest:
    """A yes of the owner to INTENT, given just now."""
    return decide(make_request(act=act_from()), owner)


def use(request: ApprovalRequest, act: Act | None = None, **more: Any) -> str:
    return services.use(
        request.subject, **({"act": act or act_from(), "actor": ledger.SYSTEM, "now": clock.now()} | more)
    )


def refused(request: ApprovalRequest, because: str, act: Act | None = None, **more: Any) -> None:
    """It can't be used, for this reason, and nothing says that it was."""
    before = len(history("approval.used"))
    said = use(request, act, **more)
    assert because in said, said
    assert ApprovalRequest.objects.get(pk=request.pk).used_at == request.used_at
    assert len(history("approval.used")) == before


@pytest.mark.parametrize("name", CHANGES)
class TestOneFieldIsChanged:
    def test_the_decision_that_comes_is_not_counted_and_the_request_is_void(
        self, name: str, make_request: MakeRequest, decide, owner: User, api: Service, bindings: dict[str, Act | None]
    ) -> None:
        request, change = make_request(act=act_from()), CHANGES[name]
        bindings[request.subject] = change.act
        with pytest.raises(BindingChanged) as caught:
            decide(request, owner)
        request.refresh_from_db()
        (entry,) = history("approval.voided")
        for words in (str(caught.value), request.why, str(entry.fields["reason"])):
            assert change.says in words
        assert request.state == "void"

    def test_asking_again_voids_what_waited_and_asks_anew(
        self, name: str, make_request: MakeRequest, api: Service
    ) -> None:
        first, change = make_request(act=act_from(), subject="test/it"), CHANGES[name]
        second = make_request(act=change.act, subject="test/it")
        first.refresh_from_db()
        assert (first.state, second.state) == ("void", "pending")
        assert change.says in first.why
        assert second.digest != first.digest

    def test_the_yes_to_the_old_digest_carries_nothing_new(self, name: str, approved: ApprovalRequest) -> None:
        refused(approved, CHANGES[name].says, CHANGES[name].act)
        assert use(approved) == "", "the very thing that was approved still may be done"

    def test_not_even_where_the_row_says_that_it_was_approved(self, name: str, approved: ApprovalRequest) -> None:
        now_bound = ruled(CHANGES[name].act)
        altered(approved, binds=now_bound.binds, digest=now_bound.digest)
        refused(approved, proving.SOMETHING_ELSE, CHANGES[name].act)


def test_what_is_bound_names_every_part(make_request: MakeRequest) -> None:
    names = {name.partition(".")[0] for name, _ in bound_facts(make_request(act=act_from()))}
    assert names == {"action", "environment", "inputs", "policies", "services", "step", "targets", "version"}


def test_a_policy_that_changes_voids_what_waits_and_what_was_approved(
    make_request: MakeRequest, approved: ApprovalRequest, decide, owner: User, compliance: User, admin_user: User
) -> None:
    waits = make_request(act=act_from())
    stricter_house(compliance, admin_user)
    refused(approved, "policies.house v1 was")
    with pytest.raises(BindingChanged, match=r"policies\.house v2 was nothing"):
        decide(waits, owner)
    waits.refresh_from_db()
    assert waits.state == "void"


# ---- a row that is altered behind the ORM


def altered(request: ApprovalRequest, **fields: object) -> None:
    """Straight SQL: no model, no service, no entry."""
    names = ", ".join(f"{name} = %s" for name in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE approvals_approvalrequest SET {names} WHERE id = %s",  # noqa: S608 - names of this file
            [*fields.values(), request.pk],
        )
        assert cursor.rowcount == 1
    request.refresh_from_db()


@pytest.mark.parametrize(
    ("fields", "because"),
    [
        ({"digest": "0" * 64}, NEVER),
        ({"binds": "{}"}, NEVER),
        ({"ground": "break_glass"}, proving.SOMETHING_ELSE),
        ({"ground": "standing"}, proving.SOMETHING_ELSE),
        ({"expires_at": None}, proving.SOMETHING_ELSE),
        ({"expires_at": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, proving.SOMETHING_ELSE),
        ({"state": "pending"}, "nobody has decided yet"),
    ],
)
def test_an_altered_field_makes_the_yes_worthless(
    fields: dict[str, object], because: str, approved: ApprovalRequest
) -> None:
    altered(approved, **fields)
    refused(approved, because)


def test_what_policies_looked_at_is_asked_of_the_act_and_not_of_the_row(approved: ApprovalRequest) -> None:
    """Facts that were rewritten to those of another act open it no way, and close none for what was approved."""
    act = CHANGES["class"].act
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE approvals_approvalrequest SET facts = (SELECT facts FROM approvals_approvalrequest LIMIT 1)"
        )
    ApprovalRequest.objects.filter(pk=approved.pk).update(facts=act.as_facts(), demand=ruled(act).demand.as_json())
    refused(approved, NEVER, act)
    assert use(approved) == ""


def test_a_yes_for_one_run_does_not_serve_another(make_request: MakeRequest, approved: ApprovalRequest) -> None:
    """Two runs of one version with the same inputs have the same digest."""
    other = make_request(act=act_from(), subject="test/other-run")
    services.void(other, reason="Not this one.", actor=ledger.SYSTEM, now=clock.now())
    altered(other, subject="test/gone")
    altered(approved, subject="test/other-run")
    refused(approved, proving.SOMETHING_ELSE)


def test_a_yes_in_another_history_is_none(approved: ApprovalRequest) -> None:
    other = "inc_ffffffffffffffffffffffffffffffff"
    ledger.open_stream(other)
    altered(approved, stream=other)
    refused(approved, proving.NO_APPROVAL)


@pytest.mark.parametrize("end", ["used", "voided", "withdrawn", "expired"])
def test_a_yes_that_came_to_its_end_does_not_rise_again(end: str, approved: ApprovalRequest, owner: User) -> None:
    now = clock.now()
    match end:
        case "used":
            assert use(approved) == ""
        case "voided":
            services.void(approved, reason="Changed.", actor=ledger.SYSTEM, now=now)
        case "withdrawn":
            services.withdraw(approved.uid, user=owner, reason="I was wrong.", now=now)
        case "expired":
            assert services.clocks.tick(approved.uid, now + DAY) == 1
    (entry,) = history(f"approval.{end}")
    refused(ApprovalRequest.objects.get(pk=approved.pk), "")
    altered(approved, state="approved", why="", settled_at=now, used_at=None)
    refused(approved, proving.ENDS[entry.kind])


def test_without_its_entry_in_the_ledger_a_yes_is_none(approved: ApprovalRequest) -> None:
    with without_guards():
        Disclosure.objects.filter(entry__uid=approved.uid).delete()
        Entry.objects.filter(uid=approved.uid).delete()
    refused(approved, proving.NO_APPROVAL)


def test_an_entry_that_was_altered_is_none(make_request: MakeRequest, approved: ApprovalRequest) -> None:
    """The digest in the entry and in the row are both rewritten, to what an intruder would like to run."""
    wanted = ruled(CHANGES["input"].act)
    told = Disclosure.objects.get(entry__uid=approved.uid, name="digest")
    with without_guards():
        payload = bytes(told.payload).replace(approved.digest.encode(), wanted.digest.encode())
        assert payload != bytes(told.payload)
        Disclosure.objects.filter(pk=told.pk).update(payload=payload)
    altered(approved, binds=wanted.binds, digest=wanted.digest)
    refused(approved, proving.NO_APPROVAL, CHANGES["input"].act)


# ---- once, and in time


def test_an_approval_is_used_once(approved: ApprovalRequest, responder: User) -> None:
    now = clock.now()
    assert use(approved, actor=responder, now=now) == ""
    approved.refresh_from_db()
    assert (approved.state, approved.used_at) == ("used", now)
    (entry,) = history("approval.used")
    assert (entry.actor, entry.fields["digest"]) == (responder.actor_id, approved.digest)
    refused(approved, "used already")


def test_an_approval_expires_also_where_no_clock_has_noticed(approved: ApprovalRequest) -> None:
    assert approved.expires_at is not None
    refused(approved, "has expired", now=approved.expires_at)
    assert use(approved, now=approved.expires_at - dt.timedelta(milliseconds=1)) == ""


@pytest.mark.parametrize(
    ("state", "says"), [(RequestState.PENDING, "nobody has decided yet"), (RequestState.REJECTED, "it was rejected")]
)
def test_without_a_yes_there_is_nothing_to_use(
    state: RequestState, says: str, make_request: MakeRequest, decide, owner: User
) -> None:
    request = make_request(act=act_from())
    if state == RequestState.REJECTED:
        decide(request, owner, "reject", reason="No.")
    refused(ApprovalRequest.objects.get(pk=request.pk), says)
    assert services.use("test/nobody-asked", act=act_from(), actor=ledger.SYSTEM, now=clock.now()) == "nobody was asked"


def test_whoever_approved_it_does_not_carry_it_out(approved: ApprovalRequest, owner: User) -> None:
    @dataclass(frozen=True)
    class SamePerson:
        """As another room names whoever acts: by id alone."""

        actor_id: str = owner.actor_id

    for actor in (owner, SamePerson()):
        refused(approved, "whoever approved it can't carry it out", actor=actor)


# ---- conditions


@pytest.fixture
def under(make_request: MakeRequest, decide, owner: User) -> Callable[..., ApprovalRequest]:
    """under(text, kind="expression") -> a yes with this condition."""

    def give(text: str, kind: str = ConditionKind.EXPRESSION) -> ApprovalRequest:
        return decide(make_request(act=act_from()), owner, conditions=((kind, text),))

    return give


LAG = {"steps": {"look": {"output": {"lag": 4, "name": "db-1"}}}}


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("steps.look.output.lag < 10", ""),
        ("steps.look.output.lag < 4", "doesn't hold"),
        ("steps.look.output.lag", "doesn't hold"),  # 4 is no yes
        ("'yes'", "doesn't hold"),
        ("steps.look.output.name == 'db-1' || true", ""),
        ("steps.gone.output.lag < 10", "can't be checked"),
        ("steps.look.output.name < 10", "can't be checked"),
    ],
)
def test_an_expression_is_checked_when_it_is_used(
    text: str, because: str, under: Callable[..., ApprovalRequest]
) -> None:
    request = under(text)
    act = replace(act_from(), values=LAG)
    if because:
        refused(request, because, act)
        refused(request, text, act)
    else:
        assert use(request, act) == ""
        assert history("approval.used")[0].fields["conditions"] == [text]


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "lag <", "__import__('os').system('id')", "open('/etc/passwd')", "true; drop table",
        "{{ inputs.x }}", "{% now 'Y' %}", "steps.look.exec('rm')", "(" * 2_000, "x" * 1_001, "eval('1')",
    ],
)  # fmt: skip
def test_a_condition_that_can_not_be_kept_refuses_the_decision(
    text: str, make_request: MakeRequest, decide, owner: User
) -> None:
    request = make_request(act=act_from())
    with pytest.raises(BadCondition, match="can't be kept"):
        decide(request, owner, conditions=((ConditionKind.EXPRESSION, text),))
    request.refresh_from_db()
    assert request.is_pending
    assert not request.decisions.exists()
    assert not Condition.objects.exists()


def test_a_note_is_confirmed_by_who_carries_it_out_before_it_may_begin(
    under: Callable[..., ApprovalRequest], responder: User
) -> None:
    request = under("Nobody is logged in on <b>db-1</b>.", ConditionKind.NOTE)
    refused(request, "nobody has confirmed the condition “Nobody is logged in on <b>db-1</b>.”")
    services.confirm(request.uid, Condition.objects.get().pk, user=responder, now=clock.now())
    assert history("approval.confirmed")[0].actor == responder.actor_id
    assert use(request) == ""


@pytest.mark.parametrize("who", ["owner", "viewer", "superuser", "author", "compliance"])
def test_nobody_else_confirms_it_least_of_all_who_approved(
    who: str, under: Callable[..., ApprovalRequest], request: pytest.FixtureRequest
) -> None:
    asked, user = under("Nobody is logged in.", ConditionKind.NOTE), request.getfixturevalue(who)
    with pytest.raises(NotEntitled, match="whoever carries it out confirms, and not who decided"):
        services.confirm(asked.uid, Condition.objects.get().pk, user=user, now=clock.now())
    assert history("approval.refused")[0].fields["verdict"] == "confirm"
    refused(asked, "nobody has confirmed")


def test_a_confirmation_that_only_the_row_knows_counts_for_nothing(
    under: Callable[..., ApprovalRequest], responder: User
) -> None:
    request = under("Nobody is logged in.", ConditionKind.NOTE)
    Condition.objects.update(confirmed_by=responder, confirmed_at=clock.now())
    refused(request, proving.OTHER_CONDITIONS)


@pytest.mark.parametrize("alter", ["deleted", "rewritten", "another kind"])
def test_a_condition_that_is_altered_behind_the_orm_does_not_fall_away(
    alter: str, under: Callable[..., ApprovalRequest]
) -> None:
    request = under("steps.look.output.lag < 1")
    match alter:
        case "deleted":
            Condition.objects.all().delete()
        case "rewritten":
            Condition.objects.update(text="true")
        case "another kind":
            Condition.objects.update(kind=ConditionKind.NOTE, confirmed_at=clock.now())
    refused(request, proving.OTHER_CONDITIONS, replace(act_from(), values=LAG))


def test_conditions_of_several_who_agreed_hold_together(
    make_request: MakeRequest, decide, make_service, owner: User, deputy: User, responder: User
) -> None:
    """Two services, two owners: each says yes under a condition of their own."""
    make_service("ledger-db", owner=deputy)
    request = make_request(act=act_from(services=("store", "ledger-db")))
    act = act_from(services=("store", "ledger-db"), values=LAG)
    decide(request, owner, conditions=((ConditionKind.EXPRESSION, "steps.look.output.lag < 10"),))
    assert decide(request, deputy, conditions=((ConditionKind.NOTE, "Backup is there."),)).state == "approved"
    refused(request, "nobody has confirmed", act)
    services.confirm(request.uid, Condition.objects.get(kind="note").pk, user=responder, now=clock.now())
    assert use(request, act) == ""
    assert history("approval.used")[0].fields["conditions"] == ["steps.look.output.lag < 10", "Backup is there."]


def test_the_history_says_it_all(approved: ApprovalRequest) -> None:
    assert use(approved) == ""
    assert [entry.kind for entry in history()] == ["approval.asked", "approval.approved", "approval.used"]
    assert {entry.fields["digest"] for entry in history()} == {approved.digest}
    assert approved.stream == STREAM
