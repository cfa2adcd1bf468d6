"""Template tags that know no domain word: state, time, duration, digest, person, icon. `{% load muster %}`.

Times are aware datetimes; the server prints UTC and says so, static/js/time.js rewrites to the reader's zone.
Durations are seconds or timedelta.
"""

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from plumbing import durations

register = template.Library()

STATE_WORDS = {
    "waiting": "Waiting",
    "ready": "Ready",
    "running": "Running",
    "verifying": "Checking",
    "approval": "Needs you",
    "done": "Done",
    "failed": "Failed",
    "unknown": "Unknown",
    "late": "Late",
    "locked": "Waits for a lock",
    "held": "Held",
    "undoing": "Undoing",
    "undone": "Undone",
    "stuck": "Undo failed",
    "bypassed": "Not taken",
    "skipped": "Skipped",
    "cancelled": "Cancelled",
}
# Each with white text at 4.5:1 or more (tests/ui/test_tags.py); warm and cool alternate, so neighbours differ.
AVATAR_COLOURS = (
    "#5b3f8c", "#7a3b2e", "#2f5d7c", "#2e6b4f", "#6b5a1e", "#7c2f5a", "#44525c", "#8a4a14",
    "#1f6a6a", "#4a4fa0", "#8c2f3c", "#4d6626",
)  # fmt: skip
WHEN_FORMATS = {
    "time": "%H:%M:%S",
    "short": "%H:%M",
    "day": "%-d %b %Y",
    "full": "%-d %b %Y, %H:%M:%S",
    "ago": "%-d %b %Y, %H:%M",
}
LATE_SHARE = 0.2  # a countdown turns late when so much of its time is left
HOUR_S, DAY_S = 3600, 86400
SHORT_DIGEST_HEAD, SHORT_DIGEST_TAIL = 8, 4


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative icon of the sprite; the words beside it name it."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def glyph(state: str) -> SafeString:
    """The glyph of a state, in its colour. room.js turns it when the state changes."""
    return format_html(
        '<svg class="i glyph" aria-hidden="true"><use data-glyph href="#i-{}"/></svg>', state or "waiting"
    )


@register.simple_tag(name="state")
def state_tag(state: str, label: str = "", key: str = "") -> SafeString:
    """State as glyph + word + tint. label: other words than the usual ("Needs Lena"). key: for live `state` ops."""
    return format_html(
        '<span class="tag" data-state="{}"{}><svg class="i" aria-hidden="true"><use data-glyph href="#i-{}"/></svg>'
        "<span data-word>{}</span></span>",
        state,
        format_html(' data-key="{}"', key) if key else "",
        state,
        label or STATE_WORDS.get(state, state.capitalize()),
    )


@register.filter
def state_word(state: str) -> str:
    """The word on screen for a state: "verifying" -> "Checking"."""
    return STATE_WORDS.get(state, state.capitalize())


SEV_BARS = ((1.5, 9.5), (5.8, 7.0), (10.2, 4.5), (14.5, 1.5))  # x and top of four rising bars


@register.simple_tag
def sev(severity: str, size: str = "") -> SafeString:
    """Severity as word and rising bars; SEV1 fills four. size: "" or "sm"."""
    number = int(severity[-1]) if severity[-1:].isdigit() else 4
    bars = "".join(
        f'<path d="M{x} 12.5V{top}"{"" if place < 5 - number else " data-off"}/>'
        for place, (x, top) in enumerate(SEV_BARS)
    )
    return format_html(
        '<span class="sev{}" data-sev="{}"><svg viewBox="0 0 16 16" aria-hidden="true" fill="none" '
        'stroke="currentColor" stroke-width="2.2" stroke-linecap="round">{}</svg>{}</span>',
        f" sev--{size}" if size else "",
        number,
        mark_safe(bars),  # noqa: S308 - built from constants alone
        severity,
    )


# ---- time -----------------------------------------------------------------------------------------------------------


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with the letter Z, to the second: 2026-11-20T11:45:07Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@register.simple_tag
def when(moment: datetime | None, form: str = "time") -> SafeString | str:
    """A <time> element. form: time 12:45:07 | short 12:45 | day | full | ago (relative under an hour, with the time).

    An empty string for no moment."""
    if moment is None:
        return ""
    words = moment.astimezone(UTC).strftime(WHEN_FORMATS[form])
    suffix = "" if form == "day" else " UTC"
    return format_html('<time datetime="{}" data-when="{}">{}{}</time>', iso(moment), form, words, suffix)


MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


@register.filter
def moments(text: str, form: str = "short") -> SafeString:
    """A sentence in which moments stand as 2026-11-20T11:45:07Z, with each of them as <time> (see `when`)."""
    parts = MOMENT.split(text)  # every second part is a moment
    return format_html_join(
        "",
        "{}",
        ((_moment(part, form) if place % 2 else part,) for place, part in enumerate(parts)),
    )


def _moment(text: str, form: str) -> str:
    """A <time>, or the text itself when no calendar has it: anybody may write 2026-99-99T00:00:00Z in a note."""
    try:
        return when(datetime.fromisoformat(text), form)
    except ValueError:
        return text


