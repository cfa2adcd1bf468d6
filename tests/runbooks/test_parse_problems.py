"""Every mistake is told with file, line, column, field and what would be right; and all of them at once."""

import pickle
import textwrap

import pytest

from runbooks.definitions import DefinitionError, Known, parse

KNOWN = Known(
    actions=frozenset({"manual", "http", "probe", "wait"}),
    roles=frozenset({"commander", "scribe"}),
    services=frozenset({"store", "api", "edge"}),
    users=frozenset({"lena"}),
)
A = "{id: a, title: A, action: manual}"


def problems(text: str, known: Known | None = KNOWN) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        parse(textwrap.dedent(text).strip() + "\n", filename="r.yaml", known=known)
    return [str(problem) for problem in caught.value.problems]


def with_step(step: str) -> list[str]:
    """Problems of a runbook whose line 4 is this step (flow style, without braces)."""
    return problems(f"name: r\ntitle: R\nsteps:\n- {{{step}}}")


def test_all_problems_come_at_once_in_the_order_of_the_lines():
    found = problems(
        """
        name: Bad Name
        titel: R
        inputs: {n: {type: int}}
        steps:
          - {id: a, title: A, action: manual, needs: [b]}
          - {id: b, title: B, action: htpp, needs: [a]}
        """
    )
    places = [problem.split(": ")[0] for problem in found]
    assert places == ["r.yaml:1:1", "r.yaml:1:1", "r.yaml:2:1", "r.yaml:3:14", "r.yaml:5:39", "r.yaml:6:23"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("titel: R", "r.yaml:1:1: titel: There is no such field. Did you mean `title`?"),
        ("name: r\nsteps: []", "r.yaml:1:1: title: It is missing. Add `title:` with a text."),
        ("name: r\ntitle: R", "r.yaml:1:1: steps: There is no step. Add `steps:` with at least one."),
        ("name: r\ntitle: R\nsteps: {}", "r.yaml:3:1: steps: Found fields, expected a list."),
        ("name: 7", 'r.yaml:1:1: name: Found the number 7, expected a text. Write "7" in quotes.'),
        ("title: ''", "r.yaml:1:1: title: It is empty. Write a text."),
        ("strategy: x", "strategy: There is no such field. It is called `on_failure`."),
        ("model: paralel", "Found `paralel`, expected one of linear, parallel, adaptive. Did you mean `parallel`?"),
        ("inputs: {a-b: {}}", "r.yaml:1:10: inputs.a-b: Found `a-b`, expected small letters, digits and _"),
        ("inputs: [a]", "r.yaml:1:1: inputs: Found a list, expected names with fields."),
        ("inputs: {n: {default: 7}}", "inputs.n.default: Found the number 7, expected a value of type string."),
        ("inputs: {n: {required: true, default: x}}", "An input with a default is never missing."),
        ("sections: [{id: a, title: A, model: fast}]", "sections.a.model: Found `fast`, expected one of linear,"),
        ("sections: [{id: a, title: A}, {id: a, title: B}]", "sections.2.id: `a` stands there twice."),
        (f"steps: [{A}, {A}]", "steps.a.id: The step of line 1 has this id too. Ids are unique."),
        (f"steps: [{A[:-1]}, needs: [a]}}]", "steps.a.needs: Steps need each other in a circle: a → a."),
        ("title: " + "x" * 121, "title: It has 121 characters; the limit is 120."),
    ],
)
def test_a_mistake_at_the_top_is_told(text, expected):
    assert any(expected in problem for problem in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("title: A, action: manual", "steps.1.id: It is missing."),
        ("id: re-start, title: A, action: manual", "r.yaml:4:4: steps.re-start.id: Found `re-start`, expected small"),
        ("id: in, title: A, action: manual", "steps.in.id: `in` is a word of the expression language."),
        (
            "id: a, title: 1.10, action: manual",
            'the number 1.1 (written 1.10), expected a text. Write "1.10" in quotes.',
        ),
        (
            "id: a, title: A, action: htpp",
            "r.yaml:4:21: steps.a.action: There is no action `htpp`. Did you mean `http`?",
        ),
        (
            "id: a, title: A, action: manual, needs: b",
            "steps.a.needs: Found the text `b`, expected a list. Write needs: [b].",
        ),
        ("id: a, title: A, action: manual, needs: [b]", "r.yaml:4:37: steps.a.needs: There is no step `b`. Known: a."),
        ("id: a, title: A, action: manual, needs: [7]", "Item 1: found the number 7, expected a name."),
        ("id: a, title: A, action: manual, needs: [b, b]", "`b` stands there twice."),
        (
            "id: a, title: A, action: manual, section: s",
            "steps.a.section: There is no section `s`. There is no section.",
        ),
        (
            "id: a, title: A, action: manual, when: x",
            "steps.a.when: `x` begins with an unknown name. There are: inputs,",
        ),
        ("id: a, title: A, action: manual, for_each: x", "steps.a.for_each: `x` begins with an unknown name."),
        ("id: a, title: A, action: manual, steps: []", "steps.a.steps: A step holds no steps. Put them into a section"),
        (
            "id: a, title: A, action: manual, timeout: soon",
            "Found 'soon', expected a length of time such as 30s, 5m or 1h.",
        ),
        ("id: a, title: A, action: manual, timeout: 8d", "Found '8d', expected a length of time"),
        ("id: a, title: A, action: manual, timeout: 0s", "steps.a.timeout: Found 0, expected more."),
        (
            "id: a, title: A, action: manual, timeout: 12:30",
            "`12:30` without quotes is not the same to every YAML reader.",
        ),
        ("id: a, title: A, action: manual, idempotent: no", 'Write "no" in quotes, or false for a truth value.'),
        ("id: a, title: A, action: manual, idempotent: 1", "Found the number 1, expected true or false."),
        (
            "id: a, title: A, action: manual, retry: 3",
            "steps.a.retry: Found the number 3, expected fields. Fields are: attempts",
        ),
        (
            "id: a, title: A, action: manual, retry: {attempts: 99}",
            "steps.a.retry.attempts: Found 99, expected 1 to 20.",
        ),
        (
            "id: a, title: A, action: manual, retry: {attempts: true}",
            "Found the truth value true, expected an integer.",
        ),
        ("id: a, title: A, action: manual, retry: {attempts: 2.5}", "Found the number 2.5, expected an integer."),
        ("id: a, title: A, action: manual, assign: boss", "Found `boss`, which names nobody. Write role:commander"),
        (
            "id: a, title: A, action: manual, assign: role:comander",
            "There is no role `comander`. Did you mean `commander`?",
        ),
        ("id: a, title: A, action: manual, assign: owner:stor", "There is no service `stor`. Did you mean `store`?"),
        ("id: a, title: A, action: manual, assign: user:max", "There is no user `max`. Known: lena."),
        (
            "id: a, title: A, action: manual, touches: [sture]",
            "steps.a.touches: There is no service `sture`. Did you mean `store`?",
        ),
        ("id: a, title: A, action: manual, approval: {}", "steps.a.approval.reason: It is missing."),
        (
            "id: a, title: A, action: manual, undo: {}",
            "Give either `action`, or `none` with the reason why it can't be undone.",
        ),
        ("id: a, title: A, action: manual, undo: {action: http}", "steps.a.undo.url: http needs `url`."),
        ("id: a, title: A, action: manual, verify: {}", "steps.a.verify: Give"),
        (
            "id: a, title: A, action: manual, verify: {tcp: 'a:1', for: 2m}",
            "It must hold for 120 s, but has only 60 s in all.",
        ),
        (
            "id: a, title: A, action: manual, verify: {tpc: 'a:1'}",
            "steps.a.verify.tpc: There is no such field. Did you mean `tcp`?",
        ),
        ("id: a, title: A, action: http", "r.yaml:4:3: steps.a.url: http needs `url`. Add it: where to"),
        ("id: a, title: A, action: http, with: {}", "r.yaml:4:35: steps.a.with.url: http needs `url`."),
        (
            "id: a, title: A, action: http, with: {ulr: http://x}",
            "steps.a.with.ulr: There is no such field. Did you mean `url`?",
        ),
        ("id: a, title: A, action: http, with: {url: 7}", "steps.a.with.url: Found int 7, expected str."),
        (
            "id: a, title: A, action: http, with: {url: x, method: FETCH}",
            "steps.a.with.method: Found 'FETCH', expected one of",
        ),
        (
            "id: a, title: A, action: http, with: {url: x, body: '1', json: 1}",
            "steps.a.with.body: Give json or body, not both.",
        ),
        ("id: a, title: A, action: http, with: x", "steps.a.with: Found the text `x`, expected fields."),
        ("id: a, title: A, action: http, with: {url: x, json: {when: 2026-01-01}}", "`2026-01-01` without quotes"),
        ("id: a, title: A, action: http, with: {url: x, json: 9007199254740993}", "is too large to be exact."),
        (
            "id: a, title: A, action: manual, with: {x: 1}",
            "steps.a.with.x: There is no such field. manual has no fields.",
        ),
        (
            "id: a, title: A, action: wait, with: {for: never}",
            "steps.a.with.for: Found 'never', expected a length of time",
        ),
        (
            "id: a, title: A, action: manual, outputs: [{name: x}, {name: x}]",
            "steps.a.outputs.2.name: `x` stands there twice.",
        ),
        (
            "id: a, title: A, action: manual, outputs: [{name: X}]",
            "steps.a.outputs.1.name: Found `X`, expected small letters",
        ),
        (
            "id: a, title: A, action: manual, id: b",
            "r.yaml:4:37: id: The key stands in line 4 already. Keep one of them.",
        ),
    ],
)
def test_a_mistake_in_a_step_is_told(step, expected):
    assert any(expected in problem for problem in with_step(step)), with_step(step)


