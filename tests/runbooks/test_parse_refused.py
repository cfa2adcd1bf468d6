"""Plans that can't work are refused, with line and remedy. One test per way to be wrong (issue 3, point 7)."""

import pytest

from runbooks.definitions import DefinitionError, Known, parse

KNOWN = Known(
    roles=frozenset({"commander"}),
    services=frozenset({"store"}),
    resources=frozenset({"db-cluster-a"}),
    runbooks=frozenset({"restart-store"}),
)
DECIDE = "decide: {cases: [{id: x, when: 'true', go: b}, {id: y, go: c}], fallback: human}"
WAY = f"- {{id: way, title: Way, {DECIDE}}}"
A, B, C = (f"- {{id: {id_}, title: {id_.upper()}, action: manual}}" for id_ in "abc")
POST = "action: http, with: {url: http://x, method: POST}"


def problems(*steps: str, head: str = "") -> list[str]:
    """Problems of a runbook whose steps begin in line 5 (and later by the lines of `head`)."""
    text = "\n".join(["name: r", "title: R", *filter(None, ["model: adaptive", head]), "steps:", *steps])
    with pytest.raises(DefinitionError) as caught:
        parse(text + "\n", filename="r.yaml", known=KNOWN)
    return [str(problem) for problem in caught.value.problems]


def step(fields: str) -> list[str]:
    return problems(f"- {{id: a, title: A, {fields}}}")


CIRCLES = [
    (
        ["- {id: a, title: A, action: manual, section: s}", "- {id: b, title: B, action: manual, needs: [s]}"],
        "sections: [{id: s, title: S, needs: [b]}]",
        "r.yaml:4:30: sections.s.needs: Steps need each other in a circle: a → b → a "
        "(`a` waits for `b` by sections.s.needs). Take one of them away.",
    ),
    (
        [B.replace("}", ", needs: [c]}"), C, WAY.replace("title: Way", "title: Way, needs: [b]")],
        "",
        "Steps need each other in a circle: b → c → way → b (`c` waits for `way` by steps.way.decide.cases.2.go).",
    ),
    (
        [A.replace("}", ", section: s, needs: [b]}"), B.replace("}", ", section: s}")],
        "sections: [{id: s, title: S, model: linear}]",
        "a → b → a (`b` waits for `a` by sections.s.model)",
    ),
    (
        [A.replace("}", ", section: s, needs: [s]}")],
        "sections: [{id: s, title: S}]",
        "r.yaml:6:49: steps.a.needs: `a` stands in section `s`. Name what it waits for inside of it.",
    ),
    (
        [A.replace("}", ", section: s}")],
        "sections: [{id: s, title: S, needs: [a]}]",
        "sections.s.needs: `a` stands in section `s` itself. Name something outside of it.",
    ),
    (
        [A.replace("}", ", section: s}")],
        "sections: [{id: s, title: S, in: t}, {id: t, title: T, in: s}]",
        "sections.s.in: Sections stand in each other in a circle. Take one `in` away.",
    ),
]


@pytest.mark.parametrize(("steps", "head", "expected"), CIRCLES)
def test_a_circle_is_told_with_what_makes_it(steps, head, expected):
    found = problems(*steps, head=head)
    assert any(expected in problem for problem in found), found


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("action: manual, needs: [b]", "steps.a.needs: There is no step `b`."),
        ("action: manual, section: s", "steps.a.section: There is no section `s`."),
        ("action: manual, resources: [db-cluster-b]", "no resource `db-cluster-b`. Did you mean `db-cluster-a`?"),
        ("action: manual, touches: [stor]", "There is no service `stor`. Did you mean `store`?"),
        ("action: manual, deadline: {remind: 1m, to: role:boss}", "steps.a.deadline.to: There is no role `boss`."),
        (f"{POST}, undo: {{action: manual, assign: role:boss}}", "steps.a.undo.assign: There is no role `boss`."),
        ("action: run, with: {runbook: restart-stor}", "no runbook `restart-stor`. Did you mean `restart-store`?"),
        ("action: run, with: {runbook: r}", "steps.a.with.runbook: A runbook that runs itself never ends."),
        ("action: http, with: {url: '{{ env.api }}'}", "`env.api` is no parameter of the environments."),
        ("action: http, with: {url: '{{ inputs.api }}'}", "`inputs.api` is no input. Inputs are: none."),
        ("action: wait, with: {for: 1s}, when: inputs.x", "steps.a.when: `inputs.x` is no input."),
        ("action: wait, with: {for: 1s}, when: item > 1", "steps.a.when: `item` begins with an unknown name."),
        ("action: wait, with: {for: 1s}, when: 'a >'", "steps.a.when: `a >` is no expression: column"),
        ("action: wait, with: {for: '{{ item }}'}", "`item` begins with an unknown name."),
        ("action: watch", "steps.a.action: A watch is no step. Write it under `watches:` of the runbook."),
        ("action: decide", "steps.a.action: It doesn't say what to decide. Add `decide:` with its cases."),
        ("action: undo_run", "steps.a.action: It takes a nested run back. Write it under `undo`"),
    ],
)
def test_what_does_not_exist_is_told(fields, expected):
    assert any(expected in problem for problem in step(fields)), step(fields)


