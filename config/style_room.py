"""An invented war room, whole: what /style and the screenshots show. The picture is the mock of the design."""

from datetime import datetime, timedelta

from config.style_timeline import LAST_SEQ, entries
from incidents.room_view import (
    DecisionView,
    Header,
    HealthRow,
    PhaseMark,
    RoleSlot,
    RoomUrls,
    RoomView,
    Vital,
    spark_points,
)
from incidents.run_view import (
    Action,
    Cell,
    Edge,
    Graph,
    Node,
    Person,
    Question,
    RunView,
    Section,
    StepGroup,
    StepRow,
)

NODE_W, NODE_H, GROUP_W = 146, 42, 92
HERE, ROOM = "/style/", "/style/room/"


def header() -> Header:
    """SEV1 in mitigation, without a scribe."""
    names = ("Detection", "Mobilization", "Diagnosis", "Mitigation", "Resolution", "Review")
    places = ("past", "past", "past", "now", "next", "next")
    return Header(
        label="INC-2417",
        title="EU card payments failing: orders-db lost its volume",
        severity="SEV1",
        phase="Mitigation",
        phase_number=4,
        phases=tuple(PhaseMark(name, place) for name, place in zip(names, places, strict=True)),  # type: ignore[arg-type]
        roles=(
            RoleSlot("commander", "Commander", Person("Amara Diallo", here="here")),
            RoleSlot("communications", "Comms lead", Person("Jonas Weber", here="here")),
            RoleSlot("scribe", "Scribe", take_url=HERE),
        ),
        actions=(
            Action("Post update", HERE, key="u"),
            Action("Move phase…", f"{HERE}dialog/", kind="dialog"),
            Action("Make evidence pack", HERE, kind="post"),
        ),
    )


def vitals(now: datetime) -> tuple[Vital, ...]:
    """Plan and system disagree; one countdown is in its last fifth."""
    return (
        Vital("elapsed", "Elapsed", since=now - timedelta(minutes=46, seconds=12), detail="since 12:01"),
        Vital("plan", "Plan", value="9 of 23", detail="on", link_url=HERE, link_label="Regional failover v14"),
        Vital("system", "System", value="Failing", detail="3 of 5 probes red", state="failed"),
        Vital("impact", "Impact", value="38 %", detail="of EU cards · €41k/min"),
        Vital(
            "update",
            "Customer update due",
            due=now + timedelta(minutes=3, seconds=48),
            due_from=now - timedelta(minutes=27),
            at=now + timedelta(minutes=3, seconds=48),
            detail="Jonas,",
            state="late",
        ),
        Vital(
            "notice", "DORA initial notice", due=now + timedelta(hours=3, minutes=16, seconds=30), detail="draft 61 %"
        ),
    )


STEPS = (  # step, state, title, fact, x, y, after
    ("contain", "done", "Contain", "5 of 5", 0, 75, ""),
    ("lag", "done", "Standby lag", "4 s, limit 30 s", 110, 0, "Contain"),
    ("backup", "done", "Verified backup", "02:10, tested", 110, 50, "Contain"),
    ("reattach", "failed", "Reattach volume", "Failed, 2 attempts", 110, 100, "Contain"),
    ("status", "done", "Tell customers", "Done 12:18", 110, 150, "Contain"),
    ("approve", "approval", "Approve failover", "Needs you · 4:12", 274, 50, "Standby lag, Verified backup"),
    ("vendor", "running", "Vendor call", "Rafa · 12 of ~10 m", 274, 100, "Reattach volume"),
    ("dora", "running", "DORA notice", "Jonas · draft 61 %", 274, 150, "Tell customers"),
    ("warm", "verifying", "Warm caches", "Holds 20 of 60 s", 274, 0, "Standby lag"),
    ("fence", "waiting", "Fence old primary", "After 2 steps", 438, 75, "Approve failover, Vendor call"),
    ("update", "ready", "Next update", "Due 12:51", 438, 150, "DORA notice"),
    ("promote", "waiting", "Promote standby", "After fence", 602, 50, "Fence old primary, Warm caches"),
    ("repoint", "waiting", "Move 12 services", "After promote", 766, 25, "Promote standby"),
    ("dns", "waiting", "Switch DNS", "After promote", 766, 75, "Promote standby"),
    ("verify", "waiting", "Verify", "4 steps", 930, 75, "Move 12 services, Switch DNS, Next update"),
)
GROUPS = ("contain", "verify")
WORDS = {"approval": "Needs you", "verifying": "Checking"}
EDGES: tuple[Edge, ...] = (
    *(Edge(d, ("past",)) for d in ("M92 96C101 96 101 21 110 21", "M92 96C101 96 101 121 110 121")),
    *(Edge(d, ("past",)) for d in ("M92 96C101 96 101 171 110 171", "M256 21H274", "M256 171H274")),
    Edge("M256 21C265 21 265 71 274 71", ("past",)),
    *(Edge(d) for d in ("M420 171H438", "M420 121C429 121 429 96 438 96", "M420 21H584C593 21 593 71 602 71")),
    *(Edge(d) for d in ("M748 71C757 71 757 96 766 96", "M912 96H930", "M584 171H912C921 171 921 96 930 96")),
    Edge("M256 121H274", ("fail",)),
    *(Edge(d, ("past", "crit")) for d in ("M92 96C101 96 101 71 110 71", "M256 71H274")),
    *(Edge(d, ("crit",)) for d in ("M420 71C429 71 429 96 438 96", "M584 96C593 96 593 71 602 71")),
    *(Edge(d, ("crit",)) for d in ("M748 71C757 71 757 46 766 46", "M912 46C921 46 921 96 930 96")),
)


