"""Rows 17, 18, 39 to 42 and 44: in which form text is kept, and what mails make of it."""

from __future__ import annotations

import unicodedata
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses

import pytest
from django.core import mail
from django.urls import reverse

from activity.changes import SYSTEM
from backlog.models import Sprint, Task
from people.models import Membership, User
from reviews import actions as reviews
from tests.arranging import arranging
from tests.bad_input.asking import send
from tests.test_access import signed_in

pytestmark = pytest.mark.both_databases

FAMILY = "👩\u200d👩\u200d👧"


@pytest.fixture
def mia(scene):
    return signed_in(scene.world.mia.user)


def made(mia, scene, **fields: str) -> Task:
    answer = mia.post(reverse("new_task", args=[scene.world.workspace.slug]), fields)
    assert answer.status_code == 302, answer.content
    return Task.objects.latest("pk")


def test_row_17_letters_are_composed_and_emoji_stay_whole(mia, scene):
    task = made(mia, scene, title=f"A\u030angstro\u0308m {FAMILY} \u2126", description="e\u0301")
    assert task.title == f"Ångström {FAMILY} Ω"
    assert task.description == "é"
    page = mia.get(task.get_absolute_url()).content.decode()
    assert task.title in page
    assert unicodedata.is_normalized("NFC", page)


def test_row_17_length_is_counted_in_characters_as_they_are_kept(mia, scene):
    assert len(made(mia, scene, title="e\u0301" * 200).title) == 200
    assert len(made(mia, scene, title="💥" * 200).title) == 200


def test_row_18_piled_accents_are_cut(mia, scene):
    assert made(mia, scene, title="Z" + "\u0301" * 40 + "algo").title.count("\u0301") <= 4


def test_row_44_digits_of_another_script_are_numbers_and_shown_as_ours(mia, scene):
    task = made(mia, scene, title="Arabic", points="٣")
    assert task.points == 3
    assert 'value="3"' in mia.get(task.get_absolute_url() + "edit/").content.decode()


# Mails -------------------------------------------------------------------------------------------


def sent_as(message: mail.EmailMessage):
    """Return a mail as its receiver's program reads it."""
    return message_from_bytes(message.message().as_bytes(), policy=default)


ODD_NAMES = [
    '"><b>@evil.example',
    "Sam, all@example.org",
    "Sam <all@example.org>",
    "Sam; Chiara: all@example.org",
    'Sam "the" O\'Neill \\',
    "Åsa Ångström",
    "=?utf-8?q?Bcc=3A_x?=",
    "a@b.example",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_row_41_a_name_stays_a_name_in_every_mail(scene, name):
    with arranging():
        Membership.objects.filter(pk=scene.world.sam.pk).update(shown_name=name)
        type(scene.world.workspace).objects.update(name=name)
    review = scene.world.workspace.reviews.get(sprint__number=scene.draft)
    reviews.publish_review(review, by=SYSTEM, version=review.version)
    from notifications import actions as notifications
    from notifications.models import OutboxItem

    for item in OutboxItem.objects.filter(recipient=scene.world.sam, state="queued"):
        notifications.deliver(item)
    assert mail.outbox
    for message in mail.outbox:
        read = sent_as(message)
        assert [address for _n, address in getaddresses(read.get_all("To"))] == [
            scene.world.sam.user.email
        ]
        assert len(getaddresses(read.get_all("From"))) == 1
        assert read["Bcc"] is None
        assert read["Cc"] is None
        assert len(message.recipients()) == 1


@pytest.mark.parametrize(
    "subject", ["a\r\nBcc: evil@example.org", "a\nb", "a\u2028b", "a\x85b", "a\x0bb", "a\x00b"]
)
def test_rows_39_and_42_a_subject_of_two_lines_is_refused_before_it_is_a_mail(mia, scene, subject):
    slug = scene.world.workspace.slug
    address = reverse("review_edit", args=[slug, scene.draft])
    fields = {
        "version": scene.world.workspace.reviews.get(sprint__number=scene.draft).version,
        "lead": "We are done.",
        "verdict": "",
        "subject": subject,
    }
    for url in (address, reverse("review_test", args=[slug, scene.draft])):
        answer = send(mia, "post", url, fields)
        assert answer.status == 422
        assert answer.errors("subject")
        assert not answer.changed
        assert "We are done." in answer.page.content.decode()


ADDRESSES = [
    "a@x.example, evil@x.example",
    '"x" <a@x.example>\nBcc: all@x.example',
    "a@x.example\r\nBcc: all@x.example",
    "a" * 250 + "@x.example",
    "a@",
    "@x.example",
    "a b@x.example",
    "a@x.example\x00",
    "a@\u202ex.example",
]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "name", ["account_signup", "account_reset_password", "account_request_login_code"]
)
def test_row_40_an_address_is_one_address(db, client, name, address):
    before = User.objects.count()
    form = {"email": address, "name": "Ada", "password1": "correct horse battery staple"}
    answer = client.post(reverse(name), form)
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]
    assert User.objects.count() == before
    assert mail.outbox == []


def test_a_goal_in_two_lines_is_refused_where_it_was_typed(mia, scene):
    """The plan keeps the goal in place; a no shows it there, with what was typed."""
    url = reverse("sprint_goal", args=[scene.world.workspace.slug, scene.planned.number])
    answer = send(mia, "post", url, {"goal": "x" * 201, "version": scene.planned.version})
    assert answer.status == 422
    assert "x" * 201 in answer.page.content.decode()
    assert "At most 200 characters" in answer.page.content.decode()
    assert Sprint.objects.get(pk=scene.planned.pk).goal == scene.planned.goal


def test_what_a_form_stores_is_seen_and_forgotten(mia, scene):
    """The positive control of every "nothing is stored" here."""
    url, before = reverse("new_task", args=[scene.world.workspace.slug]), Task.objects.count()
    answer = send(mia, "post", url, {"title": "A new flyer"})
    assert answer.status == 302
    assert answer.changed["backlog.Task"] == (before, before + 1)
    assert answer.changed["seq"][1] > answer.changed["seq"][0]
    assert Task.objects.count() == before