@pytest.mark.parametrize(
    ("decide", "expected"),
    [
        ("{cases: [{id: x}]}", "r.yaml:5:21: steps.a.decide.fallback: It is missing: nothing says what happens when a"),
        ("{cases: [{id: x}]}", "stale or wrong. Write `fallback: human`, or the id of a case: x."),
        ("{cases: [{id: x}], fallback: y}", "steps.a.decide.fallback: There is no case `y`. Write `fallback: human`"),
        ("{fallback: human}", "steps.a.decide.cases: There is nothing to decide."),
        ("{cases: [{id: human}], fallback: human}", "`human` means that a person decides. Give the case another id."),
        ("{cases: [{id: x}, {id: x}], fallback: x}", "steps.a.decide.cases.2.id: `x` stands there twice."),
        (
            "{cases: [{id: x}, {id: y}], fallback: x}",
            "cases.1.when: It is missing, so the cases after this one are never",
        ),
        ("{cases: [{id: x, go: gone}], fallback: x}", "steps.a.decide.cases.1.go: There is no step `gone`."),
        ("{cases: [{id: x, go: a}], fallback: x}", "cases.1.go: A decision can't open itself. Write `back:`"),
        ("{cases: [{id: x, back: gone}], fallback: x}", "steps.a.decide.cases.1.back: There is no step `gone`."),
        ("{cases: [{id: x, go: b, back: b}], fallback: x}", "A case goes on or back, not both."),
        ("{cases: [{id: x, most: 2}], fallback: x}", "cases.1.most: It bounds how often a case goes `back`"),
        ("{by: best, cases: [{id: x}], fallback: x}", "steps.a.decide.cases.1.score: It is missing."),
        ("{by: luck, cases: [{id: x}], fallback: x}", "Found `luck`, expected first (the first case that is true)"),
        ("{cases: [{id: x, score: '1'}], fallback: x}", "whatever its score. Write `by: best`, or leave it out."),
        ("{cases: [{id: x, when: values.lag > 1}], fallback: x}", "`values.lag` is no value. Values are: none."),
        ("{values: {v: {}}, cases: [{id: x}], fallback: x}", "steps.a.decide.values.v: Give one source. There are: "),
        ("{values: {v: 7}, cases: [{id: x}], fallback: x}", "values.v: Found the number 7, expected an expression"),
        ("{values: {v: {probe: {}}}, cases: [{id: x}], fallback: x}", "steps.a.decide.values.v.probe: Give"),
        ("{values: {v: {prometheus: {}}}, cases: [{id: x}], fallback: x}", "values.v.prometheus.query: It is missing."),
        ("{values: {v: outputs.x}, cases: [{id: x}], fallback: x}", "values.v: `outputs.x` begins with an unknown"),
    ],
)
def test_a_decision_that_could_get_stuck_is_refused(decide, expected):
    found = problems(f"- {{id: a, title: A, decide: {decide}}}", "- {id: b, title: B, action: manual}")
    assert any(expected in problem for problem in found), found


def test_what_was_decided_may_be_read_later():
    use = "- {{id: d, title: D, needs: [way], action: wait, with: {{for: 1s}}, when: steps.way.output.{} == 'x'}}"
    text = ["name: r", "title: R", "model: adaptive", "steps:", WAY, B, C]
    assert parse("\n".join([*text, use.format("case")]), filename="r.yaml", known=KNOWN)
    assert "`way` has no output `cas`. Did you mean `case`?" in str(problems(WAY, B, C, use.format("cas")))


def test_a_decision_stands_only_where_the_model_is_adaptive():
    head = "sections: [{id: s, title: S, model: linear}]"
    found = problems(f"- {{id: way, title: Way, section: s, {DECIDE}}}", B, C, head=head)
    expected = "steps.way.decide: A decision stands where the model is adaptive. Write `model: adaptive` for section s."
    assert any(expected in problem for problem in found), found


