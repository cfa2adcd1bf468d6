"""Sentences about runs, steps, groups, attempts, locks and watches."""

from incidents.timeline.words import D, Fields, Line, N, S


def _echo(fields: Fields) -> str:
    """A check that asked whoever acted is worth less, and says so."""
    return f", said by {fields['echo']}, which also acted" if fields.get("echo") else ""


def _attempt(fields: Fields) -> str:
    return f"attempt {fields['attempt']}" + (" of its check" if fields.get("of") == "verify" else "")


ANSWERS = {
    "retry": "tries again",
    "skip": "leaves out",
    "give_up": "gives up",
    "undo_branch": "takes back the branch of",
}
ASSESSED = {
    "retry": "try what failed again",
    "skip": "leave out what failed",
    "undo_branch": "take back the branches that failed",
    "undo_all": "take all of it back",
    "accept": "accept it as it is",
}


def _handed(fields: Fields) -> str:
    to = fields.get("to")
    return f"gave “{fields['title']}” to {to}" if to and to != fields["who"] else f"took over “{fields['title']}”"


def _width(fields: Fields) -> str:
    width = fields["width"]
    return f"lets at most {width} steps run at a time" if width else "took the speed limit away"


def _undo_list(fields: Fields) -> str:
    stays = f" Stays: {fields['stays']}." if fields.get("stays") else ""
    return (f"In this order: {fields['order']}." if fields.get("order") else "Nothing has to be done for it.") + stays


def _twice(fields: Fields) -> str:
    return f"Done a second time: {fields['twice']}." if fields.get("twice") else ""


def _decided(fields: Fields) -> str:
    way = f"goes back to {fields['back']}" if fields.get("back") else f"takes the way {fields['case']}"
    return way + (", its fallback" if fields["by"] == "fallback" else "")


def _foreseen(fields: Fields) -> str:
    return "could not be foreseen" if fields.get("problem") else "was foreseen: its page says what it would do"