def graph() -> Graph:
    """The mock's picture: fifteen nodes, two of them folded sections."""
    return Graph(
        width=1022,
        height=192,
        edges=EDGES,
        nodes=tuple(
            Node(
                key=f"step:{step}",
                state=state,
                word=WORDS.get(state, state.capitalize()),
                title=title,
                fact=fact,
                href=f"#step-{step}",
                x=x,
                y=y,
                w=GROUP_W if step in GROUPS else NODE_W,
                h=NODE_H,
                after=after,
                needs=tuple(f"step:{other[0]}" for other in STEPS if other[2] in after.split(", ")),
                is_group=step in GROUPS,
            )
            for step, state, title, fact, x, y, after in STEPS
        ),
    )


def sections() -> tuple[Section, ...]:
    """The ribbon: five sections in mixed states."""
    states = {
        "Contain": ("done",) * 5,
        "Standby": ("done", "done", "failed", "running"),
        "Fail over": ("approval", "verifying", "ready", "waiting", "skipped", "waiting"),
        "Verify": ("waiting",) * 4,
        "Communicate": ("done", "undone", "running", "waiting"),
    }
    keys = iter([f"step:{row[0]}" for row in STEPS if row[0] not in GROUPS])
    return tuple(
        Section(
            name,
            tuple(Cell(next(keys, f"step:{name}-{n}"), state) for n, state in enumerate(cells)),
            cells.count("done"),
        )
        for name, cells in states.items()
    )


def run() -> RunView:
    """Running, with a forecast."""
    return RunView(
        uid="7d1e",
        title="Regional failover v14",
        url=HERE,
        state="running",
        word="Live",
        sections=sections(),
        graph=graph(),
        counts="9 done · 3 running · 1 failed · 10 to go",
        forecast="critical path ends ~13:22",
    )


def step_groups(now: datetime) -> tuple[StepGroup, ...]:
    """Yours, running, failed, and two folded groups."""
    you, rafa, jonas = Person("Lena Vogt", is_you=True), Person("Rafa Ortiz"), Person("Jonas Weber")
    due = now + timedelta(minutes=4, seconds=12)
    review = Action("Review", "#decision")
    start = Action("Start", HERE, kind="post", fields=(("seen", "3"),), key="s")
    output = Action("Output", HERE)
    yours = (
        StepRow("step:approve", "approval", "Needs you", "Approve failover of orders-db", HERE, "shield",
                "You own Data Platform", you, "You", is_yours=True, due=due, action=review),
        StepRow("step:freeze", "ready", "Ready", "Confirm write freeze with checkout team", HERE, "hand",
                "Nothing blocks it", you, "You", is_yours=True, time_text="~3 min", action=start),
    )  # fmt: skip
    running = (
        StepRow("step:vendor", "running", "Running", "Vendor call: is the volume recoverable?", HERE, "hand",
                "Bridge 4471", rafa, "Rafa", time_text="12 of ~10 min", progress=100, is_late=True),
        StepRow("step:warm", "verifying", "Checking", "Warm caches in eu-central", HERE, "bolt", "Attempt 1",
                time_text="6 of ~9 min", progress=66),
        StepRow("step:dora", "running", "Running", "DORA initial notice", HERE, "horn", "Draft, 61 % of fields", jonas,
                "Jonas", time_text="14 of ~35 min", progress=40),
    )  # fmt: skip
    failed = StepRow("step:reattach", "failed", "Failed", "Reattach storage volume vol-0c41", HERE, "bolt",
                     "Branch: vendor call", time_text="12:29 · 2 attempts", action=output)  # fmt: skip
    waiting = tuple(
        StepRow(f"step:{step}", "waiting", "Waiting", title, HERE, "bolt", fact)
        for step, state, title, fact, _x, _y, _after in STEPS if state == "waiting"
    )  # fmt: skip
    done = tuple(
        StepRow(f"step:{step}", "done", "Done", title, HERE, "bolt", fact, time_text="2 min")
        for step, state, title, fact, _x, _y, _after in STEPS if state == "done"
    )  # fmt: skip
    return (
        StepGroup("For you", yours),
        StepGroup("Running", running),
        StepGroup("Failed, handled", (failed,)),
        StepGroup("Waiting", waiting, is_folded=True),
        StepGroup("Done", done, is_folded=True),
    )


