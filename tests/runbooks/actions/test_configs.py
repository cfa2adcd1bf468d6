"""What is wrong with an action's fields is told when the runbook is read: with line, field and remedy."""

import pytest

from runbooks.definitions import DefinitionError, parse

HEAD = "name: x\ntitle: X\ninputs:\n  host: {type: string}\n  most: {type: integer}\nsteps:\n"


def problems(step: str) -> list[str]:
    text = f"{HEAD}  - id: a\n    title: A\n{step}\n"
    try:
        parse(text, filename="x.yaml")
    except DefinitionError as error:
        return [str(problem) for problem in error.problems]
    return []


def action(kind: str, with_: str) -> str:
    return f"    action: {kind}\n    with: {with_}"


def verify(given: str) -> str:
    return f"    action: manual\n    verify: {given}"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (action("command", "{}"), "x.yaml:10:"),
        (action("command", "{}"), "steps.a.with.run: command needs `run`. Add it: name of a command in the toolbox"),
        (action("command", "{run: df -h}"), "x.yaml:10:12: steps.a.with.run: Found 'df -h', expected a list of texts."),
        (action("command", "{run: [df], shell: true}"), "steps.a.with.shell: There is no such field."),
        (
            action("command", "{run: [df], expct: 0}"),
            "with.expct: There is no such field. Did you mean `expect`?",
        ),
        (
            action("ansible", "{project: net, playbook: ../x.yml}"),
            "with.playbook: Found '../x.yml', expected a",
        ),
        (action("ansible", '{project: net, playbook: "{{ inputs.host }}.yml"}'), "`playbook` is read as it stands"),
        (
            action("sql", '{connection: o, query: "select {{ inputs.host }}"}'),
            "steps.a.with.query: `query` is read as it stands; nothing is filled in here. Give values apart",
        ),
        (
            action("sql", "{connection: o, query: delete from x}"),
            "with.query: Found 'delete from x', expected one",
        ),
        (action("sql", '{connection: o, query: "select :n"}'), "steps.a.with: :n of the query is missing"),
        (action("notify", "{to: 'slack://token', text: x}"), "expected names of targets, never addresses"),
        (
            action("webhook", "{url: 'https://x', secret: whsec_abc, type: t}"),
            "steps.a.with.secret: `secret` stands in the runbook for everybody to read. Write {{ secrets.<name> }}.",
        ),
        (action("webhook", "{url: 'https://x', secret: '{{ inputs.host }}', type: t}"), "for everybody to read"),
        (action("note", "{text: ' '}"), "steps.a.with.text: Found nothing, expected a sentence."),
        (verify("{tls: {address: x, dayz: 3}}"), "x.yaml:10:32: steps.a.verify.tls.dayz: There is no such field."),
        (verify("{sql: {connection: o, query: select 1}}"), "steps.a.verify.sql.expect: sql needs `expect`."),
        (
            verify("{sql: {connection: o, query: 'select {{ inputs.most }}', expect: 'true'}}"),
            "steps.a.verify.sql.query: `query` is read as it stands",
        ),
        (
            verify("{prometheus: {query: up, expect: value <}}"),
            "verify.prometheus.expect: `value <` is no",
        ),
        (
            verify("{log: {file: app.log, matches: x}}"),
            "verify.log.file: Found 'app.log', expected a full path.",
        ),
        (verify("{log: {file: /a, matches: '(?=x)'}}"), "expected a pattern as RE2 knows them"),
        (verify("{dns: {name: x, type: ANY}}"), "steps.a.verify.dns.type: Found 'ANY', expected one of A, AAAA"),
        (verify("{command: {run: []}}"), "steps.a.verify.command.run: Found nothing, expected the name of a command."),
    ],
)
def test_a_mistake_is_told_with_its_place(step, expected):
    assert any(expected in problem for problem in problems(step)), problems(step)


@pytest.mark.parametrize(
    "step",
    [
        action("command", '{run: [df, "{{ inputs.host }}", "{{ inputs.most }}"]}'),
        action("ansible", '{project: n, playbook: a.yml, vars: {n: "{{ inputs.most }}"}, limit: "{{ inputs.host }}"}'),
        action("sql", '{connection: "{{ inputs.host }}", query: "select :n", params: {n: "{{ inputs.most }}"}}'),
        action("notify", '{to: "{{ inputs.host }}", text: "{{ inputs.host }} is down"}'),
        action("webhook", '{url: "https://{{ inputs.host }}/", secret: "{{ secrets.hook }}", type: a.b}'),
        verify('{dns: {name: "{{ inputs.host }}", expect: ["{{ inputs.host }}"]}}'),
        verify('{tls: {address: "{{ inputs.host }}:443", days: "{{ inputs.most }}"}}'),
        verify('{prometheus: {query: "up{instance=\\"{{ inputs.host }}\\"}", expect: "value == 1.0"}, for: 10s}'),
        verify('{log: {file: "/var/log/{{ inputs.host }}.log", matches: "ready {{ inputs.host }}"}, within: 2m}'),
        verify(
            '{sql: {connection: o, query: "select :n", params: {n: "{{ inputs.most }}"}, expect: "true"}, flaps: 0}'
        ),
    ],
)
def test_a_value_that_is_not_known_yet_waits_for_its_run(step):
    assert problems(step) == []
