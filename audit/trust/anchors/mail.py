"""Somebody's mailbox: mailto:evidence@bank.example. Once a day, unless `every` says otherwise.

A mail can be deleted by whoever has the mailbox; but not by who administers this portal's database."""

import smtplib
from contextlib import closing
from datetime import timedelta
from email.utils import make_msgid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email

from audit.cosigning import origin_of
from audit.models import Checkpoint
from audit.trust.anchors.places import Address
from audit.trust.holders.errors import NotAnchored

TEXT = """This is a checkpoint of the evidence ledger {origin}: it covers {size} heads, signed.

Keep this message where the portal's administrators can't delete it. Whoever checks the ledger later compares: the tree
of the first {size} heads must have the same root. The attached file is the checkpoint, byte for byte.

{note}"""


class Mailbox:
    """The mailbox."""

    usual_pace = timedelta(days=1)

    def __init__(self, address: Address) -> None:
        self.name, self.receiver = address.name, address.parts.path
        try:
            validate_email(self.receiver)
        except ValidationError:
            raise ValueError("expected an address, as in mailto:evidence@bank.example") from None

    def keep(self, checkpoint: Checkpoint) -> str:
        """Send the note. Returns the message's id."""
        if not settings.EMAIL_HOST:
            raise NotAnchored(self.name, "Muster has no mail server: an operator sets MUSTER_EMAIL_URL.")
        message_id = make_msgid("muster", "checkpoint.invalid")
        try:
            with closing(get_connection()) as connection:
                connection.send_messages([self._message(checkpoint, message_id)])
        except smtplib.SMTPResponseException as error:
            raise NotAnchored(self.name, f"The mail server answered {error.smtp_code}.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotAnchored(self.name, f"The mail server didn't take it ({type(error).__name__}).") from error
        return message_id

    def _message(self, checkpoint: Checkpoint, message_id: str) -> EmailMessage:
        note = bytes(checkpoint.note)
        told = TEXT.format(origin=origin_of(note), size=checkpoint.size, note=note.decode())
        message = EmailMessage(
            f"Checkpoint {checkpoint.size} of {origin_of(note)}",
            told,
            to=[self.receiver],
            headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
        )
        message.attach(f"checkpoint-{checkpoint.size}", note, "application/octet-stream")
        return message
