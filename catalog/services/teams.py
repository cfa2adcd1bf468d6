"""People, teams and who has which role. What changes somebody's rights is recorded in the stream `access`."""

from django.contrib.auth.models import Group, Permission
from guardian.models import GroupObjectPermission
from guardian.shortcuts import assign_perm

from audit import ledger
from audit.canonical import Json
from catalog.errors import AuditorStaysOut, NotAMember
from catalog.models import Membership, RoleGroup, Team, User
from catalog.states import ROLE_RIGHTS, Right, Role, UserKind
from plumbing.database import atomic

ACCESS = "access"  # the ledger stream of people, rights, tokens and sign-ins


@atomic()
def make_team(slug: str, name: str, *, description: str = "", actor: ledger.Actor = ledger.SYSTEM) -> Team:
    """A new team with one group per role, which holds the rights of that role in this team."""
    team = Team.objects.create(slug=slug, name=name, description=description)
    groups = {role: Group.objects.create(name=f"{slug}: {role.label}") for role in Role}
    RoleGroup.objects.bulk_create(RoleGroup(team=team, role=role, group=group) for role, group in groups.items())
    for right in Right:
        holders = [group for role, group in groups.items() if right in ROLE_RIGHTS[role]]
        assign_perm(right.value, holders, team)
    ledger.record(ACCESS, "team.made", actor, {"team": slug, "name": name})
    return team


def give_rights(**_: object) -> None:
    """Let the role groups of every team hold what their roles give in this release. Called after each migration;
    a team whose roles give more than before gets an entry."""
    permissions = dict(Permission.objects.filter(content_type__app_label="catalog").values_list("codename", "pk"))
    for team in Team.objects.prefetch_related("role_groups__group"):
        with atomic():
            new = [right for right in Right if right in permissions and _give(team, right)]
            if new:
                ledger.record(ACCESS, "team.rights_given", ledger.SYSTEM, {"team": team.slug, "rights": list(new)})


def _give(team: Team, right: Right) -> bool:
    """Whether somebody's role gives this right since now."""
    holders = [row.group for row in team.role_groups.all() if right in ROLE_RIGHTS[row.role]]
    held = GroupObjectPermission.objects.filter(object_pk=str(team.pk), permission__codename=right.value)
    having = set(held.values_list("group", flat=True))
    lacking = [group for group in holders if group.pk not in having]
    if lacking:
        assign_perm(right.value, lacking, team)
    return bool(lacking)


@atomic()
def make_person(
    username: str,
    name: str,
    *,
    password: str | None = None,
    title: str = "",
    email: str = "",
    actor: ledger.Actor = ledger.SYSTEM,
) -> User:
    """A new person who may sign in, unless `password` is None. Has no rights before they join a team."""
    user = User(username=username, name=name, title=title, email=email, kind=UserKind.PERSON)
    return _make_user(user, password, actor)


@atomic()
def make_machine_user(username: str, name: str, *, actor: ledger.Actor = ledger.SYSTEM) -> User:
    """A new machine user: it never signs in, it calls the API with a token."""
    return _make_user(User(username=username, name=name, kind=UserKind.MACHINE), None, actor)


def _make_user(user: User, password: str | None, actor: ledger.Actor) -> User:
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    ledger.record(ACCESS, "user.made", actor, {"user": user.actor_id, "kind": user.kind, "name": user.name})
    return user


@atomic()
def join(team: Team, user: User, role: Role | str, actor: ledger.Actor) -> Membership:
    """Give somebody a role in a team, with its rights. Recorded once, however often it is asked for.

    Raises AuditorStaysOut."""
    if user.kind == UserKind.AUDITOR:
        raise AuditorStaysOut(str(user))
    membership, is_new = Membership.objects.get_or_create(team=team, user=user, role=Role(role))
    user.groups.add(_group(team, role))
    if is_new:
        ledger.record(ACCESS, "member.joined", actor, _who_and_where(team, user, role))
    return membership


@atomic()
def leave(team: Team, user: User, role: Role | str, actor: ledger.Actor) -> None:
    """Take a role in a team away. Raises NotAMember."""
    gone, _ = Membership.objects.filter(team=team, user=user, role=Role(role)).delete()
    if not gone:
        raise NotAMember(str(user), Role(role).label.lower(), str(team))
    user.groups.remove(_group(team, role))
    ledger.record(ACCESS, "member.left", actor, _who_and_where(team, user, role))


def _group(team: Team, role: Role | str) -> Group:
    return RoleGroup.objects.select_related("group").get(team=team, role=Role(role)).group


def _who_and_where(team: Team, user: User, role: Role | str) -> dict[str, Json]:
    return {"user": user.actor_id, "team": team.slug, "role": Role(role).value}
