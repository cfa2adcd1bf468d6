"""verify.html in a real browser, offline, opened as a file: it says of each pack of the corpus what verify.py says."""

import base64
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from audit.packs.bundle import verify
from audit.packs.seal import BUNDLE
from audit.verifying import corpus
from audit.verifying.corpus import Case
from tests.e2e.browser import SHOTS
from tests.e2e.looking import AXE, FULL

pytestmark = pytest.mark.e2e
TOGETHER = 60  # packs that are picked at once
FLIPS = 40
WITHIN_MS = 240_000


@pytest.fixture
def problems() -> list[str]:
    """What the page's console complained about, and whatever it tried to fetch."""
    return []


@pytest.fixture
def page(chromium: Browser, problems: list[str], tmp_path: Path) -> Iterator[Page]:
    """The file as it lies in a pack, opened from the disk without a network."""
    copy = tmp_path / "verify.html"
    copy.write_bytes((BUNDLE / "verify.html").read_bytes())
    context = chromium.new_context(offline=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: problems.append(request.url) if request.url.startswith("http") else None)
    page.goto(copy.as_uri())
    yield page
    context.close()
    assert problems == []


def told(page: Page, cases: list[Case], key: str) -> list[str]:
    """What the page says of each of these packs."""
    page.reload()
    page.locator("#key").fill(key)
    files = [{"name": f"{n}.zip", "mimeType": "application/zip", "buffer": case.data} for n, case in enumerate(cases)]
    page.set_input_files("#pack", files)
    page.wait_for_function(
        "count => document.querySelectorAll('.result[data-sentence]').length === count",
        arg=len(cases),
        timeout=WITHIN_MS,
    )
    found = page.eval_on_selector_all(
        ".result", "rows => rows.map((row) => [row.querySelector('h3').textContent, row.dataset.sentence])"
    )
    by_name = dict(found)
    return [by_name[f"{number}.zip"] for number in range(len(cases))]


def said(case: Case, given: verify.Given) -> str:
    """What verify.py says."""
    try:
        return verify.verify(verify.files_of_zip(case.data), given)
    except verify.Failed as failed:
        return str(failed)


def test_the_browser_says_of_each_pack_what_verify_py_says(page):
    subject = corpus.subject_of()
    given = verify.given_of(subject.vkey, "here")
    made = [corpus.sound(subject), corpus.damaged(subject), corpus.harmless(subject), corpus.flipped(subject, FLIPS)]
    cases = [case for maker in made for case in maker]
    assert disagreed(page, cases, subject.vkey, given, TOGETHER) == []
    assert len(cases) > 240


@pytest.mark.slow
def test_the_browser_finds_every_flipped_byte(page):
    subject = corpus.subject_of()
    cases = list(corpus.flipped(subject))
    sound = verify.verify(verify.files_of_zip(subject.zip()), given := verify.given_of(subject.vkey, "here"))
    assert sound not in {said(case, given) for case in cases}
    assert disagreed(page, cases, subject.vkey, given, 10 * TOGETHER) == []
    assert len(cases) == len(subject.zip())


def disagreed(page: Page, cases: list[Case], key: str, given: verify.Given, together: int) -> list[str]:
    """Where the page says something else than verify.py."""
    wrong = []
    for start in range(0, len(cases), together):
        some = cases[start : start + together]
        for case, found in zip(some, told(page, some, key), strict=True):
            if found != (expected := said(case, given)):
                wrong.append(f"{case.name}: {found!r}, but verify.py says {expected!r}")
    return wrong


def test_a_pack_without_a_key_from_elsewhere_only_fits_itself(page):
    subject = corpus.subject_of()
    sound = next(corpus.sound(subject))
    (alone,) = told(page, [sound], "")
    assert "the key IN THE PACK" in alone
    assert page.locator(".verdict").inner_text() == "It fits itself, but nobody vouches for its key."
    fingerprint = verify.key_of_vkey(subject.vkey, "here").fingerprint
    (given,) = told(page, [sound], fingerprint)
    assert f"by the key you gave ({fingerprint})" in given
    (other,) = told(page, [sound], "0" * 64)
    assert other == "keys/log.vkey: is not the key that was given"
    (nonsense,) = told(page, [sound], "my dog's name")
    assert "is not a vkey" in nonsense


def test_text_of_a_pack_is_shown_as_text(page):
    subject = corpus.subject_of()
    path = "data/ledger/redactions.jsonl"
    bad = {**subject.files, path: subject.files[path].replace(b"withheld", b"<img src=x>", 1)}
    (found,) = told(page, [Case("markup", subject.zip(corpus.resealed(bad)))], subject.vkey)
    assert "<img src=x>" in found
    assert page.locator(".result img").count() == 0


def test_the_fallbacks_of_older_browsers_say_the_same(page):
    """Without WebCrypto and without workers: the checks of its own alone, in the page."""
    subject = corpus.subject_of()
    given = verify.given_of(subject.vkey, "here")
    page.add_init_script("delete globalThis.Worker; Object.defineProperty(globalThis, 'crypto', { value: undefined });")
    cases = [next(corpus.sound(subject)), *[case for case in corpus.damaged(subject) if case.name.startswith("note:")]]
    assert told(page, cases, subject.vkey) == [said(case, given) for case in cases]


def test_it_is_readable_for_everybody(page):
    subject = corpus.subject_of()
    cases = [next(corpus.sound(subject)), next(corpus.damaged(subject))]
    told(page, cases, subject.vkey)
    SHOTS.mkdir(exist_ok=True)
    for width, scheme in ((1440, "light"), (390, "dark"), (1440, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # the policy of the page lets no foreign script in, so axe comes by the debugger's own door
        page.evaluate(AXE_SCRIPT)
        assert page.evaluate(AXE, FULL) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.screenshot(path=SHOTS / f"offline-verifier-{width}-{scheme}.png", full_page=True)


def test_its_policy_fits_its_script_and_lets_nothing_else_in():
    """A change of the script needs its new hash in the policy: this says which."""
    text = (BUNDLE / "verify.html").read_text()
    for kind in ("script", "style"):
        inner = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        assert inner
        assert f"{kind}-src 'sha256-{_hash(inner[1])}'" in text, f"{kind}-src 'sha256-{_hash(inner[1])}'"
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=|https?://|fetch\(|XMLHttpRequest|WebSocket|innerHTML|eval\(", text)


def _hash(text: str) -> str:
    return base64.b64encode(sha256(text.encode()).digest()).decode()