LINES: dict[str, Line] = {
    "run.chosen": Line(S, "wait", "book", "{runbook} v{version}", "was chosen", "Because {because}."),
    "run.refused": Line(S, "failed", "failed", "{runbook}", "was not started", "{reason}"),
    "run.started": Line(S, "running", "book", "{runbook} v{version}", "started", ""),
    "run.succeeded": Line(S, "done", "done", "{runbook}", "finished", "{why}"),
    "run.failed": Line(S, "failed", "failed", "{runbook}", "failed", "{why}"),
    "run.stopped": Line(S, "cancelled", "cancelled", "{runbook}", "stopped", "{why}"),
    "run.cancelled": Line(S, "cancelled", "cancelled", "{who}", "cancelled the run", "{reason}"),
    "run.reopened": Line(S, "running", "undone", "{who}", "let the run go on", "{reason}"),
    "run.input_changed": Line(D, "wait", "pen", "{who}", "changed the input {name} from {was} to {now}", "{reason}"),
    "step.approval": Line(N, "approval", "approval", "{title}", "waits for consent", "{why}"),
    "step.ready": Line(N, "ready", "ready", "{title}", "is ready", "{why}"),
    "step.running": Line(S, "running", "running", "{title}", "began", "{why}"),
    "step.verifying": Line(N, "verifying", "verifying", "{title}", "is being checked", "{why}"),
    "step.done": Line(S, "done", "done", "{title}", "is done", "{why}"),
    "step.failed": Line(S, "failed", "failed", "{title}", "failed", "{why}"),
    "step.unknown": Line(S, "unknown", "unknown", "{title}", "may or may not have happened", "{why}"),
    "step.skipped": Line(S, "skipped", "skipped", "{title}", "was skipped", "{why}"),
    "step.cancelled": Line(S, "cancelled", "cancelled", "{title}", "was cancelled", "{why}"),
    "step.waiting": Line(N, "waiting", "waiting", "{title}", "waits", "{why}"),
    "step.reassigned": Line(S, "wait", "hand", "{who}", _handed, "{reason}"),
    "attempt.succeeded": Line(N, "done", "bolt", "{title}", lambda f: f"{_attempt(f)} worked{_echo(f)}"),
    "attempt.failed": Line(S, "failed", "bolt", "{title}", lambda f: f"{_attempt(f)} failed", "{error}"),
    "attempt.void": Line(N, "cancelled", "bolt", "{title}", "was taken back before anything was done", "{why}"),
    "attempt.late": Line(N, "late", "bolt", "{title}", "answered after its worker was given up; it changed nothing"),
    "attempt.lost": Line(S, "unknown", "bolt", "{title}", lambda f: f"{_attempt(f)} was lost", "{why}"),
    "run.paused": Line(D, "held", "held", "{who}", "paused the run", "{reason}"),
    "run.resumed": Line(D, "running", "ready", "{who}", "let the run go on", "{reason}"),
    "run.width_set": Line(D, "wait", "pen", "{who}", _width, "{reason}"),
    "run.undo_asked": Line(D, "undoing", "undone", "{who}", "lets {what} be taken back", _undo_list, "{reason}"),
    "run.rerun": Line(D, "running", "book", "{who}", "lets it run again from “{title}”", _twice, "{reason}"),
    "run.migration_asked": Line(D, "approval", "book", "{who}", "asks to move the run to v{version}", "{reason}"),
    "run.migrated": Line(D, "done", "book", "{who}", "moved the run from v{was} to v{version}", "{reason}"),
    "run.migration_declined": Line(D, "failed", "book", "{who}", "refused to move the run to v{version}", "{reason}"),
    "run.migration_lapsed": Line(D, "cancelled", "book", "Void", "the move of the run to v{version}", "{reason}"),
    "step.items": Line(N, "ready", "ready", "{title}", "has {items} items, {width} at a time"),
    "step.undo_planned": Line(N, "undoing", "undone", "{title}", "will be taken back"),
    "step.went_back": Line(S, "waiting", "undone", "{title}", "goes back; what lies between is done again"),
    "step.held": Line(D, "held", "held", "{who}", "holds “{title}” back", "{reason}"),
    "step.released": Line(D, "ready", "ready", "{who}", "lets “{title}” go on", "{reason}"),
    "step.answered": Line(
        D, "wait", "pen", "{who}", lambda f: f"{ANSWERS.get(f['choice'], f['choice'])} “{f['title']}”", "{reason}"
    ),
    "step.replaced": Line(D, "done", "hand", "{who}", "did “{title}” in another way", "", "{evidence}"),
    "step.settled": Line(D, "wait", "pen", "{who}", "said of “{title}”: {found}", "", "{evidence}"),
    "step.check_asked": Line(S, "unknown", "probe", "{who}", "lets the check of “{title}” be asked"),
    "group.assessed": Line(
        D, "wait", "flag", "{who}", lambda f: f"of “{f['title']}”: {ASSESSED.get(f['choice'], f['choice'])}", "{reason}"
    ),
    "decision.taken": Line(S, "done", "flag", "{title}", _decided, "{why}"),
    "decision.asked": Line(D, "approval", "flag", "{title}", "asks a person for the way", "{why}"),
    "proposal.made": Line(D, "wait", "flag", "{title}", "proposes: it {does} {steps}", "{why}"),
    "proposal.accepted": Line(D, "done", "flag", "{who}", "agreed that a watch {does} {steps}", "{reason}"),
    "proposal.declined": Line(D, "cancelled", "flag", "{who}", "refused that a watch {does} {steps}", "{reason}"),
    "proposal.lapsed": Line(N, "cancelled", "flag", "A proposal", "lapsed: {steps} has begun"),
    "watch.acted": Line(D, "done", "probe", "{title}", "{does} {steps}", "{why}"),
    "watch.late": Line(N, "cancelled", "probe", "{title}", "came true when all it is about had begun", "{why}"),
    "worker.drained": Line(S, "held", "held", "{who}", "lets worker {name} take nothing more", "{reason}"),
    "worker.opened": Line(S, "ready", "ready", "{who}", "lets worker {name} take work again", "{reason}"),
    "run.undone": Line(S, "undone", "undone", "{runbook}", "was taken back", "{why}"),
    "step.locked": Line(N, "locked", "locked", "{title}", "waits for a lock", "{why}"),
    "step.bypassed": Line(N, "bypassed", "bypassed", "{title}", "was not taken", "{why}"),
    "step.undoing": Line(S, "undoing", "undoing", "{title}", "is being taken back", "{why}"),
    "step.undone": Line(S, "undone", "undone", "{title}", "was taken back", "{why}"),
    "step.stuck": Line(S, "stuck", "stuck", "{title}", "could not be taken back", "{why}"),
    "group.open": Line(S, "running", "running", "{title}", "goes on", "{why}"),
    "group.assessing": Line(D, "approval", "approval", "{title}", "waits: what do its failures mean?", "{why}"),
    "group.undoing": Line(S, "undoing", "undoing", "{title}", "is being taken back", "{why}"),
    "group.passed": Line(S, "done", "done", "{title}", "passed", "{why}"),
    "group.accepted": Line(D, "done", "done", "{title}", "was accepted with its failures", "{why}"),
    "group.failed": Line(S, "failed", "failed", "{title}", "failed", "{why}"),
    "group.undone": Line(S, "undone", "undone", "{title}", "was taken back", "{why}"),
    "lock.queued": Line(S, "locked", "locked", "{title}", "waits: others work there", "{why}"),
    "lock.held": Line(N, "wait", "locked", "{title}", "has the services to itself: {services}"),
    "lock.freed": Line(N, "wait", "locked", "{title}", "let go of {services}", "{why}"),
    "lock.overdue": Line(D, "approval", "locked", "{title}", "waits too long: override?", "{why}"),
    "lock.overridden": Line(D, "failed", "locked", "{who}", "let “{title}” work beside {over}", "", "{reason}"),
    "step.reminded": Line(S, "wait", "clock", "{assignee}", "was reminded of “{title}”", "{why}"),
    "step.escalated": Line(D, "wait", "clock", "{title}", "was escalated", "{why}"),
    "step.overdue": Line(S, "late", "clock", "{title}", "takes too long", "{why}"),
    "step.preview_asked": Line(S, "wait", "probe", "{who}", "asks what “{title}” would do"),
    "step.previewed": Line(S, "wait", "probe", "{title}", _foreseen, "{problem}"),
    "step.attached": Line(S, "wait", "bolt", "{who}", "let “{title}” use the result of “{other}”", "{why}"),
}
