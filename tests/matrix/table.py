"""THE table: which door lets whom in, by method. A new address needs a row here, or the test fails.

People hold one role each in the team that owns everything; `stranger` holds every role in another team, `newcomer`
none at all. `machine` is a program with the scope `api` and a responder's role, `intake machine` one with the scope
`intake`. Who is named is let in. Other members get 403, strangers and newcomers 404 unless the row says otherwise,
nobody is sent to sign in.
"""

from dataclasses import dataclass, field

from tests.matrix.doors import FORBIDDEN, HIDDEN, IN, REFUSED, SIGN_IN

MEMBERS = frozenset(
    {"viewer", "responder", "commander", "author", "owner", "deputy", "compliance", "administrator", "machine"}
)
OUTSIDERS = frozenset({"stranger", "newcomer", "anonymous", "intake machine"})
EVERYBODY = sorted(MEMBERS | OUTSIDERS | {"superuser"})


@dataclass(frozen=True)
class Row:
    """Who is let in, and what the others are told where it isn't the usual."""

    may: frozenset[str]
    others: dict[str, str] = field(default_factory=dict)
    is_public: bool = False

    def says(self, who: str, *, api: bool) -> str:
        """What somebody must be told at this door."""
        if self.is_public:
            return IN
        if who == "anonymous" or (not api and who in ("machine", "intake machine")):  # tokens open no pages
            return SIGN_IN
        if who in self.may:
            return IN
        if who in self.others:
            return self.others[who]
        return HIDDEN if who in ("stranger", "newcomer") else FORBIDDEN


def row(*may: str, **others: str) -> Row:
    return Row(frozenset(may), others)


PUBLIC = Row(frozenset(), is_public=True)
SIGNED_IN = row(*MEMBERS, "superuser", "stranger", "newcomer")
SEE = row(*MEMBERS, "superuser")
WRITE = row("responder", "commander", "owner", "deputy", "machine")
EXECUTE = row("responder", "commander", "machine")
COMMAND = row("commander")
AUTHOR = row("author")
EXPORT = row("commander", "compliance", "superuser")
ADMINISTER = row("administrator", "superuser")
MAKE_RESOURCE = row("administrator", "superuser", stranger=REFUSED, newcomer=REFUSED)  # no such team for them
APPROVE = row("owner", "deputy")
FORESEE = row("responder", "commander", "machine", "owner", "deputy")  # who does steps, or agrees to them
TEND = row("superuser", stranger=FORBIDDEN, newcomer=FORBIDDEN)  # workers serve every team
ASKED = row("owner")
ANSWER = row("responder", "commander")  # a person who may start steps there
NOBODY = row()
NOT_THERE = Row(frozenset(), dict.fromkeys((*MEMBERS, "superuser"), HIDDEN))
COVER = row("deputy")  # the owner was asked and needs no cover
READ_RULES = row(*MEMBERS, "superuser", "stranger")  # policies bind everybody who is in some team
RULE = row("compliance", "administrator", "stranger")
SECOND = row("compliance", "stranger")  # the administrator wrote what waits
STAND_IN = Row(  # the author is who shall stand in; others share no team with them
    MEMBERS - {"author", "machine"}, dict.fromkeys(("author", "superuser", "stranger", "newcomer"), REFUSED)
)
END_COVER = row("owner", "viewer")  # who gave it, who took it
IMPORT = row("administrator", "superuser", "stranger", newcomer=FORBIDDEN)  # what is another team's stays as it is
DECLARE = row("commander", stranger=REFUSED, newcomer=REFUSED)  # there is no such service for them
DECLARE_PAGE = Row(COMMAND.may, dict.fromkeys((*(MEMBERS - COMMAND.may), "superuser", "stranger", "newcomer"), REFUSED))
MAKE_RUNBOOK = row("author", stranger=REFUSED, newcomer=REFUSED)
TAKE_SIGNALS = Row(
    frozenset({"intake machine"}),
    dict.fromkeys((*(MEMBERS - {"machine"}), "superuser", "stranger", "newcomer"), SIGN_IN),  # people carry no token
)
OTHER_SIGNALS = Row(frozenset(), {**TAKE_SIGNALS.others})  # a source takes part in one format alone