def test_a_way_back_leads_to_what_was_before():
    way = "- {id: way, title: Way, needs: [a], decide: {cases: [{id: x, back: b}], fallback: human}}"
    assert any(
        "cases.1.back: `b` is not before this decision. Go on with `go: [b]`" in one for one in problems(A, way, B)
    )


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (f"{POST}, retry: {{attempts: 2}}", "steps.a.retry.attempts: It would be done again, and nobody says"),
        (
            f"{POST}, retry: {{attempts: 2}}",
            "Write `idempotent: true` if twice is as good as once; or `override: true`",
        ),
        (f"{POST}, retry: {{attempts: 2, override: true}}", "steps.a.retry.override: Nobody consents to it. Add an"),
        ("action: manual, retry: {attempts: 2}", "steps.a.retry: A person does this step; nobody tries it again"),
        (f"{POST}, retry: {{jitter: 2}}", "steps.a.retry.jitter: Found 2, expected 0 to 1."),
        (f"{POST}, undo: {{{POST}, retry: {{attempts: 2}}}}", "steps.a.undo.retry.attempts: It would be done again"),
        (
            f"{POST}, undo: {{{POST}, retry: {{override: true}}}}",
            "steps.a.undo.retry.override: There is no such field.",
        ),
        (
            f"{POST}, undo: {{{POST}, needs: [b]}}",
            "steps.a.undo.needs: An undo has no order of its own: what came after",
        ),
        (f"{POST}, undo: {{{POST}, when: 'true'}}", "steps.a.undo.when: An undo has no condition"),
        (f"{POST}, undo: {{none: 'no', title: T}}", "There is nothing to do, so nothing else can be said of it."),
        (f"{POST}, undo: {{none: 'no', action: manual}}", "Give either `action`, or `none`"),
        (f"{POST}, until: output.x", 'steps.a.until: It has no bound. Write {condition: "output.x", most: 10,'),
        (f"{POST}, until: {{condition: output.x}}", "steps.a.until: It has no bound."),
        (f"{POST}, until: {{condition: inputs.x, most: 2}}", "It sees only `output`, what the action gave."),
        (f"{POST}, until: {{condition: output.jsn, most: 2}}", "`a` has no output `jsn`. Did you mean `json`?"),
        (f"{POST}, until: {{condition: output.x, most: 9999}}", "steps.a.until.most: Found 9999, expected 1 to 1000."),
        (f"{POST}, for_each: {{in: run.id, most: 5000}}", "steps.a.for_each.most: Found 5000, expected 1 to 1000."),
        (f"{POST}, for_each: {{most: 5}}", "steps.a.for_each.in: It is missing."),
        (
            f"{POST}, for_each: {{in: run.id, as: inputs}}",
            "steps.a.for_each.as: `inputs` means something else already.",
        ),
        (f"{POST}, on_failure: fail_fast", "`fail_fast` is what a group does when one of its steps fails. A step has"),
        ("action: manual, until: {condition: output.x, most: 2}", "steps.a.until: A person does this step"),
        ("action: manual, executor: dmz", "steps.a.executor: A person does this step"),
        (f"{POST}, executor: The DMZ", "steps.a.executor: Found `The DMZ`, expected small letters, digits, - and _"),
        (f"{POST}, deadline: {{remind: 1m}}", "steps.a.deadline: No person does this step, so nobody can be reminded."),
        ("action: manual, deadline: {}", "steps.a.deadline: It says no time."),
        ("action: manual, deadline: {remind: 2m, escalate: 1m}", "The reminder would come after the escalation."),
        (f"{POST}, lock_wait: 1m", "steps.a.lock_wait: It locks nothing."),
        (f"{POST}, not_before: '25:00'", 'steps.a.not_before: Found `25:00`, expected a moment. Write "22:00"'),
        (f"{POST}, not_before: '2026-11-21T22:00:00'", "is another moment in each time zone."),
        (f"{POST}, check: {{}}", "steps.a.check: Give"),
        (f"{POST}, within: 0s", "steps.a.within: Found 0, expected more."),
        ("action: wait, with: {for: 1s}, decide: {}", "Found `wait`, but a step with `decide` does nothing else."),
        ("verify: {tcp: 'a:1'}, decide: {cases: [{id: x}], fallback: x}", "verify: A decision does nothing itself."),
    ],
)
def test_a_rule_that_can_not_hold_is_refused(fields, expected):
    assert any(expected in problem for problem in step(fields)), step(fields)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("on_failure: pause", "r.yaml:4:1: on_failure: A step pauses for a person, a group can't. Write continue"),
        ("on_failure: quorum", "It doesn't say how many branches must pass. Write {quorum: 7}, say."),
        ("on_failure: {rest: cancel}", "on_failure.quorum: It is missing."),
        ("on_failure: {quorum: 0}", "on_failure.quorum: Found 0, expected 1 to 10000."),
        (
            "on_failure: {quorum: 1, otherwise: stop}",
            "Found `stop`, expected continue (a person assesses) or fail_fast",
        ),
        ("on_failure: {quorum: 3}", "r.yaml:4:14: on_failure.quorum: It asks for 3 of 2 branches. Write at most 2."),
        ("inputs: {x: {choices: []}}", "inputs.x.choices: There is nothing to choose."),
        (
            "inputs: {x: {choices: [1]}}",
            "inputs.x.choices: Item 1: found the number 1, expected a value of type string.",
        ),
        ("inputs: {x: {choices: [a], default: b}}", "inputs.x.default: `b` is none of the choices. They are: a."),
        ("inputs: {x: {type: list, default: [[1]]}}", "Item 1: found a list, expected a text, number or truth value."),
        ("inputs: {x: {type: list, default: 7}}", "inputs.x.default: Found the number 7, expected a list."),
        (
            "environments: {p: {api: 1}, t: {apis: 1}}",
            "environments.p: `apis` is missing; `t` has it. Did you mean `api`",
        ),
        ("environments: {p: 1}", "environments.p: Found the number 1, expected parameters with values."),
        ("environments: {P: {}}", "environments.P: Found `P`, expected small letters, digits, - and _"),
        ("sections: [{id: a, title: A}]", "sections.a.id: The step of line 6 has this id too."),
        ("sections: [{id: s, title: S, in: t}]", "sections.s.in: There is no section `t`. Known: s."),
        ("sections: [{id: s, title: S, needs: [x]}]", "sections.s.needs: There is no step or section `x`."),
        ("sections: [{id: s, title: S}, {id: t, title: T, needs: [s]}]", "Section `s` has no step. Name a step, or"),
        ("watches: [{id: w, title: W, when: 'true'}]", "watches.w: It says nothing to do. Give one of skip, hold and"),
        ("watches: [{id: w, title: W, when: 'true', skip: a, hold: b}]", "watches.w: It says skip and hold."),
        ("watches: [{id: w, title: W, when: 'true', skip: x}]", "watches.w.skip: There is no step `x`."),
        ("watches: [{id: w, title: W, when: values.x, skip: a}]", "watches.w.when: `values.x` is no value."),
        ("watches: [{id: w, title: W, when: 'true', skip: a, mode: now}]", "Found `now`, expected propose (the"),
        ("watches: [{id: w, title: W, when: 'true', skip: a, every: 1ms}]", "expected at least 1 s."),
        (
            "watches: [{id: w, title: W, when: steps.a.output.x > 1, skip: b}]",
            "`steps.a.output.x`: step `a` need not be over yet. Ask first: has(steps.a) && …",
        ),
    ],
)
def test_a_mistake_around_the_steps_is_refused(head, expected):
    found = problems(A, B, head=head)
    assert any(expected in problem for problem in found), found


def test_the_quorum_of_a_section_counts_its_branches():
    head = "sections: [{id: s, title: S, on_failure: {quorum: 2}}]"
    steps = [A.replace("}", ", section: s}"), B.replace("}", ", section: s, needs: [a]}")]
    assert "r.yaml:4:43: sections.s.on_failure.quorum: It asks for 2 of one branch. Steps that are tied by" in str(
        problems(*steps, C, head=head)
    )


def test_a_list_is_no_part_of_a_text():
    head, note = "inputs: {x: {type: list}}", "- {{id: a, title: A, action: note, with: {{text: '{}'}}}}"
    assert "steps.a.with.text: `inputs.x` is a list and can't become part of a text. Loop over it with" in str(
        problems(note.format("Hosts: {{ inputs.x }}"), head=head)
    )


def test_a_loop_wants_a_list():
    found = problems("- {id: a, title: A, action: manual, for_each: inputs.x}", head="inputs: {x: {type: string}}")
    assert any("steps.a.for_each: `inputs.x` is no list. Declare it with `type: list`" in problem for problem in found)
