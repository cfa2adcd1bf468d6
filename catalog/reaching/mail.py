"""E-mail through Django's mail backend. What a mail server answers may quote an address: its number alone is kept."""

import smtplib
from contextlib import closing

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.validators import validate_email

from catalog.errors import AddressRefused, NotSent

NOT_SET_UP = "Muster has no mail server: an operator sets MUSTER_EMAIL_URL."
CHANNEL = "email"


def check(address: str) -> str:
    """The channel of an address. Raises AddressRefused."""
    try:
        validate_email(address)
    except ValidationError:
        raise AddressRefused(
            "This is no e-mail address, as lena.vogt@bank.example is, and no address of a chat or pager, as "
            "slack://token-a/token-b/token-c is."
        ) from None
    return CHANNEL


def send(address: str, title: str, text: str) -> None:
    """One message. Each word of the mail server may take settings.EMAIL_TIMEOUT seconds. Raises NotSent."""
    if not settings.EMAIL_HOST:
        raise NotSent(NOT_SET_UP)
    message = EmailMessage(" ".join(title.split()), text, to=[address], headers={"Auto-Submitted": "auto-generated"})
    try:
        with closing(get_connection()) as connection:  # Django leaves one open on which TLS didn't come about
            connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        raise NotSent(f"The mail server refused the receiver ({', '.join(map(str, codes))}).") from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"The mail server answered {error.smtp_code}.") from None
    except smtplib.SMTPServerDisconnected:  # smtplib makes a timeout of it, too
        raise NotSent("The mail server fell silent, or ended the connection.") from None
    except smtplib.SMTPException as error:
        raise NotSent(f"The mail server didn't take it ({type(error).__name__}).") from None
    except OSError as error:
        raise NotSent(f"No connection to the mail server ({type(error).__name__}).") from None
    except ValueError:  # what Django finds in an address or a header
        raise NotSent("The message can't be sent as it is: add the address again.") from None