OWN_POINT = Row(frozenset({"owner"}), dict.fromkeys((*(MEMBERS - {"owner"}), "superuser"), HIDDEN))  # nobody else's
OWN_FACTOR = Row(
    frozenset({"viewer"}), dict.fromkeys((*(MEMBERS - {"viewer"}), "superuser", "stranger", "newcomer"), HIDDEN)
)
# the viewer has a factor, and gives none here
ASKED_AGAIN = row(*(MEMBERS - {"viewer"}), "superuser", "stranger", "newcomer", viewer=REFUSED)

STEP_ACTS = (
    "start", "finish", "retry", "skip", "replace", "give-up", "hold", "release", "take", "reassign", "settle", "check",
    "decide", "undo-retry", "undone", "attach",
)  # fmt: skip
RUN_ACTS = ("pause", "resume", "speed", "cancel")
READ, ACT = {"GET": SEE}, {"GET": EXECUTE, "POST": EXECUTE}
ROOM = {
    "incidents:room": READ,
    "incidents:feed": READ,
    "incidents:fragment": READ,
    "incidents:history": READ,
    "incidents:write": {"POST": WRITE},
    "incidents:move": {"GET": COMMAND, "POST": COMMAND},
    "incidents:severity": {"GET": COMMAND, "POST": COMMAND},
    "incidents:update": {"GET": WRITE, "POST": WRITE},
    "incidents:earlier": {"GET": WRITE, "POST": WRITE},
    "incidents:correct": {"GET": WRITE, "POST": WRITE},
    "incidents:give-role": {"GET": COMMAND, "POST": COMMAND},
    "incidents:take-role": {"POST": WRITE},
    "incidents:leave-role": {"POST": SEE},  # of one's own
    "incidents:start-runbook": ACT,
}
PAGES = {
    "home": {"GET": SIGNED_IN},
    "sign-in": {"GET": PUBLIC, "POST": PUBLIC},
    "mfa_authenticate": {"GET": PUBLIC, "POST": PUBLIC},
    "sign-out": {"POST": PUBLIC},
    "step-up": {"GET": SIGNED_IN, "POST": ASKED_AGAIN},
    "confirm-sign-in": {"GET": SIGNED_IN, "POST": ASKED_AGAIN},
    "factors": {"GET": SIGNED_IN},
    **{door: {"GET": SIGNED_IN, "POST": SIGNED_IN} for door in ("add-passkey", "add-app", "recovery-codes")},
    "remove-factor": {"GET": OWN_FACTOR, "POST": OWN_FACTOR},
    "incidents:list": {"GET": SIGNED_IN},
    "incidents:declare": {"GET": SIGNED_IN, "POST": DECLARE_PAGE},
    **ROOM,
    "runbooks:list": {"GET": SIGNED_IN},
    "runbooks:page": READ,
    "runbooks:run": READ,
    "runbooks:step": READ,
    "runbooks:step-output": READ,
    "runbooks:step-preview": {"GET": SEE, "POST": FORESEE},
    "runbooks:change-input": ACT,
    **{f"runbooks:{act}": ACT for act in RUN_ACTS},
    **{f"runbooks:step-{act}": ACT for act in STEP_ACTS},
    **{
        f"runbooks:{act}": {"GET": COMMAND, "POST": COMMAND}
        for act in (
            "assess",
            "undo",
            "undo-group",
            "step-undo-branch",
            "step-override",
            "accept-proposal",
            "decline-proposal",
        )
    },
    "runbooks:step-rerun": ACT,
    "runbooks:move": ACT,
    "runbooks:decide-move": {"GET": SEE, "POST": APPROVE},
    "runbooks:workers": {"GET": TEND},
    "runbooks:drain": {"GET": TEND, "POST": TEND},
    "reach:page": {"GET": SIGNED_IN},
    "reach:add": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "reach:test": {"POST": OWN_POINT},
    "reach:remove": {"GET": OWN_POINT, "POST": OWN_POINT},
    "approvals:inbox": {"GET": SIGNED_IN},
    **{f"approvals:{door}": {"GET": READ_RULES} for door in ("policies", "policy", "explain")},
    **{f"approvals:{door}": {"GET": RULE, "POST": RULE} for door in ("new-policy", "propose")},
    "approvals:rule-policy": {"GET": RULE, "POST": SECOND},
    "approvals:delegations": {"GET": SIGNED_IN},
    "approvals:delegate": {"GET": SIGNED_IN, "POST": STAND_IN},
    "approvals:end-delegation": {"GET": SEE, "POST": END_COVER},
    "approvals:away": {"GET": SIGNED_IN, "POST": SIGNED_IN},
    "approvals:back": {"POST": OWN_POINT},
    "approvals:measures": {"GET": SIGNED_IN},
    "approvals:page": READ,
    "approvals:decide": {"GET": SEE, "POST": ASKED},
    "approvals:cover": {"GET": SEE, "POST": COVER},
    "approvals:ask": {"GET": SEE, "POST": ASKED},
    "approvals:answer": {"GET": SEE, "POST": ANSWER},
    "approvals:confirm": {"POST": ANSWER},
    "approvals:withdraw": {"GET": SEE, "POST": COMMAND},
    "approvals:break-glass": {"GET": SEE, "POST": NOBODY},  # nobody has given a second factor
    "approvals:review": {"GET": NOT_THERE, "POST": NOT_THERE},  # nobody broke the glass
    "approvals:standing": {"GET": SEE, "POST": NOBODY},  # nobody has said yes yet
    "approvals:end-standing": {"GET": NOT_THERE, "POST": NOT_THERE},
    "catalog:services": {"GET": SIGNED_IN},
    "catalog:import": {"GET": IMPORT, "POST": IMPORT},
    "catalog:teams": {"GET": SIGNED_IN},
    "catalog:service": READ,
    "catalog:switch-probe": {"POST": ADMINISTER},
    "audit:streams": {"GET": SIGNED_IN},
    "audit:trust": {"GET": SIGNED_IN},
    "audit:stream": READ,
    "audit:verify": {"POST": SEE},
    "audit:packs": {"GET": SIGNED_IN},
    "audit:new-pack": {"GET": SIGNED_IN, "POST": EXPORT},
    "audit:verify-pack": {"GET": SIGNED_IN, "POST": SIGNED_IN},  # of whoever's pack they hold
    "audit:offline-verifier": {"GET": SIGNED_IN},
    "audit:pack-job": READ,
    "audit:download-pack": {"GET": EXPORT},
    "audit:cancel-pack": {"POST": EXPORT},
}
FILE = row("compliance")  # a superuser reads, and takes no part
BEGIN = {"GET": SIGNED_IN, "POST": FILE}
PAGES |= {
    "regulation:filings": {"GET": SIGNED_IN},
    "regulation:new-filing": BEGIN,
    "regulation:filing": READ,
    **{f"regulation:{door}": {"GET": FILE} for door in ("filing-check", "filing-file")},
    **{f"regulation:{act}-filing": {"POST": FILE} for act in ("review", "refill", "move")},
    **{f"regulation:{act}-filing": {"GET": FILE, "POST": FILE} for act in ("submit", "acknowledge")},
    "regulation:filing-files": {"POST": FILE},
    "regulation:filing-section": {"GET": FILE, "POST": FILE},
}
KEEP_RULES = row(*FILE.may, "stranger")  # entities and regimes belong to no team
RULES_READ, RULES_KEPT = {"GET": READ_RULES}, {"GET": KEEP_RULES, "POST": KEEP_RULES}
PAGES |= {
    "regulation:deadlines": {"GET": SIGNED_IN},
    **dict.fromkeys(
        ("regulation:entities", "regulation:entity", "regulation:regimes", "regulation:regime"), RULES_READ
    ),
    **{f"regulation:{door}": RULES_KEPT for door in ("new-entity", "change-entity", "applies", "new-regime")},
    **{f"regulation:{door}": RULES_KEPT for door in ("propose-regime", "rule-regime")},
    "regulation:about": READ,
    "regulation:state": {"POST": FILE},
    "regulation:classify": {"GET": SEE, "POST": FILE},
    **{f"regulation:{door}": {"GET": FILE, "POST": FILE} for door in ("decide", "not-needed")},
}
API = {
    "audit-api:filings": BEGIN,
    "audit-api:filing": READ,
    **{f"audit-api:{act}-filing": {"POST": FILE} for act in ("refill", "review", "submit", "acknowledge", "move")},
    **{f"audit-api:filing-{door}": {"POST": FILE} for door in ("values", "how")},
    "audit-api:filing-file": {"GET": FILE},
    "audit-api:deadlines": {"GET": SIGNED_IN},
    **{f"audit-api:{door}": {"GET": READ_RULES, "POST": KEEP_RULES} for door in ("entities", "regimes")},
    **dict.fromkeys(("audit-api:entity", "audit-api:regime"), RULES_READ),
    **{f"audit-api:{door}": {"POST": KEEP_RULES} for door in ("applies", "rule-regime")},
    "audit-api:about": READ,
    "audit-api:worksheet": {"GET": SEE, "POST": FILE},
    **{f"audit-api:{door}": {"POST": FILE} for door in ("moments", "not-needed", "decisions")},
    "schema": {"GET": SIGNED_IN},
    "incidents-api:intake-alertmanager": {"POST": TAKE_SIGNALS},
    "incidents-api:intake-pagerduty": {"POST": OTHER_SIGNALS},
    "incidents-api:incidents": {"GET": SIGNED_IN, "POST": DECLARE},
    "incidents-api:incident": READ,
    "incidents-api:move": {"POST": COMMAND},
    "incidents-api:notes": {"POST": WRITE},
    "incidents-api:decisions": {"POST": WRITE},
    "incidents-api:corrections": {"POST": WRITE},
    "incidents-api:roles": {"POST": WRITE},
    "incidents-api:runs": {"POST": EXECUTE},
    "incidents-api:entries": READ,
    "runbooks-api:list": {"GET": SIGNED_IN, "POST": MAKE_RUNBOOK},
    "runbooks-api:detail": READ,
    "runbooks-api:resources": {"GET": SIGNED_IN, "POST": MAKE_RESOURCE},
    "runbooks-api:resource": {"POST": ADMINISTER},
    "runbooks-api:versions": {"GET": SEE, "POST": AUTHOR},
    "runbooks-api:version": READ,
    "runbooks-api:publish": {"POST": AUTHOR},
    "runbooks-api:runs": {"GET": SIGNED_IN},
    "runbooks-api:run": READ,
    "runbooks-api:change-input": {"POST": EXECUTE},
    **{f"runbooks-api:{act}": {"POST": EXECUTE} for act in RUN_ACTS},
    **{f"runbooks-api:step-{act}": {"POST": EXECUTE} for act in STEP_ACTS},
    "runbooks-api:step-attach": {"GET": SEE, "POST": EXECUTE},
    "runbooks-api:step-impact": READ,
    "runbooks-api:step-preview": {"GET": SEE, "POST": FORESEE},
    **{
        f"runbooks-api:{act}": {"POST": COMMAND}
        for act in (
            "group-assess",
            "group-undo",
            "undo",
            "step-undo-branch",
            "step-override",
            "accept-proposal",
            "decline-proposal",
        )
    },
    "runbooks-api:undo-forecast": READ,
    "runbooks-api:step-rerun": {"GET": SEE, "POST": EXECUTE},
    "runbooks-api:moves": {"GET": SEE, "POST": EXECUTE},
    "runbooks-api:decide-move": {"POST": APPROVE},
    "runbooks-api:workers": {"GET": TEND},
    "runbooks-api:actions": {"GET": TEND},
    "runbooks-api:drain": {"POST": TEND},
    "approvals-api:list": {"GET": SIGNED_IN, "POST": EXECUTE},
    "approvals-api:policies": {"GET": READ_RULES, "POST": RULE},
    "approvals-api:policy": {"GET": READ_RULES},
    "approvals-api:rule-policy": {"POST": SECOND},
    "approvals-api:delegations": {"GET": SIGNED_IN, "POST": STAND_IN},
    "approvals-api:end-delegation": {"POST": END_COVER},
    "approvals-api:explain": {"GET": READ_RULES},
    "approvals-api:measures": {"GET": SIGNED_IN},
    "approvals-api:detail": READ,
    "approvals-api:decide": {"POST": ASKED},
    "approvals-api:ask": {"POST": ASKED},
    "approvals-api:answer": {"POST": ANSWER},
    "approvals-api:withdraw": {"POST": COMMAND},
    "approvals-api:break-glass": {"POST": NOBODY},
    "approvals-api:review": {"POST": NOT_THERE},
    "approvals-api:use": {"POST": SEE},  # and is told that a step of a run isn't used from outside
    "catalog-api:me": {"GET": SIGNED_IN},
    "catalog-api:contact-points": {"GET": SIGNED_IN},
    "catalog-api:notices": {"GET": SIGNED_IN},
    "catalog-api:teams": {"GET": SIGNED_IN},
    "catalog-api:team": READ,
    "catalog-api:services": {"GET": SIGNED_IN},
    "catalog-api:service": READ,
    "catalog-api:switch-probes": {"POST": ADMINISTER},
    "catalog-api:import": {"POST": IMPORT},
    "audit-api:streams": {"GET": SIGNED_IN},
    "audit-api:trust": {"GET": SIGNED_IN},
    "audit-api:stream": READ,
    "audit-api:entries": READ,
    "audit-api:verify": {"POST": SEE},
    "audit-api:pack": {"POST": EXPORT},
    "audit-api:packs": {"GET": SIGNED_IN, "POST": EXPORT},
    "audit-api:verify-pack": {"POST": Row(frozenset(), dict.fromkeys(SIGNED_IN.may, REFUSED))},  # without a file
    "audit-api:pack-job": READ,
    "audit-api:pack-file": {"GET": EXPORT},
    "audit-api:cancel-pack": {"POST": EXPORT},
    "audit-api:files": {"POST": Row(frozenset(), {"compliance": REFUSED})},  # without a file
    "audit-api:file": {"GET": NOT_THERE},  # the first entry names none
}
DOORS: dict[str, dict[str, Row]] = {**PAGES, **API}
SOCKETS = {"ws/incidents/<str:uid>": SEE, "ws/lobby": SIGNED_IN}
AUDIT = row("compliance", "administrator", "superuser", "stranger")  # of every team: accounts belong to none
AUDITORS = Row(AUDIT.may, dict.fromkeys(MEMBERS - AUDIT.may, HIDDEN))  # whoever doesn't audit learns of no page
LET_IN = Row(AUDIT.may - {"administrator"}, {**AUDITORS.others, "administrator": FORBIDDEN})
DOORS |= {
    "auditors": {"GET": AUDITORS},
    "invite-auditor": {"GET": LET_IN, "POST": LET_IN},
    "end-auditor": {"GET": LET_IN, "POST": LET_IN},
}
REDACT = row("compliance")
SOME_STREAM = row("compliance", "stranger", newcomer=FORBIDDEN)  # the stranger in streams of their own team
PAST = Row(
    frozenset(), dict.fromkeys(("compliance", "superuser", "stranger", "newcomer", *MEMBERS), REFUSED)
)  # nothing is
BOTH = {"GET": REDACT, "POST": REDACT}
OWN_REDACTION = {
    "audit:redactions": {"GET": SIGNED_IN},
    "audit:new-redaction": {"GET": SOME_STREAM, "POST": REDACT},
    "audit:redaction": {"GET": REDACT},
    **{f"audit:{act}-redaction": {"POST": REDACT} for act in ("choose", "ask", "decide", "withdraw")},
    "audit:erasures": {"GET": SIGNED_IN},
    "audit:new-erasure": {"GET": SOME_STREAM, "POST": REDACT},
    "audit:erasure": {"GET": REDACT},
    **{f"audit:{act}-erasure": {"POST": REDACT} for act in ("decide", "withdraw")},
    "audit:holds": {"GET": SIGNED_IN},
    **{f"audit:{door}": {"GET": SOME_STREAM, "POST": REDACT} for door in ("set-hold", "choose-class")},
    **{f"audit:{door}": BOTH for door in ("lift-hold", "decide-lift")},
    "audit:erase-past": {"POST": PAST},
}
OWN_REDACTION_API = {
    "audit-api:redactions": {"GET": SIGNED_IN, "POST": REDACT},
    **{f"audit-api:{door}": {"GET": REDACT} for door in ("redaction", "redaction-preview")},
    **{f"audit-api:{act}-redaction": {"POST": REDACT} for act in ("choose", "ask", "decide", "withdraw")},
    "audit-api:erasures": {"GET": SIGNED_IN, "POST": REDACT},
    "audit-api:erasure": {"GET": REDACT},
    **{f"audit-api:{act}-erasure": {"POST": REDACT} for act in ("decide", "withdraw")},
    "audit-api:holds": {"GET": SIGNED_IN, "POST": REDACT},
    **{f"audit-api:{door}": {"POST": REDACT} for door in ("lift-hold", "decide-lift")},
    "audit-api:retention": {"GET": SIGNED_IN, "POST": REDACT},
    "audit-api:erase-past": {"POST": PAST},
}
API |= OWN_REDACTION_API
DOORS |= {**OWN_REDACTION, **OWN_REDACTION_API}
STREAMS = {  # histories beside the incident's: who may read them, who may take them away
    "runbook": (SEE, EXPORT),
    "catalog": (row(*EXPORT.may, "stranger"), row(*EXPORT.may, "stranger")),  # names services of every team
    "access": (AUDIT, row("compliance", "superuser", "stranger")),
    "portal": (AUDIT, row("compliance", "superuser", "stranger")),
    "policies": (READ_RULES, row(*EXPORT.may, "stranger")),
}
