"""A filing on its way: to review, approved, sent, answered. One function moves; each move is an entry."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from jsonschema import Draft7Validator

from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from audit.filings import consent, prefill, selectors
from audit.filings.consent import Asked
from audit.filings.editing import locked
from audit.filings.errors import BadValue, ChangedMeanwhile, NoConsent, NotReady, ReasonNeeded
from audit.filings.exports import as_json, exported, json_report, spreadsheet
from audit.filings.exports.json_report import own_schema
from audit.filings.exports.report import Report
from audit.filings.selectors import Opened
from audit.filings.states import check_move
from audit.ledger import Actor
from audit.models import Exported, Filing, FilingState, FilingValue
from plumbing.database import atomic

LONGEST_REASON = 2_000
LONGEST_LINE = 200  # of a channel or a reference
NOBODY = "What it is about names no service, so nobody answers for what the report says. Name one first."
AHEAD = dt.timedelta(minutes=5)  # how far somebody's clock may be before ours


@dataclass(frozen=True, slots=True)
class Sent:
    """What the sender says: when, where and how, which file, and what the authority called it."""

    at: dt.datetime
    channel: str
    file: str = ""  # format of the file that was sent; "" where it was typed into a portal
    reference: str = ""


def _move(filing: Filing, target: FilingState, kind: str, actor: Actor, told: dict[str, Json]) -> Filing:
    """Move a locked filing and put it on record. The other fields that changed were set by the caller."""
    came_from = filing.state
    check_move(came_from, target)
    filing.state = target
    filing.save()
    names: dict[str, Json] = {
        "filing": filing.uid, "regime": filing.regime, "stage": filing.stage, "number": filing.number,
        "entity": filing.entity, "from": came_from, "to": str(target),
    }  # fmt: skip
    ledger.record(filing.stream, kind, actor, names | told)
    return filing


def send_to_review(uid: str, *, seen: int, actor: Actor, now: dt.datetime) -> Filing:
    """Write the files, keep their exact bytes, and ask whoever is accountable to approve these and no others.

    Call it outside of any transaction: the files are written before its own begins. Raises NotReady with everything
    that is missing or contradicts itself, ChangedMeanwhile, IllegalFilingMove, NoConsent where no room approves."""
    one = selectors.opened(Filing.objects.select_related("stream").get(uid=uid))
    check_move(one.filing.state, FilingState.LEGAL_REVIEW)
    _check_seen(one.filing, seen)
    if stops := selectors.blocking(selectors.findings_of(one)):
        raise NotReady([str(stop) for stop in stops])
    if not prefill.subject_of(one.filing.stream.uid).services:
        raise NotReady([NOBODY])
    report = selectors.report_of(one)
    if wrong := schema_problems(report):
        raise NotReady(wrong)
    return _sent_to_review(uid, exported(report), seen, actor, now)


@atomic()
def _sent_to_review(uid: str, files: Mapping[str, bytes], seen: int, actor: Actor, now: dt.datetime) -> Filing:
    filing = locked(uid)
    check_move(filing.state, FilingState.LEGAL_REVIEW)
    _check_seen(filing, seen)
    for form, content in files.items():
        Exported.objects.get_or_create(
            filing=filing, form=form, sha256=sha256(content).hexdigest(), defaults={"content": content}
        )
    filing.digests = {form: sha256(content).hexdigest() for form, content in files.items()}
    filing.why = ""
    _move(filing, FilingState.LEGAL_REVIEW, "filing.sent_to_review", actor, {"files": dict(filing.digests)})
    consent.approver().ask(asked_of(selectors.opened(filing)), actor, _shapers(filing), now)
    return filing


def _check_seen(filing: Filing, seen: int) -> None:
    if filing.version != seen:
        raise ChangedMeanwhile(["Read it again before you send it on."])


def schema_problems(report: Report) -> list[str]:
    """What the form's own JSON schema says against the report, by place; [] for a form without JSON."""
    if not report.form.has_json:
        return []
    found = Draft7Validator(own_schema(report.form)).iter_errors(json_report(report))
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def asked_of(one: Opened) -> Asked:
    """What consent is asked for, and bound to."""
    filing = one.filing
    subject = prefill.subject_of(filing.stream.uid)
    return Asked(
        subject=filing.subject,
        stream=filing.stream.uid,
        question=f"File the {one.name.lower()} of {filing.entity_name} about {subject.reference}?",
        effect=f"{one.kind.regime.name}: the authority gets exactly these files and relies on them.",
        services=subject.services,
        regime=filing.regime,
        stage=filing.stage,
        entity=filing.entity,
        files=dict(filing.digests),
        url=f"/regulation/filings/{filing.uid}/",
    )