def seconds_of(value: timedelta | float) -> int:
    """Whole seconds of a duration, towards zero."""
    return int(value.total_seconds() if isinstance(value, timedelta) else value)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """46:12 under an hour, 3 h 16 m under a day, then 2 d 4 h. The sign is dropped; empty for None."""
    if value is None:
        return ""
    total = abs(seconds_of(value))
    if total < HOUR_S:
        return f"{total // 60}:{total % 60:02d}"
    if total < DAY_S:
        return f"{total // HOUR_S} h {total % HOUR_S // 60} m"
    return f"{total // DAY_S} d {total % DAY_S // HOUR_S} h"


def is_late(left_s: int, due: datetime, since: datetime | None) -> bool:
    """Whether a countdown is in its last fifth (last two minutes, if nobody knows when it began) or over."""
    whole_s = seconds_of(due - since) if since else 600
    return left_s <= whole_s * LATE_SHARE


@register.simple_tag
def clock(due: datetime | None, since: datetime | None = None, word: str = "") -> SafeString | str:
    """A countdown to `due`: 4:12, and after it "2:10 late". word: said behind the figure while it runs ("left").

    since: when the time began, so that the last fifth can be marked. An empty string for no `due`."""
    if due is None:
        return ""
    left_s = seconds_of(due - timezone.now())
    text = f"{duration(left_s)} late" if left_s < 0 else f"{duration(left_s)} {word}".rstrip()
    return format_html(
        '<span class="clock" data-clock="{}"{}{}{}>{}</span>',
        iso(due),
        format_html(' data-from="{}"', iso(since)) if since else "",
        format_html(' data-after="{}"', word) if word else "",
        mark_safe(' data-state="late"') if is_late(left_s, due, since) else "",
        text,
    )


@register.simple_tag
def elapsed(since: datetime | None, until: datetime | None = None) -> SafeString | str:
    """Time gone since `since`: counts on in the browser, or stands still at `until`."""
    if since is None:
        return ""
    if until is not None:
        return format_html('<span class="num">{}</span>', duration(until - since))
    return format_html('<span class="num" data-since="{}">{}</span>', iso(since), duration(timezone.now() - since))


# ---- people and proof -----------------------------------------------------------------------------------------------


def name_of(person: object) -> str:
    """How a person is shown: a string as it is, else their `name`, else str()."""
    return person if isinstance(person, str) else str(getattr(person, "name", "") or person)


def initials(name: str) -> str:
    """LV for Lena Vogt; two letters at most."""
    words = [word for word in name.split() if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


def avatar_colour(name: str) -> str:
    """The same colour for the same name, on every machine."""
    return AVATAR_COLOURS[hashlib.sha256(name.encode()).digest()[0] % len(AVATAR_COLOURS)]


@register.simple_tag
def avatar(person: object, here: str = "", size: str = "") -> SafeString:
    """Initials on the person's colour; decorative: print the name beside it. here: "", "here" or "away"."""
    name = name_of(person)
    return format_html(
        '<span class="ava{}" style="--av:{}"{} aria-hidden="true">{}</span>',
        f" ava--{size}" if size else "",
        avatar_colour(name),
        format_html(' data-here="{}"', here) if here else "",
        initials(name),
    )


@register.filter
def in_words(seconds: float) -> str:
    """A length of time as people say it: 5 min."""
    return durations.in_words(seconds)


@register.filter
def plain(value: object) -> str:
    """A value as runbooks write it: a text as it is, all else as JSON (true, 4, ["a"])."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


@register.filter
def short_digest(value: str) -> str:
    """9f2c 71aa … b81e of a hexadecimal digest; a shorter text stays whole."""
    plain = value.rpartition(":")[2]
    if len(plain) <= SHORT_DIGEST_HEAD + SHORT_DIGEST_TAIL:
        return plain
    return f"{plain[:4]} {plain[4:SHORT_DIGEST_HEAD]} … {plain[-SHORT_DIGEST_TAIL:]}"


@register.filter
def digest(value: str | None) -> SafeString | str:
    """A digest, shortened for the eye, with a button that copies it whole."""
    if not value:
        return ""
    return format_html(
        '<span class="digest"><span>{}</span><button class="copy needs-script" type="button" data-copy="{}">Copy'
        '<span class="vh"> the whole digest</span></button></span>',
        short_digest(value),
        value,
    )


# ---- shell ----------------------------------------------------------------------------------------------------------

THEMES = ("light", "dark")


@register.simple_tag(takes_context=True)
def theme(context: Context) -> SafeString | str:
    """The data-theme attribute of <html>, when the reader chose one (cookie `theme`); else the system decides."""
    chosen = getattr(context.get("request"), "COOKIES", {}).get("theme")
    return format_html(' data-theme="{}"', chosen) if chosen in THEMES else ""


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(
    context: Context, url_name: str, label: str, icon: str = "", count: int | None = None, mark: str = ""
) -> dict[str, Any]:
    """A link of the main navigation, current on its page and below it. Prints nothing while no such page is routed."""
    try:
        url = reverse(url_name)
    except NoReverseMatch:
        return {"url": ""}
    path = getattr(context.get("request"), "path", "")
    current = path == url if url == "/" else path.startswith(url)
    return {"url": url, "label": label, "icon": icon, "count": count, "mark": mark, "current": current}
