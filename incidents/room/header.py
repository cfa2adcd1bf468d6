"""Title bar and vitals."""

from django.urls import NoReverseMatch, reverse

from catalog.permissions import Right
from catalog.states import Health
from incidents.models import RoleHolder
from incidents.permissions import right_to_take
from incidents.room.reader import Reader
from incidents.room_view import Header, PhaseMark, RoleSlot, Vital
from incidents.run_view import Action, Person
from incidents.states import BURNING, TRACK, UPDATE_EVERY, IncidentRole, Phase, SignalState
from plumbing.templatetags.muster import iso
from runbooks.forecast import Course
from runbooks.models import RunMode
from runbooks.states import PASSED_STEPS, RunState

LEADING = (IncidentRole.COMMANDER, IncidentRole.COMMUNICATIONS, IncidentRole.SCRIBE)  # a gap in these is shown


def header_of(reader: Reader) -> Header:
    """Who, what, in which phase, and what this reader may do."""
    incident = reader.incident
    place = len(TRACK) if reader.is_closed else TRACK.index(Phase(incident.phase))
    return Header(
        label=incident.label,
        title=incident.title,
        severity=incident.severity,
        phase=Phase(incident.phase).label,
        phase_number=min(place + 1, len(TRACK)),
        phases=tuple(
            PhaseMark(phase.label, "past" if at < place else "now" if at == place else "next")
            for at, phase in enumerate(TRACK)
        ),
        roles=_roles(reader),
        actions=tuple(_actions(reader)),
        is_rehearsal=reader.run is not None and reader.run.run.mode == RunMode.REHEARSAL,
        closed_note=f"Closed {iso(incident.phase_since)}, read only." if reader.is_closed else "",
    )


def _roles(reader: Reader) -> tuple[RoleSlot, ...]:
    holders = list(RoleHolder.objects.filter(incident=reader.incident).select_related("user"))
    slots = []
    for role in LEADING:
        holder = next((held.user for held in holders if held.role == role), None)
        person = Person(str(holder), is_you=holder == reader.user) if holder else None
        take_url = reader.url("take-role") if person is None and reader.may(right_to_take(role)) else ""
        slots.append(RoleSlot(role.value, role.label, person, take_url))
    others = [held for held in holders if held.role not in LEADING]
    return (
        *slots,
        *(
            RoleSlot(held.role, held.get_role_display(), Person(str(held.user), is_you=held.user == reader.user))
            for held in others
        ),
    )


def _actions(reader: Reader) -> list[Action]:
    found: list[Action] = []
    phase = reader.incident.phase
    if reader.may(Right.CONTRIBUTE):
        found.append(Action("Post update…", reader.url("update"), kind="dialog", key="u"))
    if reader.may(Right.COMMAND) and phase in BURNING:
        found.append(Action("Resolve…", f"{reader.url('move')}?target={Phase.RESOLUTION.value}", kind="dialog"))
    if reader.may(Right.COMMAND) or reader.may(Right.CLOSE):
        found.append(Action("Move phase…", reader.url("move"), kind="dialog"))
    if reader.may(Right.COMMAND):
        found.append(Action("Set severity…", reader.url("severity"), kind="dialog"))
        found.append(Action("Give a role…", reader.url("give-role"), kind="dialog"))
    if reader.may(Right.EXECUTE):
        found.append(Action("Start a runbook…", reader.url("start-runbook"), kind="dialog"))
    if url := evidence_url(reader):
        found.append(Action("Evidence", url))
        found.append(Action("Make pack…", f"{reverse('audit:new-pack')}?stream={reader.incident.stream}"))
    return found


def evidence_url(reader: Reader) -> str:
    """The page of the incident's stream, where packs are made; "" for those without the right."""
    if not reader.may(Right.EXPORT):
        return ""
    try:
        return reverse("audit:stream", args=[reader.incident.stream])
    except NoReverseMatch:
        return ""


def vitals_of(reader: Reader) -> tuple[Vital, ...]:
    """Elapsed, plan, system, signals, and the update that is owed: each a fact of its own."""
    incident = reader.incident
    elapsed = Vital(
        "elapsed", "Elapsed", since=incident.began_at, until=incident.resolved_at, at=incident.began_at, detail="since"
    )
    return (elapsed, _plan(reader), _system(reader), _signals(reader), *_objective(reader), *_update(reader))


COURSES = {Course.ON_COURSE: "", Course.AT_RISK: "late", Course.LATE: "failed"}


def _objective(reader: Reader) -> tuple[Vital, ...]:
    """The tightest recovery time objective while a run goes on, with the chance to keep it."""
    objective = reader.forecast.objective if reader.forecast else None
    if objective is None:
        return ()
    chance = f"{objective.chance:.0%} likely kept, {objective.service}"
    state = COURSES[objective.course]
    return (Vital("objective", "Recover by", due=objective.due_at, due_from=reader.incident.began_at,
                  at=objective.due_at, detail=chance, state=state),)  # fmt: skip


PLAN_STATES = {
    RunState.PAUSED: "held",
    RunState.FAILED: "failed",
    RunState.STOPPED: "cancelled",
    RunState.SUCCEEDED: "done",
    RunState.UNDONE: "undone",
}


def _plan(reader: Reader) -> Vital:
    run = reader.run
    if run is None:
        return Vital("plan", "Plan", value="No plan", detail="no runbook runs")
    done = run.count(*PASSED_STEPS)
    return Vital(
        "plan",
        "Plan",
        value=f"{done} of {len(run.steps)}",
        detail="on",
        state=PLAN_STATES.get(RunState(run.run.state), ""),
        link_url=reverse("runbooks:run", args=[run.run.uid]),
        link_label=f"{run.definition.title} v{run.run.version.number}",
    )


def _system(reader: Reader) -> Vital:
    found = reader.health
    if not found.asked:
        resting = len(found.probes)
        detail = f"{resting} probe{'s' * (resting > 1)} paused" if resting else "no probe asks for these services"
        return Vital("system", "System", value="Not watched", detail=detail)
    if found.health == Health.RED:
        return Vital("system", "System", value="Failing", detail=_red(reader), state="failed")
    if found.health == Health.GREEN:
        return Vital("system", "System", value="Healthy", detail=f"all {found.asked} probes green", state="done")
    return Vital("system", "System", value="Unknown", detail="not all probes have asked yet")


def _red(reader: Reader) -> str:
    found, run = reader.health, reader.run
    words = f"{found.red} of {found.asked} probes red"
    is_over = run is not None and run.run.state == RunState.SUCCEEDED
    return f"{words}, although the plan is done" if is_over else words


def _signals(reader: Reader) -> Vital:
    states = list(reader.incident.signals.values_list("state", flat=True))
    firing = states.count(SignalState.FIRING)
    if not states:
        return Vital("signals", "Signals", value="No signal", detail="declared by a person")
    return Vital("signals", "Signals", value=f"{firing} firing", detail=f"of {len(states)}")


def _update(reader: Reader) -> tuple[Vital, ...]:
    incident = reader.incident
    due = incident.next_update_due
    if due is None or incident.phase not in BURNING:
        return ()
    every = UPDATE_EVERY.get(incident.severity)
    late = "late" if due <= reader.now else ""
    begun = due - every if every else None
    return (Vital("update", "Next update", detail="at", due=due, due_from=begun, at=due, state=late),)
