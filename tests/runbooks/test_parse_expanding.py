"""Models, sections and decisions become needs of steps: enough of them, and no more."""

import textwrap

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.definitions import parse
from runbooks.definitions.expanding import edges_of, linearised, ties_of
from runbooks.definitions.tree import Tree
from runbooks.engine.model import Case, Decision, Definition, Model, Section, Step


def needs(text: str) -> dict[str, set[str]]:
    """Edges of a runbook with these sections and steps."""
    definition = parse(f"name: r\ntitle: R\n{textwrap.dedent(text)}", filename="r.yaml")
    return {step.id: set(step.needs) for step in definition.steps}


def test_a_linear_runbook_needs_whole_sections_one_after_the_other():
    found = needs(
        """
        model: linear
        sections:
          - {id: one, title: One, model: parallel}
          - {id: two, title: Two, model: parallel}
        steps:
          - {id: a, title: A, section: one, action: manual}
          - {id: b, title: B, section: one, action: manual}
          - {id: c, title: C, section: one, needs: [b], action: manual}
          - {id: d, title: D, section: two, action: manual}
          - {id: e, title: E, section: two, needs: [d], action: manual}
          - {id: f, title: F, action: manual}
        """
    )
    assert found == {"a": set(), "b": set(), "c": {"b"}, "d": {"a", "c"}, "e": {"d"}, "f": {"e"}}


def test_sections_are_nested_to_any_depth_and_take_the_model_around_them():
    found = needs(
        """
        sections:
          - {id: out, title: Out, model: linear}
          - {id: mid, title: Mid, in: out}
          - {id: deep, title: Deep, in: mid, model: parallel}
        steps:
          - {id: a, title: A, section: mid, action: manual}
          - {id: b, title: B, section: deep, action: manual}
          - {id: c, title: C, section: deep, action: manual}
          - {id: d, title: D, section: mid, action: manual}
          - {id: e, title: E, section: out, action: manual}
          - {id: f, title: F, action: manual}
        """
    )
    assert found == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}, "e": {"d"}, "f": set()}


def test_steps_need_sections_and_sections_need_steps():
    found = needs(
        """
        sections:
          - {id: s, title: S, needs: [a]}
        steps:
          - {id: a, title: A, action: manual}
          - {id: b, title: B, section: s, action: manual}
          - {id: c, title: C, section: s, needs: [b], action: manual}
          - {id: d, title: D, section: s, action: manual}
          - {id: e, title: E, needs: [s], action: manual}
        """
    )
    assert found == {"a": set(), "b": {"a"}, "c": {"b"}, "d": {"a"}, "e": {"c", "d"}}


def test_what_a_decision_opens_needs_it_and_side_doors_do_too():
    found = needs(
        """
        model: adaptive
        sections: [{id: s, title: S}]
        steps:
          - {id: x, title: X, action: manual}
          - {id: way, title: Way, decide: {cases: [{id: s, when: "true", go: [s]}, {id: b, go: b}], fallback: human}}
          - {id: a, title: A, section: s, action: manual}
          - {id: side, title: Side, section: s, needs: [a, x], action: manual}
          - {id: last, title: Last, section: s, needs: [side], action: manual}
          - {id: b, title: B, action: manual}
        """
    )
    assert found["a"] == {"way"}
    assert found["side"] == {"a", "x", "way"}  # else `x` alone would let it in when the section is bypassed
    assert found["last"] == {"side"}
    assert found["b"] == {"way"}


def test_a_watch_names_steps_in_the_end():
    text = """
        name: r
        title: R
        sections: [{id: s, title: S}]
        watches: [{id: w, title: W, when: "true", skip: [s, c]}]
        steps:
          - {id: a, title: A, section: s, action: manual}
          - {id: b, title: B, section: s, action: manual}
          - {id: c, title: C, action: manual}
        """
    assert parse(textwrap.dedent(text), filename="r.yaml").watches[0].steps == ("a", "b", "c")


def test_a_linearised_plan_is_one_chain_in_the_order_of_the_plan():
    steps = [Step("c", "C", "manual", needs=("b",)), Step("a", "A", "manual"), Step("b", "B", "manual")]
    found = linearised(Definition("r", "R", tuple(steps)))
    assert {step.id: step.needs for step in found.steps} == {"c": ("b",), "a": (), "b": ("a",)}
    assert [step.id for step in found.plan_order] == ["a", "b", "c"]


def test_the_chain_of_a_plan_with_decisions_says_nothing_about_bypassing():
    decide = Decision((Case("one", go=("a",)), Case("two", go=("b",))))
    steps = (
        Step("way", "Way", "decide", decide=decide),
        Step("a", "A", "manual", needs=("way",)),
        Step("b", "B", "manual", needs=("way",)),
        Step("c", "C", "manual", needs=("a",)),
    )
    found = linearised(Definition("r", "R", steps))
    assert {step.id: (step.needs, step.after) for step in found.steps} == {
        "way": ((), ()),
        "a": (("way",), ()),
        "b": (("way",), ("a",)),
        "c": (("a",), ("b",)),
    }


@st.composite
def outlines(draw: st.DrawFn) -> Definition:
    """Sections in sections, each with a model, and needs of steps and sections on earlier ones."""
    models = st.sampled_from([None, Model.LINEAR, Model.PARALLEL])
    sections: list[Section] = []
    for index in range(draw(st.integers(0, 5))):
        inside = draw(st.sampled_from(["", *(section.id for section in sections)]))
        sections.append(Section(f"S{index}", "S", inside, draw(models)))
    names = ["", *(section.id for section in sections)]
    steps = [
        Step(f"s{index}", "T", "manual", section=draw(st.sampled_from(names)))
        for index in range(draw(st.integers(1, 9)))
    ]
    definition = Definition("r", "R", tuple(steps), sections=tuple(sections), model=draw(models) or Model.PARALLEL)
    ids = [step.id for step in steps]
    wanted = draw(st.sets(st.tuples(st.sampled_from(ids), st.sampled_from([*ids, *names[1:]])), max_size=6))
    return with_needs(definition, wanted)


def with_needs(definition: Definition, wanted: set[tuple[str, str]]) -> Definition:
    """Takes the needs that name something with steps, outside of the step's own sections."""
    tree, found = Tree(definition), {step.id: step for step in definition.steps}
    for id_, other in sorted(wanted):
        is_outside = other != id_ and other not in tree.around(id_)
        if is_outside and (other in found or tree.members.get(other)):
            step = found[id_]
            found[id_] = Step(step.id, "T", "manual", section=step.section, needs=(*step.needs, other))
    return Definition("r", "R", tuple(found.values()), sections=definition.sections, model=definition.model)


def closure(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    found = {step: set(needed) for step, needed in edges.items()}
    for _ in found:
        for step, needed in found.items():
            found[step] = needed.union(*(found[need] for need in needed))
    return found


@settings(max_examples=400, deadline=None)
@given(outlines())
def test_entries_and_exits_order_the_steps_exactly_as_all_pairs_would(definition):
    tree = Tree(definition)
    pairs: dict[str, set[str]] = {step.id: set() for step in definition.steps}
    for tie in ties_of(definition, tree):
        for after in tree.steps_of([tie.after]):
            pairs[after] |= set(tree.steps_of([tie.before]))
    edges = {step: set(needed) for step, needed in edges_of(definition).items()}
    wanted = closure(pairs)
    if any(step in needed for step, needed in wanted.items()):
        assert any(step in needed for step, needed in closure(edges).items())  # a circle stays one
    else:
        assert closure(edges) == wanted
        assert all(edges[step] <= pairs[step] for step in edges)
