"""What a filing goes through, step by step, and who stands for the rooms around it."""

from dataclasses import dataclass, field

from audit.filings import editing, moving, opening
from audit.filings.consent import Standing
from audit.filings.prefill import Offer
from audit.selectors import entries
from plumbing import clock
from tests.audit.filing_cases import INITIAL

DORA = "eu_dora_major_incident"


@dataclass
class Room:
    """Stands for the room of approvals: says what it was asked, and answers as the test wants."""

    state: str = "pending"
    because: str = "approve by Olga"
    asked: list = field(default_factory=list)
    voided: list = field(default_factory=list)
    refuses: str = ""

    def ask(self, asked, actor, shapers, now):
        self.asked.append((asked, shapers))

    def standing(self, subject):
        return Standing(self.state, self.because)

    def void(self, subject, reason, actor, now):
        self.voided.append(reason)

    def use(self, asked, actor, now):
        return self.refuses


class Notes:
    """Offers what the test says."""

    def __init__(self):
        self.said = {"2.1": "INC-2417", "2.2": "2026-03-02T09:00:00Z"}

    def __call__(self, question):
        return [Offer(key, value, "the notes", (("inc_1", 0),)) for key, value in self.said.items()]


def begin(stream, person, stage="initial"):
    return opening.open_filing(
        stream, DORA, stage, entity="nordbank", entity_name="Nordbank AG", actor=person, now=clock.now()
    )


def fill(filing, person, told, reason="From the file of the officer."):
    filing.refresh_from_db()
    return editing.change(filing.uid, told, seen=filing.version, reason=reason, actor=person, now=clock.now())


def review(filing, person):
    filing.refresh_from_db()
    return moving.send_to_review(filing.uid, seen=filing.version, actor=person, now=clock.now())


def send(filing, person, room, **more):
    room.state = "approved"
    moving.settle(filing.uid, now=clock.now())
    said = {"at": clock.now(), "channel": "Portal of the authority", "file": "json", "reference": "2026I0000417"} | more
    return moving.submit(filing.uid, sent=moving.Sent(**said), actor=person, now=clock.now())


def reviewed_initial(stream, person):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    return filing


def sent_initial(stream, person, room):
    return send(reviewed_initial(stream, person), person, room)


def kinds(stream):
    return [row.kind for row in entries(stream.uid) if row.kind.startswith("filing.")]
