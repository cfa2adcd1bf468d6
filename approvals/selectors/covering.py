"""Who stands in for whom, who is away, and whom somebody may ask to stand in."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from approvals.models import Delegation
from catalog.models import Absence, Service, User
from catalog.permissions import Right, teams_where
from catalog.states import UserKind

MOST = 50  # rows of one list


@dataclass(frozen=True)
class Cover:
    """What the page of delegations shows one reader. given, taken, others, mine_away, away: what runs or is to come;
    over: the latest of one's own that ended."""

    given: list[Delegation]
    taken: list[Delegation]
    others: list[Delegation]
    over: list[Delegation]
    mine_away: list[Absence]
    away: list[Absence]


def delegations_seen(user: User) -> QuerySet[Delegation]:
    """One's own, and those of people in the teams that one sees."""
    people = User.objects.filter(memberships__team__in=teams_where(user, Right.VIEW)).values("pk")
    theirs = Q(giver=user) | Q(taker=user) | Q(giver__in=people) | Q(taker__in=people)
    return Delegation.objects.filter(theirs).select_related("giver", "taker").prefetch_related("services")


def cover_of(user: User, now: dt.datetime) -> Cover:
    """Who covers for whom, as far as the reader sees it. Bounded."""
    alive = delegations_seen(user).filter(ended_at=None, until__gt=now).order_by("since", "pk")
    own = Q(giver=user) | Q(taker=user)
    over = delegations_seen(user).filter(own).exclude(ended_at=None, until__gt=now).order_by("-until", "-pk")
    away = Absence.objects.filter(until__gt=now).select_related("user").order_by("since", "pk")
    return Cover(
        given=list(alive.filter(giver=user)[:MOST]),
        taken=list(alive.filter(taker=user)[:MOST]),
        others=list(alive.exclude(own)[:MOST]),
        over=list(over[:10]),
        mine_away=list(away.filter(user=user)[:MOST]),
        away=list(away.filter(user__in=colleagues(user))[:MOST]),
    )


def colleagues(user: User) -> QuerySet[User]:
    """Active people who share a team with somebody, without them."""
    teams = user.memberships.values("team")
    people = User.objects.filter(memberships__team__in=teams, is_active=True, kind=UserKind.PERSON)
    return people.exclude(pk=user.pk).distinct().order_by("name", "username")


def services_to_give(user: User) -> QuerySet[Service]:
    """What somebody answers for, as owner or deputy."""
    return Service.objects.filter(Q(owner=user) | Q(deputy=user)).order_by("tier", "name")
