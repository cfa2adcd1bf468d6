"""Pages and API about how one is reached: one's own, whole as far as they may be, and nobody else's."""

import datetime as dt

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from catalog.models import ContactPoint, Notice
from catalog.selectors import notices_about
from catalog.services.sending import attend
from tests.catalog.reaching import MAIL, TOKEN, chat_sink, mail_sink, make_point, own_keys, tell

pytestmark = pytest.mark.django_db
__all__ = ["chat_sink", "mail_sink", "make_point", "own_keys"]


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(user, query: str = "") -> str:
    answer = signed_in(user).get(reverse("reach:page") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_adding_seals_the_address_and_sends_a_test(owner, chat_sink) -> None:
    body = {"address": f" json://{chat_sink.host}/{TOKEN} ", "label": "On-call  chat"}
    answer = signed_in(owner).post(reverse("reach:add"), body)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("reach:page"))
    point = ContactPoint.objects.get()
    assert (point.user, point.label, point.channel, point.tail) == (owner, "On-call chat", "json", TOKEN[-4:])
    assert "Being tried" in page(owner) and 'hx-trigger="every 2s"' in page(owner)
    attend(Notice.objects.get().uid)
    assert len(chat_sink.posted) == 1
    assert "Works" in page(owner) and "every 2s" not in page(owner)


@pytest.mark.parametrize("body", [{}, {"address": "", "label": "x"}, {"address": MAIL, "label": ""}])
def test_what_is_missing_is_said_and_no_address_comes_back(body, owner) -> None:
    answer = signed_in(owner).post(reverse("reach:add"), body)
    assert answer.status_code == 422
    assert MAIL not in answer.content.decode()
    assert not ContactPoint.objects.exists()


def test_a_failed_test_says_why_and_can_be_sent_again(owner, make_point, chat_sink) -> None:
    point, client = make_point(), signed_in(owner)
    chat_sink.status = 401
    test = reverse("reach:test", args=[point.uid])
    assert client.post(test).status_code == 302
    attend(Notice.objects.get().uid)
    assert "The service answered 401." in page(owner)
    again = client.post(test)
    assert again.status_code == 422 and "less than 30 s ago" in again.content.decode()
    Notice.objects.update(created_at=point.created_at - dt.timedelta(minutes=1))
    assert client.post(test).status_code == 302


def test_removing_asks_first_and_says_what_remains(owner, make_point) -> None:
    point, client = make_point(), signed_in(owner)
    remove = reverse("reach:remove", args=[point.uid])
    assert "after it nobody can reach you" in client.get(remove).content.decode()
    owner.email = MAIL
    owner.save()
    assert "e-mail address of your account" in client.get(remove).content.decode()
    assert ContactPoint.objects.count() == 1
    assert client.post(remove).status_code == 302
    assert not ContactPoint.objects.exists()
    assert client.post(remove).status_code == 404


def test_nobody_sees_or_touches_what_is_somebody_elses(owner, deputy, admin_user, superuser, make_point) -> None:
    point = make_point()
    tell(owner)
    for other in (deputy, admin_user, superuser):
        client = signed_in(other)
        assert client.post(reverse("reach:test", args=[point.uid])).status_code == 404
        assert client.get(reverse("reach:remove", args=[point.uid])).status_code == 404
        assert client.post(reverse("reach:remove", args=[point.uid])).status_code == 404
        assert point.label not in page(other) and "Fail over the store?" not in page(other)
        for door in ("catalog-api:contact-points", "catalog-api:notices"):
            assert client.get(reverse(door)).json()["results"] == []
    assert ContactPoint.objects.filter(pk=point.pk).exists()


def test_the_page_says_when_nothing_reaches_the_reader(owner, settings) -> None:
    assert "Nobody can reach you" in page(owner)
    owner.email = MAIL
    owner.save()
    settings.EMAIL_HOST = ""
    said = page(owner)
    assert "Nobody can reach you" not in said and "MUSTER_EMAIL_URL" in said and MAIL not in said
    settings.EMAIL_HOST = "mail.bank.example"
    assert "MUSTER_EMAIL_URL" not in page(owner)


def test_each_state_of_a_message_has_its_words(owner, make_point, chat_sink) -> None:
    make_point(label="Chat")
    sent, failed, given_up, _ = (tell(owner, dedupe=str(number))[0] for number in range(4))
    attend(sent.uid)
    chat_sink.status = 503
    attend(failed.uid)
    Notice.objects.filter(pk=given_up.pk).update(tries=4)
    attend(given_up.uid)
    said = page(owner)
    for words in ("Sent", "Failed so far", "Tried again at", "Not delivered", "5 tries", "On its way"):
        assert words in said
    assert said.count("/approvals/req1/") == 4


def test_many_messages_come_by_show_more(owner, make_point) -> None:
    make_point()
    for number in range(55):
        tell(owner, dedupe=str(number))
    assert page(owner).count("Fail over the store?") == 50 and "Show more" in page(owner)
    assert page(owner, "?shown=100").count("Fail over the store?") == 55


def test_the_api_tells_of_contact_points_and_messages_without_addresses(owner, make_point, chat_sink) -> None:
    point = make_point()
    (notice,) = tell(owner)
    client = signed_in(owner)
    (mine,) = client.get(reverse("catalog-api:contact-points")).json()["results"]
    assert mine | {"created_at": ""} == {
        "uid": point.uid, "kind": "apprise", "channel": "json", "label": "Chat", "tail": TOKEN[-4:], "created_at": "",
        "verified_at": None,
    }  # fmt: skip
    (told,) = client.get(reverse("catalog-api:notices")).json()["results"]
    assert (told["uid"], told["state"], told["channel"]) == (notice.uid, "queued", "json")
    assert "sealed" not in mine and "contact_point" not in told


def test_administrators_see_that_somebody_is_reached_and_never_where(owner, viewer, admin_user, make_point) -> None:
    make_point()
    teams = reverse("catalog:teams")
    said = signed_in(admin_user).get(teams).content.decode()
    assert "told over json" in said and "no contact point" in said
    assert TOKEN[-4:] not in said
    said = signed_in(viewer).get(teams).content.decode()
    assert "told over" not in said and "no contact point" not in said


def test_who_was_told_of_a_request_is_shown_with_what_became_of_it(owner, deputy, make_point, chat_sink) -> None:
    make_point()
    chat_sink.status = 500
    attend(tell(owner, deputy)[0].uid)
    said = render_to_string("catalog/_told.html", {"notices": notices_about("req1")})
    assert said.index("Lena Vogt") < said.index("Piotr Nowak")
    for words in ("Failed so far", "The service answered 500.", "Not delivered", "somebody has to tell them in person"):
        assert words in said
    assert render_to_string("catalog/_told.html", {"notices": notices_about("req2")}).strip() == ""
