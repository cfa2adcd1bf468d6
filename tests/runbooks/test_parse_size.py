"""How much a definition may hold, and how long the largest ones take to read."""

import time

import pytest

from config.parsers import LARGEST_BODY
from runbooks import services
from runbooks.definitions import DefinitionError, parse
from runbooks.definitions.parser import MOST_STEPS
from runbooks.definitions.source import LARGEST, MOST_NODES

HEAD = "name: r\ntitle: R\nmodel: {model}\nsteps:\n"
REAL = """  - id: s{n}
    title: Restart host {n}
    needs: [{need}]
    action: http
    with: {{method: POST, url: "http://control.bank.example/hosts/{n}/restart", json: {{force: true}}}}
    idempotent: true
    retry: {{attempts: 3, delay: 1s}}
    verify: {{http: "http://host{n}.bank.example/healthz", within: 1m}}
    undo: {{none: "A restart is over when it is over."}}
"""


def problems(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse(text, filename="r.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("model", "steps"),
    [
        ("linear", 500),
        ("parallel", MOST_STEPS),
        pytest.param("linear", MOST_STEPS, marks=pytest.mark.slow),
    ],
)
def test_large_plans_parse(model, steps, capsys):
    needs = [f"s{n - 1}" if n and model == "parallel" else "" for n in range(steps)]
    text = HEAD.format(model=model) + "".join(REAL.format(n=n, need=need) for n, need in enumerate(needs))
    began, cpu = time.perf_counter(), time.process_time()
    definition = parse(text, filename="r.yaml")
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    with capsys.disabled():
        print(
            f"\nparse of {steps} {model} steps, {len(text) / 1e6:.1f} MB: {took_s:.2f} s, of them {cpu_s:.2f} s of CPU"
        )
    assert len(definition.steps) == steps
    assert all(step.needs == ((f"s{n - 1}",) if n else ()) for n, step in enumerate(definition.steps))


def test_references_over_a_long_chain_are_checked_in_reasonable_time(capsys):
    url = '"http://x/{{ steps.s0.output.json.a }}"'
    steps = "".join(
        f"  - {{id: s{n}, title: T, action: http, with: {{url: {url if n else 'x'}}}}}\n" for n in range(5000)
    )
    began = time.perf_counter()
    assert len(parse(HEAD.format(model="linear") + steps, filename="r.yaml").steps) == 5000
    with capsys.disabled():
        print(f"\nparse of 5,000 steps that all read one output: {time.perf_counter() - began:.2f} s")


def test_more_than_10_000_steps_are_refused():
    steps = "".join(f"- {{id: s{n}, title: T, action: manual}}\n" for n in range(MOST_STEPS + 1))
    assert "There are 10001 steps; the limit is 10000." in problems(HEAD.format(model="linear") + steps)


def test_a_text_of_many_small_values_is_refused_before_it_fills_the_memory():
    text = "x: [" + "1," * (MOST_NODES + 1) + "]"
    assert len(text) < LARGEST
    began = time.perf_counter()
    assert f"It has more than {MOST_NODES} values. Split it into several runbooks." in problems(text)
    assert time.perf_counter() - began < 30


def test_two_wide_sections_in_a_row_are_refused_where_every_pair_would_be_tied():
    sections = "sections: [{id: a, title: A, model: parallel}, {id: b, title: B, model: parallel}]\n"
    steps = "".join(f"- {{id: {s}{n}, title: T, section: {s}, action: manual}}\n" for s in "ab" for n in range(320))
    found = problems(f"name: r\ntitle: R\nmodel: linear\n{sections}steps:\n{steps}")
    assert found.startswith("r.yaml:3:1: model: Between `a` and `b` the plan gets more than 100000 edges. Put one step")


def test_a_large_runbook_is_saved_over_the_api(client, author, payments_team):
    runbook = services.make_runbook("r", "R", payments_team, actor=author)
    steps = "".join(f"  - {{id: s{n}, title: {'T' * 115}, action: manual}}\n" for n in range(8_000))
    source = HEAD.format(model="linear") + steps
    assert len(source) > LARGEST_BODY
    client.force_login(author)
    body = {"source": source}
    answer = client.post(f"/api/v1/runbooks/{runbook.slug}/versions", body, content_type="application/json")
    assert answer.status_code == 201, answer.content[:300]
    answer = client.post(
        f"/api/v1/runbooks/{runbook.slug}/versions", {"source": "#" * (LARGEST + 1)}, content_type="application/json"
    )
    assert answer.status_code == 422
    assert f"the limit is {LARGEST}" in answer.content.decode()