def _shapers(filing: Filing) -> set[str]:
    """Everybody on whose words the report rests: they approve nothing of it."""
    wrote = FilingValue.objects.filter(filing=filing).values_list("actor", flat=True)
    return {filing.opened_by, *wrote}


@atomic()
def return_to_draft(uid: str, *, reason: str, actor: Actor, now: dt.datetime) -> Filing:
    """Take it back, to change what it says: the question, or the yes, is void.

    Raises IllegalFilingMove, ReasonNeeded."""
    filing = locked(uid)
    check_move(filing.state, FilingState.DRAFT)
    filing.why = _reason(reason)
    _move(filing, FilingState.DRAFT, "filing.returned", actor, {"reason": filing.why})
    consent.approver().void(filing.subject, f"The filing went back to draft: {filing.why}", actor, now)
    return filing


@atomic()
def settle(uid: str, *, now: dt.datetime) -> Filing:
    """Take over what became of the question: approved, or back to draft with the reason. Safe at any time and twice."""
    filing = locked(uid)
    if filing.state not in (FilingState.LEGAL_REVIEW, FilingState.APPROVED):
        return filing
    standing = consent.approver().standing(filing.subject)
    state = standing.state if standing else "ended"
    because = standing.because if standing else "nobody was asked"
    if state == "approved" and filing.state == FilingState.LEGAL_REVIEW:
        told: dict[str, Json] = {"because": because, "files": dict(filing.digests)}
        return _move(filing, FilingState.APPROVED, "filing.approved", ledger.SYSTEM, told)
    if state == "ended":
        filing.why = because
        return _move(filing, FilingState.DRAFT, "filing.returned", ledger.SYSTEM, {"reason": because})
    return filing


@atomic()
def submit(uid: str, *, sent: Sent, actor: Actor, now: dt.datetime) -> Filing:
    """Put on record that a person sent it: when, how, which exact bytes. Muster sends nothing by itself. The clocks of
    what comes next start from this entry (audit.regimes.events).

    Raises IllegalFilingMove, BadValue, NoConsent unless exactly these bytes are approved."""
    filing = locked(uid)
    if filing.state == FilingState.LEGAL_REVIEW:
        filing = settle(uid, now=now)
    check_move(filing.state, FilingState.SUBMITTED)
    _check_sent(filing, sent, now)
    one = selectors.opened(filing)
    _check_bytes(one)
    if because := consent.approver().use(asked_of(one), actor, now):
        raise NoConsent(because)
    filing.submitted_at, filing.submitted_by = sent.at, actor.actor_id
    filing.channel, filing.reference = sent.channel.strip(), sent.reference.strip()
    told: dict[str, Json] = {
        "submitted_at": stamp(sent.at), "channel": filing.channel, "reference": filing.reference,
        "file": sent.file, "files": dict(filing.digests),
        "sha256": filing.digests.get(sent.file, ""),
    }  # fmt: skip
    return _move(filing, FilingState.SUBMITTED, "filing.submitted", actor, told)


