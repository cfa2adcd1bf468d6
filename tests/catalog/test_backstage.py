"""Reading Backstage files: references in all their forms, and bad input with file, line and what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import backstage, yaml_text
from catalog.backstage import Ref
from catalog.errors import UnreadableFile

HEAD = "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n  owner: crew\n"


def read(text: str | bytes, file: str = "catalog-info.yaml") -> backstage.Parsed:
    return backstage.parse(text.encode() if isinstance(text, str) else text, file)


def refs(line: str, namespace: str = "") -> list[str]:
    text = HEAD.format(kind="Component", name="a") + f"  dependsOn: [{line}]\n"
    if namespace:
        text = text.replace("  name: a", f"  name: a\n  namespace: {namespace}")
    parsed = read(text)
    assert parsed.refusals == []
    return [str(candidate) for candidate in parsed.entities[0].relations[0].other.candidates]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("resource:artists-db", "resource:default/artists-db"),
        ("'Component:Other/Thing'", "component:other/thing"),
        ("other/thing", "component:other/thing"),
        ("thing", "component:default/thing"),
    ],
)
def test_a_reference_may_leave_out_kind_and_namespace(written, meant):
    assert refs(written)[0] == meant


def test_a_missing_namespace_is_that_of_the_entity():
    assert refs("thing", namespace="shop")[0] == "component:shop/thing"


def test_a_missing_kind_may_mean_several():
    assert {ref.split(":")[0] for ref in refs("thing")} == {"component", "resource", "api", "system"}


def test_scalars_stay_as_they_were_written():
    [entity] = read(HEAD.format(kind="Component", name="1.10") + "  type: on\n").entities
    assert entity.ref == Ref("component", "default", "1.10")


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a: &x [1]\nb: *x\n", 2, "alias"),
        ("a: [1\nb: 2\n", 2, "isn't YAML"),
        ("a: 1\na: 2\n", 2, "stands in line 1 already"),
        ("? [a]\n: 1\n", 1, "a key must be text"),
        ("[" * 21, 1, "nested more than 20"),
        (b"a: \xff\xfe\n", 1, "isn't UTF-8"),
        ("a: \x07\n", 0, "isn't YAML"),
        ("- 1\n" * (yaml_text.MOST_NODES + 1), yaml_text.MOST_NODES, "more than 100,000 values"),
        ("---\na\n" * (yaml_text.MOST_DOCUMENTS + 1), 4001, "more than 2,000 documents"),
        ("#" * (yaml_text.LARGEST_FILE + 1), 0, "the limit is 1,048,576"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(text, line, why):
    with pytest.raises(UnreadableFile, match=why) as caught:
        read(text)
    assert caught.value.line == line
    assert str(caught.value).startswith("catalog-info.yaml")


def test_a_yaml_bomb_is_refused_before_it_grows():
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for one, two in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{two}: &{two} [{','.join([f'*{one}'] * 9)}]\n"
    with pytest.raises(UnreadableFile, match=r"line 2: it uses the alias \*a"):
        read(bomb)


@pytest.mark.parametrize(
    ("change", "line", "why"),
    [
        (("apiVersion: backstage.io/v1alpha1", "apiVersion: v1"), 1, "expected backstage.io/v1alpha1"),
        (("apiVersion: backstage.io/v1alpha1\n", ""), 1, "apiVersion must be text"),
        (("kind: Component", "kind: Template"), 2, "taken are: Group, User, Component"),
        (("  name: a", "  name: a b"), 4, "expected 1 to 63 letters"),
        (("  name: a", "  name: [a]"), 4, "name must be text"),
        (("  name: a", "  title: a"), 4, "name must be text"),
        (("  owner: crew", "  owner:"), 6, "spec.owner is missing"),
        (("  owner: crew", "  owner: 'a b'"), 6, "isn't a reference"),
        (("  owner: crew", "  owner: {team: crew}"), 6, "must hold references such as group:default/name"),
        (("spec:\n  owner: crew", "spec: none"), 5, "spec must be a mapping"),
        (("  owner: crew", '  owner: crew\n  type: "a\\0"'), 7, "NUL"),
        (("  owner: crew", f"  owner: crew\n  dependsOn: [{'a,' * 501}]"), 7, "the limit is 500"),
    ],
)
def test_a_document_that_is_wrong_is_refused_with_its_line_and_the_others_are_read(change, line, why):
    good = HEAD.format(kind="Component", name="good")
    parsed = read(HEAD.format(kind="Component", name="a").replace(*change) + "---\n" + good)
    [refusal] = parsed.refusals
    assert (refusal.place.document, refusal.place.line) == (1, line)
    assert why in refusal.why
    assert [entity.ref.name for entity in parsed.entities] == ["good"]


@pytest.mark.parametrize("text", ["just text", "- a\n- b\n", "42"])
def test_a_document_that_is_no_mapping_is_refused(text):
    [refusal] = read(text).refusals
    assert "must be a mapping" in refusal.why


def test_an_empty_file_holds_nothing():
    assert read("") == backstage.Parsed()
    assert read("---\n---\n# only a comment\n") == backstage.Parsed()


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_and_never_breaks(text):
    try:
        read(text)
    except UnreadableFile as error:
        assert error.why


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_never_break(content):
    try:
        read(content)
    except UnreadableFile as error:
        assert error.why


def test_long_names_make_addresses_that_fit_and_differ():
    one, two = Ref("component", "n" * 63, "a" * 62 + "x"), Ref("component", "n" * 63, "a" * 62 + "y")
    assert len(backstage.slug_of(one)) == backstage.LONGEST_SLUG
    assert backstage.slug_of(one) != backstage.slug_of(two)
