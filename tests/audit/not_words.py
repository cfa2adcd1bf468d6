"""Columns that hold no one's words. test_erase_on_request.py demands that every other one is registered for erasure."""

IDS = (
    "uid", "slug", "digest", "stream", "digests", "sha256", "key_id", "origin_ref", "executor", "kind", "environment",
    "factor", "regime", "stage", "audience", "author", "decider", "actor", "binding", "name_of",
)  # fmt: skip
"""Names of columns that are ids, digests, kinds or actors wherever they stand."""

NOT_WORDS: dict[str, str] = {
    "Series.name": "ours",
    "SignalSource.name": "a tool",
    "Signal.fingerprint": "a hash",
    "RunbookVersion.model": "linear or graph",
    **dict.fromkeys(
        ("StepRun.step", "StepRun.of", "StepRun.needs", "StepRun.because", "GroupRun.group"), "ids of steps"
    ),
    **dict.fromkeys(("StepRun.effect", "Attempt.effect"), "none, maybe, unknown"),
    **dict.fromkeys(("Attempt.idempotency_key", "Attempt.worker", "Worker.name", "Turnstile.name"), "machines"),
    **dict.fromkeys(("Proposal.watch", "Proposal.verb", "Proposal.steps"), "ids of steps"),
    **dict.fromkeys(("ApprovalRequest.subject", "ApprovalRequest.demand", "ApprovalRequest.risk"), "ids and policies"),
    **dict.fromkeys((f"Seat.{name}" for name in ("key", "who", "service", "team", "role")), "slugs and roles"),
    **dict.fromkeys(
        (
            f"StandingApproval.{name}"
            for name in ("runbook", "version", "step", "action", "incident_classes", "policies")
        ),
        "ids and severities",
    ),
    "Delegation.classes": "classes of acts",
    **dict.fromkeys(
        (
            f"User.{name}"
            for name in (
                "password",
                "username",
                "first_name",
                "last_name",
                "email",
                "name",
                "title",
                "time_zone",
                "session_salt",
            )
        ),
        "goes with the account: catalog.copies.forget",
    ),
    **dict.fromkeys((f"MachineToken.{name}" for name in ("prefix", "hashed", "scopes")), "a secret's marks"),
    "SignInFailure.key": "a hash",
    "AuditorAccess.scopes": "uids of streams",
    **dict.fromkeys((f"Probe.{name}" for name in ("name", "target", "expect_status", "recent")), "a machine"),
    **dict.fromkeys(
        (f"ContactPoint.{name}" for name in ("channel", "label", "sealed", "tail")), "goes with the account"
    ),
    **dict.fromkeys((f"Notice.{name}" for name in ("about", "channel", "path", "dedupe")), "ids and addresses of ours"),
    **dict.fromkeys(("EventFeed.name", "EventFeed.error"), "a collector"),
    **dict.fromkeys(("Holder.name", "Holder.problem"), "an authority, a witness, a place"),
    **dict.fromkeys(("Filing.flags", "Filing.scale", "Filing.schema"), "codes"),
    **dict.fromkeys(("Filing.entity", "Filing.entity_name", "Filing.opened_by", "Filing.submitted_by"), "firm and ids"),
    **dict.fromkeys(("FilingValue.key", "FilingValue.provider", "FilingValue.supports"), "codes and places"),
    "Exported.form": "json, xlsx or pdf",
    **dict.fromkeys(
        (f"PackJob.{name}" for name in ("subject", "streams", "redaction", "asked_by", "doing", "error", "zone")),
        "ids and ours",
    ),
    **dict.fromkeys((f"ErasureRequest.{name}" for name in ("subject", "covers", "copies")), "places"),
    "ErasureRequest.terms": "sealed, and emptied when it is over",
    **dict.fromkeys(("Hold.setter", "Hold.asker", "Hold.lifter", "Keeping.by", "Keeping.retention"), "ids"),
    "Signing.detail": "ours",
    **dict.fromkeys(("AuditRun.place", "AuditRun.findings"), "places in the ledger, as inspection names them"),
    **dict.fromkeys(("Finding.place", "Finding.sentence", "Finding.alarm"), "places in the ledger"),
    **dict.fromkeys(
        (
            f"LegalEntity.{name}"
            for name in (
                "name",
                "lei",
                "types",
                "home_state",
                "other_states",
                "zone",
                "country",
                "subdivision",
                "days_off",
                "currency",
                "parent_name",
                "parent_lei",
                "services",
                "teams",
            )
        ),
        "a firm",
    ),
    **dict.fromkeys((f"Clock.{name}" for name in ("start_event", "limit", "because", "told")), "a rule and its times"),
}
"""Model.column -> what it holds instead."""