def decision(now: datetime) -> DecisionView:
    """A decision of the reader's, due soon."""
    return DecisionView(
        uid="d1",
        question="Promote the standby in eu-central?",
        is_yours=True,
        waits_for="Lena Vogt",
        facts=(
            ("Effect", "Writes stop ~40 s; 12 services move"),
            ("Undo", "Fail back, rehearsed 3 Oct in 9 min"),
            ("Proof", "Lag 4 s · backup verified 02:10"),
        ),
        digest="9f2c71aa40d5c3f5b6a0e1f2d3c4b5a69788796a5b4c3d2e1f0a9b8c7d6eb81e",
        page_url=HERE,
        approve_url=f"{HERE}dialog/",
        reject_url=f"{HERE}dialog/",
        asked_at=now - timedelta(minutes=2),
        due=now + timedelta(minutes=4, seconds=12),
    )


def health() -> tuple[HealthRow, ...]:
    """Three red, one green, one to watch."""
    fall, rise, gone = (9, 9, 9, 9, 8, 2, 1, 2, 2, 2), (1, 1, 1, 2, 5, 8, 9, 8, 9, 9), (1, 1, 1, 1, 0, 0, 0, 0, 0, 0)
    rows: tuple[tuple[str, str, str, str, tuple[int, ...]], ...] = (
        ("Card authorisation", "failed", "failing", "61.8 %", fall),
        ("Checkout p95", "failed", "failing", "8.4 s", rise),
        ("orders-db primary", "failed", "failing", "no answer", gone),
        ("orders-db standby", "done", "healthy", "4 s lag", (2, 3, 2, 3, 9, 5, 4, 3, 3, 3)),
        ("Payment queue", "late", "watch", "41 k held", (1, 1, 1, 1, 2, 4, 6, 7, 8, 9)),
    )
    return tuple(HealthRow(f"health:{n}", *row[:4], spark=spark_points(row[4])) for n, row in enumerate(rows))


def urls() -> RoomUrls:
    """Addresses of the style page: fragments answer there, feed and socket don't exist."""
    names = ("header", "vitals", "run", "steps", "questions", "decision", "health", "timeline")
    return RoomUrls(
        page=ROOM,
        feed="",
        socket="",
        note=f"{ROOM}note/",
        evidence=HERE,
        **{name: f"{ROOM}{name}/" for name in names},
    )


def room(now: datetime) -> RoomView:
    """The whole war room as Lena Vogt sees it at `now`."""
    names = ("Lena Vogt", "Rafa Ortiz", "Piotr Nowak", "Tom Saal", "Mina Tal", "Amara Diallo", "Jonas Weber")
    return RoomView(
        uid="2417",
        at=LAST_SEQ,
        now=now,
        urls=urls(),
        header=header(),
        vitals=vitals(now),
        run=run(),
        step_groups=step_groups(now),
        questions=(
            Question(
                "group:standby",
                "approval",
                "Standby: 3 of 10 branches did not make it",
                "Try again, skip, take back, or accept as it is?",
                (("Passed", "7"), ("Failed", "Drain node 3; Drain node 6; Drain node 8")),
                waits_for="the commander",
            ),
            Question(
                "ask:fence",
                "unknown",
                "Did “Fence the old primary” happen?",
                "Nobody knows; it is never tried again by itself.",
                (("Why", "Its worker was lost; it may have happened."),),
                actions=(Action("Say what happened…", f"{HERE}dialog/", kind="dialog"),),
            ),
        ),
        decision=decision(now),
        health=health(),
        entries=entries(),
        entries_total=LAST_SEQ,
        presence=tuple(Person(name, here="here") for name in names),
        earlier_url=HERE,
        may_write=True,
    )
