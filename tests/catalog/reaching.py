"""Fixtures of the tests about reaching people: keys, sinks on loopback, a contact point that leads to one."""

import base64
import datetime as dt
from collections.abc import Callable, Iterator

import pytest

from catalog import services
from catalog.models import ContactPoint, Notice, User
from catalog.reaching import chat
from plumbing import clock
from tests.catalog.sinks import ChatSink, MailSink, serving

TOKEN = "tok-5ecret-9f3a-never-shown"
MAIL = "lena.private@post.example"
MakePoint = Callable[..., ContactPoint]


@pytest.fixture(autouse=True)
def own_keys(settings, tmp_path, monkeypatch):
    """Keys of the test; a deadline that a slow machine keeps; json:// as if an operator had named it."""
    settings.SEALING_KEYS = [base64.b64encode(b"k" * 32).decode()]
    settings.SEALING_KEYS_FILE = tmp_path / "sealing-keys"
    settings.NOTIFY_SCHEMES = [*settings.NOTIFY_SCHEMES, "json", "jsons"]
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    settings.LINKS_BEGIN = "https://muster.bank.example"
    monkeypatch.setattr(chat, "DEADLINE_S", 60.0)
    return settings


@pytest.fixture
def chat_sink() -> Iterator[ChatSink]:
    with serving(ChatSink()) as sink:
        yield sink


@pytest.fixture
def mail_sink(settings) -> Iterator[MailSink]:
    with serving(MailSink()) as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


@pytest.fixture
def make_point(owner: User, chat_sink: ChatSink) -> MakePoint:
    """make_point(user=owner, label="Chat", address=json:// to the sink) -> ContactPoint"""

    def make(user: User | None = None, label: str = "Chat", address: str = "") -> ContactPoint:
        address = address or f"json://{chat_sink.host}/{TOKEN}"
        return services.add_contact_point(user or owner, label=label, address=address)

    return make


def tell(*users: User, dedupe: str = "asked/1", stream: str = "access") -> list[Notice]:
    """What a room calls in its transaction."""
    return services.notify(
        users=users, stream=stream, about="req1", kind="asked", title="Fail over the store?",
        text="Amara asks. It takes 40 s.", path="/approvals/req1/", dedupe=dedupe, now=clock.now(),
    )  # fmt: skip


def later(notice: Notice, **by: float) -> Notice:
    """The notice as if so much time had passed."""
    past = dt.timedelta(**by)
    notice.refresh_from_db()
    lease = notice.lease_until - past if notice.lease_until else None
    Notice.objects.filter(pk=notice.pk).update(next_at=notice.next_at - past, lease_until=lease)
    notice.refresh_from_db()
    return notice
