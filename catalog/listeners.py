"""Connects probes and notices to their doorbells and to the sweep, and the catalog's streams to their gate."""

from typing import Any

from django.conf import settings
from django.db.models import Q

from audit.access.grants import register_grant
from audit.naming import register_people
from audit.permissions import EVERYTHING, NOTHING, Label, May, register_gate
from audit.regimes.providers import register_catalog
from catalog import copies, tasks
from catalog.auditing import auditor_grant
from catalog.health import due_probes
from catalog.models import Service, Team
from catalog.permissions import EVIDENCE, Right, teams_where
from catalog.selectors import people_known
from catalog.services import check_probe
from catalog.services.sending import due_notices, is_left_alone
from plumbing import doorbell, sweep

RULES = "/regulation/regimes/"
RING_AGAIN_S = 2  # what was claimed is no longer found; what nobody claimed may be rung for soon


def connect() -> None:
    """Called once, when the app is ready."""
    copies.connect()
    doorbell.answer("probe", _send)
    sweep.register("probe", due_probes, check_probe, again_s=RING_AGAIN_S)
    doorbell.answer("notice", _send_notice)
    sweep.register("notice", due_notices, tasks.hands.take, again_s=RING_AGAIN_S, is_alone=is_left_alone)
    register_gate("catalog", catalog_gate, lambda uids: {uid: Label("Catalog") for uid in uids})
    register_gate("access", access_gate, lambda uids: {uid: Label("Access") for uid in uids})
    register_gate("portal", access_gate)
    register_gate("regulation", regulation_gate, lambda uids: {uid: Label("Regulation", RULES) for uid in uids})
    register_catalog(services_and_teams)
    register_people(people_known)
    register_grant(auditor_grant)


def _send(probe_id: str) -> None:
    tasks.check_probe.apply_async((probe_id,), **doorbell.SENDING)


def _send_notice(uid: str) -> None:
    """To workers without a label: those of a zone may have no way to a chat."""
    tasks.send_notice.apply_async((uid,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def catalog_gate(user: Any, may: May) -> Q:
    """The catalog's history names services of all teams: seen by who may export evidence of some team."""
    right = Right.EXPORT if may == "view" else EVIDENCE[may]
    return EVERYTHING if teams_where(user, right).exists() else NOTHING


def access_gate(user: Any, may: May) -> Q:
    """Rights, sign-ins, and what was done with evidence: for those who audit; the rest needs its own right as well."""
    allowed = teams_where(user, Right.AUDIT)
    if may != "view":
        allowed = allowed.filter(pk__in=teams_where(user, EVIDENCE[may]))
    return EVERYTHING if allowed.exists() else NOTHING


def regulation_gate(user: Any, may: May) -> Q:
    """Entities and rules bind everybody, so everybody who sees some team reads them; more needs its own right."""
    return EVERYTHING if teams_where(user, EVIDENCE[may]).exists() else NOTHING


def services_and_teams() -> dict[str, dict[str, str]]:
    """What an entity can be linked to, by slug."""
    return {
        "services": dict(Service.objects.values_list("slug", "name")),
        "teams": dict(Team.objects.values_list("slug", "name")),
    }