def _check_sent(filing: Filing, sent: Sent, now: dt.datetime) -> None:
    if sent.at > now + AHEAD:
        raise BadValue("submitted_at", "a time that has passed is expected: say it once it was sent")
    if sent.at < filing.opened_at:
        raise BadValue("submitted_at", f"the report was only begun at {filing.opened_at:%Y-%m-%d %H:%M} UTC")
    if not sent.channel.strip():
        raise BadValue("channel", "say where and how it was sent, such as the authority's portal")
    if len(sent.channel) > LONGEST_LINE or len(sent.reference) > LONGEST_LINE:
        raise BadValue("channel", f"at most {LONGEST_LINE} characters each for channel and reference")
    if sent.file and sent.file not in filing.digests:
        raise BadValue("file", f"one of {', '.join(sorted(filing.digests))} is expected")


def _check_bytes(one: Opened) -> None:
    """The kept bytes are those that were approved, and the values still say what they say. The PDF's maker may have
    been upgraded since, so that it isn't made anew."""
    filing = one.filing
    for form, digest in filing.digests.items():
        kept = selectors.bytes_of(filing, form)
        if kept is None or sha256(kept).hexdigest() != digest:
            raise NoConsent(f"the kept {form} file isn't the one that was approved")
    maker, form = (as_json, "json") if "json" in filing.digests else (spreadsheet, "xlsx")
    if sha256(maker(selectors.report_of(one))).hexdigest() != filing.digests[form]:
        raise NoConsent("its values changed behind the approval. Take it back to draft and send it to review again")


@atomic()
def acknowledge(uid: str, *, at: dt.datetime, reference: str, actor: Actor, now: dt.datetime) -> Filing:
    """The authority confirmed that it has it. Raises IllegalFilingMove, BadValue."""
    filing = locked(uid)
    check_move(filing.state, FilingState.ACKNOWLEDGED)
    if at > now + AHEAD or (filing.submitted_at and at < filing.submitted_at):
        raise BadValue("at", "a time between the sending and now is expected")
    if len(reference) > LONGEST_LINE:
        raise BadValue("reference", f"at most {LONGEST_LINE} characters")
    filing.acknowledged_at = at
    filing.reference = reference.strip() or filing.reference
    told: dict[str, Json] = {"acknowledged_at": stamp(at), "reference": filing.reference}
    return _move(filing, FilingState.ACKNOWLEDGED, "filing.acknowledged", actor, told)


@atomic()
def reject(uid: str, *, reason: str, actor: Actor, now: dt.datetime) -> Filing:
    """The authority didn't take it. It stays as it was sent; a new one is opened. Raises IllegalFilingMove."""
    filing = locked(uid)
    check_move(filing.state, FilingState.REJECTED)
    filing.why = _reason(reason)
    return _move(filing, FilingState.REJECTED, "filing.rejected", actor, {"reason": filing.why})


@atomic()
def withdraw(uid: str, *, reason: str, actor: Actor, now: dt.datetime) -> Filing:
    """Give it up before it is sent, or note that it was taken back from the authority. Raises IllegalFilingMove."""
    filing = locked(uid)
    was = filing.state
    check_move(was, FilingState.WITHDRAWN)
    filing.why = _reason(reason)
    _move(filing, FilingState.WITHDRAWN, "filing.withdrawn", actor, {"reason": filing.why})
    if was in (FilingState.LEGAL_REVIEW, FilingState.APPROVED):
        consent.approver().void(filing.subject, f"The filing was withdrawn: {filing.why}", actor, now)
    return filing


def _reason(said: str) -> str:
    if not said.strip():
        raise ReasonNeeded
    if len(said) > LONGEST_REASON:
        raise BadValue("reason", f"a reason of at most {LONGEST_REASON} characters is expected")
    return said.strip()


WITH_REASON = {"return": return_to_draft, "reject": reject, "withdraw": withdraw}
"""Moves that need nothing but a reason, by the words that doors use."""
