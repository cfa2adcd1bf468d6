"""A random monkey: by its seed it starts runs of generated plans, acts as people do, and hurts the portal meanwhile."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.portal import LEASE_S
from tests.faults.scene import Plan, Scene

MOST_RUNS = 4  # at a time
ALL_ENDED_WITHIN_S = 180  # after the last hurt


@dataclass
class Hurt:
    """What is broken now, until when, and how it is mended."""

    name: str
    until: float
    mend: Callable[[], object]


@dataclass
class Monkey:
    """The schedule is drawn from `seed`; how it meets the portal is up to the machine."""

    scene: Scene
    seed: int
    plans: dict[str, Plan] = field(default_factory=dict)  # run -> its plan
    told: list[str] = field(default_factory=list)
    hurts: list[Hurt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.began = time.monotonic()
        self.scene.patience_s = 3.0  # a frozen portal must not hold up who is to mend it

    def say(self, text: str) -> None:
        self.told.append(f"{time.monotonic() - self.began:7.1f} s  {text}")

    # ---- its day ----
    def play(self, seconds: float) -> None:
        """Mischief for so long; then everything is mended, and people bring all runs to their ends."""
        while time.monotonic() - self.began < seconds:
            self.mend_what_is_due()
            act = self.chance.choices([self.begin, self.people, self.post, self.hurt], weights=[3, 5, 4, 1])[0]
            act()
            time.sleep(self.chance.uniform(0.05, 0.4))
        self.mend_what_is_due(all_of_them=True)
        self.scene.portal.heal()
        self.say("all is mended")
        until = time.monotonic() + ALL_ENDED_WITHIN_S
        while live := self.live():
            assert time.monotonic() < until, f"still live: {[self.scene.look(run) for run in live]}"
            self.people()
            time.sleep(0.3)

    def live(self) -> list[str]:
        """Runs that have not succeeded; a failed one waits for somebody."""
        found = self.scene.portal.ask("states", runs=list(self.plans))
        return [run for run in self.plans if run not in found or found[run]["state"] != "succeeded"]

    def begin(self) -> None:
        """Start a run. When the answer is lost, it may have begun all the same."""
        if len(self.live()) >= MOST_RUNS:
            return
        plan = self.plan()
        slug = self.unless_frozen(lambda: self.scene.publish(plan))
        if slug is None:
            return
        status, _ = self.scene.start(slug)
        runs = self.scene.portal.ask("runs", slug=slug)["runs"]
        assert len(runs) == 1 or status not in (200, 201), f"POST answered {status}, and there are {len(runs)} runs"
        for run in runs:
            self.plans[self.scene.watch(run)] = plan
            self.say(f"run {run} of {len(plan)} steps")

    def unless_frozen(self, write: Callable[[], Any]) -> Any:
        """What a second process writes; None where the web process was frozen with SQLite's write lock in its hand:
        then nobody can write before it wakes, and whoever tries is told so."""
        try:
            return write()
        except AssertionError as error:
            is_frozen = any(one.name == "web frozen" for one in self.hurts)
            if not (is_frozen and "database is locked" in str(error)):
                raise
            self.say("locked out by the frozen web process")
            return None

    def post(self) -> None:
        status, _ = self.scene.note()
        assert status in (201, 503, 0), status

    # ---- plans ----
    def plan(self) -> Plan:
        """2 to 10 steps, each with up to three needs among those before it."""
        steps: Plan = []
        for number in range(self.chance.randint(2, 10)):
            step = self.step(f"m{number}")
            before = [one["id"] for one in steps]
            step["needs"] = self.chance.sample(before, k=min(len(before), self.chance.randint(0, 3)))
            steps.append(step)
        return steps

    def step(self, name: str) -> dict[str, Any]:
        make, hold = self.scene.post_step, self.chance.choice([0.0, 0.1, 0.5, 1.0, LEASE_S + 1.0])
        once: dict[str, Any] = {"idempotent": False, "retry": {"attempts": 1}}
        kinds: list[Callable[[], dict[str, Any]]] = [
            lambda: make(name, hold=hold),
            lambda: make(name, hold=hold, **once),
            lambda: make(name, kind="flaky", query="&fails=1"),
            lambda: make(name, kind="broken", **once),
            lambda: {"id": name, "title": "Wait", "action": "wait", "with": {"for": f"{self.chance.randint(1, 3)}s"}},
            lambda: {"id": name, "title": "By hand", "action": "manual"},
            lambda: make(name, touches=["store"], approval={"reason": "May it?"}),
        ]
        return self.chance.choices(kinds, weights=[6, 4, 2, 1, 2, 2, 1])[0]()

    # ---- people ----
    def people(self) -> None:
        """Whatever waits for a person gets one: they tell the truth about unknown steps."""
        runs = self.live()
        if not runs:
            return
        run = self.chance.choice(runs)
        found = self.scene.look(run)
        self.unless_frozen(lambda: self.scene.portal.ask("decide", run=run))
        for step, state in found["steps"].items():
            act = self.answer(run, step, state)
            if act is not None:
                verb, body = act
                status, told = self.scene.post(f"runs/{run}/steps/{step}/{verb}", {"seen": found["seen"][step], **body})
                assert status in (200, 409, 503, 0), f"{verb} of {step}: {status} {told}"
                self.say(f"{verb} {step} of {run}: {status}")

    def answer(self, run: str, step: str, state: str) -> tuple[str, dict[str, Any]] | None:
        """(act, its fields) for a step that waits for somebody."""
        spec = next(one for one in self.plans[run] if one["id"] == step)
        if state == "unknown":
            found = "happened" if step in self.scene.target.effects(run) else "not"
            return "settle", {"found": found, "evidence": "The target says so."}
        if state == "failed":
            return ("skip" if self.chance.random() < 0.7 else "retry"), {"reason": "The monkey wants it."}
        if state == "ready" and spec["action"] == "manual":
            return "finish", {"worked": True, "note": "Done by hand."}
        return None

    # ---- hurts ----
    def hurt(self) -> None:
        """One more thing goes wrong, for a while; at most two at a time."""
        if len(self.hurts) >= 2:
            return
        name = self.chance.choice(sorted(HURTS[self.scene.portal.shape]))
        seconds = self.chance.uniform(0.5, LEASE_S * 2.5)
        if any(one.name == name for one in self.hurts):
            return
        self.say(f"{name} for {seconds:.1f} s")
        HURTS[self.scene.portal.shape][name](self.scene)
        self.hurts.append(Hurt(name, time.monotonic() + seconds, self.scene.portal.heal))

    def mend_what_is_due(self, *, all_of_them: bool = False) -> None:
        """Healing mends everything at once: with one hurt over, the other one is over as well."""
        if any(all_of_them or one.until < time.monotonic() for one in self.hurts):
            self.scene.portal.heal()
            self.say(f"mended {', '.join(one.name for one in self.hurts)}")
            self.hurts.clear()


def kill(program: str) -> Callable[[Scene], None]:
    def act(scene: Scene) -> None:
        if scene.portal.programs[program].running():
            scene.portal.kill(program)

    return act


def freeze(program: str) -> Callable[[Scene], None]:
    return lambda scene: scene.portal.programs[program].signal_group(19)


def add(program: str) -> Callable[[Scene], None]:
    return lambda scene: scene.portal.start_programs(program)


def replay(scene: Scene) -> None:
    if scene.runs:
        scene.portal.ask("replay", run=scene.runs[-1], times=3, seed=len(scene.runs))


EVERYWHERE: dict[str, Callable[[Scene], None]] = {
    "web killed": kill("web"), "web frozen": freeze("web"), "second sweep": add("sweep2"), "rings again": replay,
}  # fmt: skip
APART: dict[str, Callable[[Scene], None]] = EVERYWHERE | {
    "worker killed": kill("worker"), "worker frozen": freeze("worker"), "second worker": add("worker2"),
    "sweep killed": kill("sweep"), "sweep frozen": freeze("sweep"),
    "broker dead": lambda scene: scene.portal.servers["broker"].hurt("kill"),
    "broker mute": lambda scene: scene.portal.servers["broker"].hurt("freeze"),
    "layer mute": lambda scene: scene.portal.servers["layer"].hurt("freeze"),
    "database restarts": lambda scene: (scene.portal.servers["database"].hurt("kill"), time.sleep(1),
                                        scene.portal.servers["database"].heal())[0],
}  # fmt: skip
HURTS = {"embedded": EVERYWHERE, "redis": APART, "rabbitmq": APART}