def test_a_field_with_a_template_is_judged_when_its_value_is_known():
    text = """
        name: r
        title: R
        inputs: {m: {type: string}, t: {type: integer}}
        steps:
          - {id: a, title: A, action: http, with: {url: "http://{{ inputs.m }}/", method: "{{ inputs.m }}"}}
          - {id: b, title: B, action: wait, with: {for: "{{ inputs.t }}m"}}
        """
    assert parse(textwrap.dedent(text), filename="r.yaml").by_id["b"].with_ == {"for": "{{ inputs.t }}m"}
    wrong = text.replace('method: "{{ inputs.m }}"', 'method: "{{ inputs.m }}", body: x, json: 1')
    assert any("Give json or body, not both" in problem for problem in problems(wrong))
    wrong = text.replace('url: "http://{{ inputs.m }}/"', "url: x, headers: [a]")
    assert any("steps.a.with.headers: Expected names and values." in problem for problem in problems(wrong))


def test_a_longer_circle_is_named_along_its_way():
    found = problems(
        """
        name: r
        title: R
        steps:
          - {id: a, title: A, action: manual, needs: [d]}
          - {id: b, title: B, action: manual, needs: [a]}
          - {id: c, title: C, action: manual, needs: [b]}
          - {id: d, title: D, action: manual, needs: [c]}
          - {id: e, title: E, action: manual, needs: [d]}
        """
    )
    assert found == [
        "r.yaml:4:39: steps.a.needs: Steps need each other in a circle: a → d → c → b → a. Take one need away."
    ]


def test_names_outside_are_checked_only_where_they_are_known():
    text = f"name: r\ntitle: R\nsteps: [{A[:-1]}, touches: [gone], assign: user:gone}}]"
    assert len(problems(text)) == 2
    assert parse(text, filename="r.yaml").steps[0].touches == ("gone",)


def test_a_flood_of_problems_is_cut():
    fields = "\n".join(f"wrong{n}: 1" for n in range(300))
    assert len(problems(fields)) == 100


def test_the_error_reads_line_by_line_and_survives_pickling():
    with pytest.raises(DefinitionError) as caught:
        parse("titel: R\n", filename="r.yaml")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert str(copy) == str(caught.value)
    assert str(copy).splitlines()[0].startswith("r.yaml:1:1: ")
    assert (copy.code, copy.status) == ("bad_definition", 422)
