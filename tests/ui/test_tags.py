"""The template tags: what they print, and that data can never become markup."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from plumbing.templatetags import muster
from tests.ui.test_tokens import contrast

NOON = datetime(2026, 11, 20, 11, 45, 7, tzinfo=UTC)
EVIL = '"><script>alert(1)</script>'


def printed(source: str, **context: object) -> str:
    return Template("{% load muster %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00"),
        (2772, "46:12"),
        (3599, "59:59"),
        (3600, "1 h 0 m"),
        (11760, "3 h 16 m"),
        (187200, "2 d 4 h"),
        (-130, "2:10"),
    ],
)
def test_a_duration_is_said_in_the_largest_two_units(seconds: int, words: str) -> None:
    assert muster.duration(seconds) == words == muster.duration(timedelta(seconds=seconds))


def test_a_moment_is_printed_in_utc_and_says_so() -> None:
    berlin = NOON.astimezone(tz=None)
    assert (
        printed("{% when m %}", m=berlin)
        == '<time datetime="2026-11-20T11:45:07Z" data-when="time">11:45:07 UTC</time>'
    )
    assert "20 Nov 2026, 11:45:07 UTC" in printed('{% when m "full" %}', m=NOON)
    assert printed("{% when m %}", m=None) == ""


def test_a_moment_in_a_sentence_becomes_a_time_and_the_rest_stays_text() -> None:
    html = printed("{{ words|moments }}", words=f"Failed 2026-11-20T11:45:07Z {EVIL}")
    assert 'Failed <time datetime="2026-11-20T11:45:07Z" data-when="short">11:45 UTC</time> &quot;' in html
    assert "<script" not in html


@pytest.mark.parametrize(
    ("value", "words"), [("Bridge 4471", "Bridge 4471"), (False, "false"), (["ä"], '["ä"]'), (4, "4")]
)
def test_a_value_is_printed_as_runbooks_write_it(value: object, words: str) -> None:
    assert muster.plain(value) == words
    assert EVIL not in printed("{{ value|plain }}", value=[EVIL])


def test_a_countdown_turns_late_in_its_last_fifth_and_counts_up_after_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    began = NOON - timedelta(minutes=8)
    calm = printed("{% clock due since word='left' %}", due=NOON + timedelta(minutes=3), since=began)
    assert "3:00 left" in calm and "data-state" not in calm
    assert 'data-state="late"' in printed("{% clock due since %}", due=NOON + timedelta(minutes=2), since=began)
    assert "2:10 late" in printed("{% clock due %}", due=NOON - timedelta(seconds=130))
    assert "46:12" in printed("{% elapsed since %}", since=NOON - timedelta(seconds=2772))


@pytest.mark.parametrize("state", muster.STATE_WORDS)
def test_a_state_has_a_glyph_of_the_sprite_and_a_word(state: str) -> None:
    sprite = Template('{% include "_icons.html" %}').render(Context())
    assert f'id="i-{state}"' in sprite
    assert muster.STATE_WORDS[state] in muster.state_tag(state)


@pytest.mark.parametrize(("severity", "filled"), [("SEV1", 4), ("SEV2", 3), ("SEV3", 2), ("SEV4", 1)])
def test_severity_is_a_word_and_rising_bars(severity: str, filled: int) -> None:
    html = muster.sev(severity)
    assert severity in html and html.count("<path") - html.count("data-off") == filled


@pytest.mark.parametrize("colour", muster.AVATAR_COLOURS)
def test_initials_can_be_read_on_every_colour(colour: str) -> None:
    assert contrast("#ffffff", colour) >= 4.5


@pytest.mark.parametrize(
    ("name", "letters"), [("Lena Vogt", "LV"), ("Ana Maria Li", "AL"), ("worker", "W"), ("", "?"), ("(x) bot", "B")]
)
def test_initials_are_two_letters_at_most(name: str, letters: str) -> None:
    assert muster.initials(name) == letters


def test_the_same_name_has_the_same_colour() -> None:
    assert muster.avatar("Lena Vogt") == muster.avatar("Lena Vogt")
    assert len({muster.avatar_colour(f"Person {n}") for n in range(100)}) == len(muster.AVATAR_COLOURS)


def test_a_digest_is_short_for_the_eye_and_whole_for_the_copy() -> None:
    whole = "sha256:9f2c71aa40d5b81e"
    html = printed("{{ d|digest }}", d=whole)
    assert "9f2c 71aa … b81e" in html and f'data-copy="{whole}"' in html
    assert muster.short_digest("abc") == "abc"
    assert printed("{{ d|digest }}", d=None) == ""


@pytest.mark.parametrize(
    "source",
    [
        "{% state evil %}", "{% state 'done' label=evil key=evil %}", "{% icon evil %}", "{% glyph evil %}",
        "{% sev evil %}",
        "{% avatar evil here=evil size=evil %}", "{{ evil|digest }}", "{% clock due word=evil %}",
    ],
)  # fmt: skip
def test_data_never_becomes_markup(source: str) -> None:
    assert "<script" not in printed(source, evil=EVIL, due=NOON)


@pytest.mark.parametrize(("cookie", "expected"), [("dark", ' data-theme="dark"'), (EVIL, ""), ("", "")])
def test_only_a_known_theme_is_taken_from_the_cookie(cookie: str, expected: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["theme"] = cookie
    assert printed("{% theme %}", request=request) == expected


def test_a_page_that_is_not_routed_is_not_linked() -> None:
    assert printed('{% nav_link "nowhere:list" "Nowhere" %}').strip() == ""
