"""The inbox: what is in it, who reads it, how people are told, and the way to be told less."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conversation import actions as conversation
from notifications import mails
from notifications.actions import deliver
from notifications.inbox import actions, hours, links
from notifications.models import Notice, OutboxItem, OutboxState, Pace, Preference, Topic
from tests.arranging import arranging
from tests.factories import make_task

# A Wednesday: 16:00 in Stockholm and Berlin, 9:00 in Chicago
WEDNESDAY = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
USUAL = Preference()


@pytest.fixture
def now():
    with time_machine.travel(WEDNESDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def task(northwind):
    return make_task(northwind.workspace, "One-page flyer", assignee=northwind.lena)


def say(task, by, text):
    return conversation.add_comment(task, by=by, text=text)


def address(name, *args):
    return reverse(name, args=["northwind", *args])


def page(client, **query):
    return client.get(address("inbox"), query).content.decode()


def daily():
    return OutboxItem.objects.filter(kind=actions.DAILY_MAIL).order_by("pk")


# Hours ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "at", "leaves"),
    [
        ("Europe/Berlin", "2026-11-25T16:00", "2026-11-25T16:00"),
        ("Europe/Berlin", "2026-11-25T20:00", "2026-11-26T07:00"),
        ("Europe/Berlin", "2026-11-26T06:59", "2026-11-26T07:00"),
        ("Europe/Berlin", "2026-11-27T20:30", "2026-11-30T07:00"),  # Friday evening
        ("Europe/Berlin", "2026-11-29T12:00", "2026-11-30T07:00"),  # Sunday
        ("Europe/Berlin", "2026-03-27T23:00", "2026-03-30T07:00"),  # the clocks go forward
        ("America/Chicago", "2026-10-30T23:00", "2026-11-02T07:00"),  # and back
    ],
)
def test_a_mail_waits_for_the_morning_of_its_reader(zone, at, leaves):
    there = ZoneInfo(zone)
    found = hours.awake(datetime.fromisoformat(at).replace(tzinfo=there), there, USUAL)
    assert found.astimezone(there).replace(tzinfo=None).isoformat("T", "minutes") == leaves


def test_a_wall_clock_time_that_is_missing_or_comes_twice_has_one_end():
    there = ZoneInfo("Europe/Berlin")
    early = Preference(quiet_from=time(1), quiet_until=time(2, 30), quiet_weekends=False)
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 1:30; 2:30 does not exist
    assert hours.awake(spring, there, early) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    second = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 2:10 for the second time
    assert hours.awake(second, there, early) == second


def test_no_quiet_hours_at_all():
    at = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
    always = Preference(quiet_from=time(0), quiet_until=time(0), quiet_weekends=False)
    assert hours.awake(at, ZoneInfo("UTC"), always) == at


@pytest.mark.parametrize(
    ("at", "leaves"),
    [
        ("2026-11-25T07:59", "2026-11-25T08:00"),
        ("2026-11-25T08:00", "2026-11-26T08:00"),
        ("2026-11-27T09:00", "2026-11-30T08:00"),
        ("2026-10-23T09:00", "2026-10-26T08:00"),
    ],
)
def test_the_daily_mail_leaves_in_the_morning(at, leaves):
    there = ZoneInfo("Europe/Berlin")
    found = hours.next_daily(datetime.fromisoformat(at).replace(tzinfo=there), there, USUAL)
    assert found.astimezone(there).replace(tzinfo=None).isoformat("T", "minutes") == leaves


# Reading ----------------------------------------------------------------------------------------


def test_what_is_new_is_counted_on_every_page_and_opened_by_a_post(northwind, task, client_of, now):
    said = say(task, northwind.sam, "Which **fair**, @Lena?")
    lena = client_of(northwind.lena)
    assert 'data-bell-count="1"' in lena.get(address("members")).content.decode()
    shown = page(lena)
    assert "mentioned you" in shown
    assert "Which fair, @Lena Okafor?" in shown
    assert Notice.objects.get().read_at is None, "looking at the list opens nothing"

    notice = Notice.objects.get()
    assert lena.get(address("notice_open", notice.pk)).status_code == 405
    answer = lena.post(address("notice_open", notice.pk))
    assert answer["Location"] == f"{task.get_absolute_url()}#comment-{said.pk}"
    assert 'data-bell-count="0"' in page(lena)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_notice_is_read_and_new_again(northwind, task, client_of, now, headers):
    say(task, northwind.sam, "Which fair?")
    lena, mark = client_of(northwind.lena), address("notice_mark", Notice.objects.get().pk)
    for read in ("yes", "no"):
        answer = lena.post(mark, {"read": read}, headers=headers)
        assert answer.status_code == (200 if headers else 302)
        assert Notice.objects.get().is_read == (read == "yes")
    assert lena.post(mark, {"read": "maybe"}).status_code == 422


def test_all_that_was_seen_is_marked_and_nothing_that_came_after(northwind, task, client_of, now):
    say(task, northwind.sam, "Which fair?")
    lena = client_of(northwind.lena)
    through = re.search(r'name="through" value="(\d+)"', page(lena))[1]
    later = say(task, northwind.sam, "And when?")
    assert lena.post(address("inbox_read"), {"through": through}).status_code == 302
    assert [one.about_id for one in Notice.objects.unread()] == [later.pk]


def test_the_inbox_of_another_is_not_there(northwind, task, client_of, now):
    say(task, northwind.sam, "For @Lena alone")
    notice, mia = Notice.objects.get(), client_of(northwind.mia)
    assert "alone" in page(client_of(northwind.lena))
    assert "alone" not in page(mia)
    for name in ("notice_open", "notice_mark"):
        assert mia.post(address(name, notice.pk), {"read": "yes"}).status_code == 404
    mia.post(address("inbox_read"), {"through": notice.pk})
    assert Notice.objects.get().read_at is None


def test_what_was_removed_is_said_nowhere(northwind, task, client_of, now):
    said = say(task, northwind.sam, "Secret for @Lena")
    conversation.remove_comment(said, by=northwind.sam)
    shown = page(client_of(northwind.lena))
    assert "What was said has been removed." in shown
    assert "Secret" not in shown


def fill(northwind, task, amount):
    say(task, northwind.sam, "First")
    one = Notice.objects.get(recipient=northwind.lena)
    with arranging():
        Notice.objects.bulk_create(
            Notice(
                workspace=one.workspace, recipient=one.recipient, topic=one.topic, kind=one.kind,
                subject_type=one.subject_type, subject_id=one.subject_id, actor=one.actor,
                about_id=one.about_id + 1_000 + n,
            )
            for n in range(amount)
        )  # fmt: skip
        conversation.Comment.objects.bulk_create(
            conversation.Comment(
                pk=one.about_id + 1_000 + n, workspace=one.workspace, author=northwind.sam,
                subject_type=one.subject_type, subject_id=one.subject_id,
                text=f"Word {n}.", html=f"<p>Word {n}.</p>",
            )
            for n in range(amount)
        )  # fmt: skip


def test_a_full_inbox_has_pages_and_costs_the_same(northwind, task, client_of, now):
    lena, costs, seen = client_of(northwind.lena), [], []
    fill(northwind, task, 120)
    address_of_page = address("inbox")
    while address_of_page:
        with CaptureQueriesContext(connection) as queries:
            shown = lena.get(address_of_page).content.decode()
        costs.append(len(queries))
        seen += re.findall(r"Word (\d+)\.", shown)
        older = re.search(r'href="([^"]*before=\d+)" rel="next"', shown)
        address_of_page = older and older[1]
    assert seen == [str(n) for n in range(119, -1, -1)]
    assert max(costs) <= 5 + 6
    assert len(set(costs)) == 1


def test_a_strange_address_shows_everything(northwind, client_of):
    for query in ({"before": "x"}, {"show": "weather"}):
        assert client_of(northwind.lena).get(address("inbox"), query).status_code == 400


def test_notices_are_forgotten_after_90_days(northwind, task, now):
    say(task, northwind.sam, "Old")
    now.shift(timedelta(days=89))
    actions.sweep()
    assert Notice.objects.count() == 1
    now.shift(timedelta(days=2))
    actions.sweep()
    assert not Notice.objects.exists()


# The daily mail ---------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_the_daily_mail_brings_what_is_unread_once(northwind, task, now):
    say(task, northwind.sam, "Which fair?")
    read = say(task, northwind.sam, "Forget it")
    actions.mark(Notice.objects.get(about_id=read.pk), by=northwind.lena, read=True)
    assert actions.sweep() == 0, "not before the morning"

    now.move_to(datetime(2026, 11, 26, 7, 0, tzinfo=UTC))
    assert actions.sweep() == 1
    assert actions.sweep() == 0
    mail = daily().get()
    assert mail.recipient == northwind.lena
    rendered = mails.render(OutboxItem.objects.with_recipient().get(pk=mail.pk))
    assert rendered.subject == "1 thing new for you"
    assert "Which fair?" in rendered.text
    assert "Forget it" not in rendered.text
    assert task.get_absolute_url() in rendered.html


def test_one_that_cannot_be_written_holds_up_no_other(northwind, task, now, monkeypatch, caplog):
    for member in (northwind.lena, northwind.mia):
        say(task, northwind.sam, f"Which fair, @{member.first_name}?")
        with arranging():
            Preference.objects.create(
                workspace=northwind.workspace, member=member, mention=Pace.DAILY
            )
    with arranging():
        Notice.objects.update(due_at=WEDNESDAY)
    write = actions.write_daily_mail

    def one_fails(member):
        if member == northwind.lena:
            raise ZeroDivisionError
        return write(member)

    monkeypatch.setattr(actions, "write_daily_mail", one_fails)
    now.move_to(datetime(2026, 11, 26, 7, 0, tzinfo=UTC))
    assert actions.sweep() == 1
    assert daily().get().recipient == northwind.mia
    assert "Could not write the daily mail" in caplog.text


def test_there_is_one_daily_mail_a_day(northwind, task, now):
    say(task, northwind.sam, "One")
    now.move_to(datetime(2026, 11, 26, 7, 0, tzinfo=UTC))
    actions.sweep()
    with arranging():
        Preference.objects.create(
            workspace=northwind.workspace, member=northwind.lena, daily_at=time(12)
        )
    say(task, northwind.sam, "Two")
    now.move_to(datetime(2026, 11, 26, 11, 0, tzinfo=UTC))
    assert actions.sweep() == 0
    assert daily().count() == 1
    now.move_to(datetime(2026, 11, 27, 11, 0, tzinfo=UTC))
    assert actions.sweep() == 1
    assert len(daily().last().payload["notices"]) == 1


def test_what_was_read_while_the_mail_was_on_its_way_is_not_in_it(northwind, task, now):
    say(task, northwind.sam, "One")
    now.move_to(datetime(2026, 11, 26, 7, 0, tzinfo=UTC))
    actions.sweep()
    actions.mark_all(by=northwind.lena, through=10**9)
    rendered = mails.render(OutboxItem.objects.with_recipient().get(pk=daily().get().pk))
    assert "You have read all of it meanwhile." in rendered.text


def test_of_many_mentions_only_a_few_are_mailed_at_once(northwind, now):
    tasks = [make_task(northwind.workspace, f"Task {n}") for n in range(actions.MOST_AT_ONCE + 2)]
    for one in tasks:
        say(one, northwind.sam, "@Lena?")
    assert OutboxItem.objects.count() == actions.MOST_AT_ONCE
    assert Notice.objects.exclude(due_at=None).count() == 2


def test_a_mention_at_night_is_mailed_in_the_morning(northwind, task, now):
    now.move_to(datetime(2026, 11, 27, 22, 0, tzinfo=UTC))  # Friday, 23:00 in Berlin
    say(task, northwind.sam, "@Lena?")
    assert OutboxItem.objects.get().not_before == datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


# Choosing ---------------------------------------------------------------------------------------

CHOICE = {
    "mention": "daily",
    "answer": "app",
    "comment": "once",
    "daily_at": "09:30",
    "quiet_from": "18:00",
    "quiet_until": "08:00",
}


def test_a_choice_holds_from_now_on(northwind, task, client_of, now):
    lena = client_of(northwind.lena)
    assert "in Berlin" in lena.get(address("preferences")).content.decode()
    assert lena.post(address("preferences"), CHOICE).status_code == 302
    assert 'value="09:30"' in lena.get(address("preferences")).content.decode()
    say(task, northwind.sam, "Which fair?")
    assert OutboxItem.objects.get().payload["because"] == "comment"
    say(task, northwind.sam, "@Lena?")
    assert OutboxItem.objects.count() == 1
    assert Notice.objects.get(topic=Topic.MENTION).due_at == datetime(
        2026, 11, 26, 8, 30, tzinfo=UTC
    )


@pytest.mark.parametrize("name", list(CHOICE))
def test_a_choice_that_is_none_is_refused(northwind, client_of, name):
    answer = client_of(northwind.lena).post(address("preferences"), {**CHOICE, name: "weather"})
    assert answer.status_code == 422
    assert not Preference.objects.exists()


def test_the_profile_leads_to_the_choices(northwind, client_of):
    shown = client_of(northwind.lena).get("/accounts/profile/").content.decode()
    assert address("preferences") in shown


# Less of it -------------------------------------------------------------------------------------


def link_in(mail):
    message = mails.message_for(OutboxItem.objects.with_recipient().get(pk=mail.pk))
    header = message.message()["List-Unsubscribe"]
    assert message.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<(https?://[^/]+)(/unsubscribe/[^>]+)>", header)
    assert found[0][1:-1] in message.body
    return found[2]


def test_one_click_stops_a_kind_of_mail_without_signing_in(northwind, task, client_of, now):
    say(task, northwind.sam, "@Lena?")
    link = link_in(OutboxItem.objects.get())
    stranger = Client(enforce_csrf_checks=True)  # a mail program: no cookie, no token
    shown = stranger.get(link)
    assert "Stop these mails?" in shown.content.decode()
    assert not Preference.objects.exists(), "looking stops nothing"
    for _press in range(2):
        done = stranger.post(link, {"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert "No more of these mails" in done.content.decode()
    chosen = Preference.objects.get(member=northwind.lena)
    assert (chosen.mention, chosen.answer, chosen.comment) == (Pace.APP, Pace.ONCE, Pace.DAILY)
    say(make_task(northwind.workspace), northwind.sam, "@Lena!")
    assert OutboxItem.objects.count() == 1
    assert Notice.objects.filter(topic=Topic.MENTION).count() == 2
    client_of(northwind.lena).post(address("preferences"), {**CHOICE, "mention": "once"})
    say(make_task(northwind.workspace), northwind.sam, "@Lena, back?")
    assert OutboxItem.objects.count() == 2


def test_what_waits_for_the_morning_is_stopped_too(northwind, task, now):
    now.move_to(datetime(2026, 11, 25, 20, 0, tzinfo=UTC))
    for member in (northwind.lena, northwind.mia):
        say(task, northwind.sam, f"Which fair, @{member.first_name}?")
    actions.unsubscribe(links.find(links.token_for(northwind.lena, Topic.COMMENT)))
    assert not OutboxItem.objects.exclude(state=OutboxState.QUEUED).exists()
    actions.unsubscribe(links.find(links.token_for(northwind.lena, Topic.MENTION)))
    assert OutboxItem.objects.get(state=OutboxState.CANCELLED).recipient == northwind.lena
    assert OutboxItem.objects.get(state=OutboxState.QUEUED).recipient == northwind.mia


def test_the_daily_mail_is_stopped_as_a_whole(northwind, task, now):
    say(task, northwind.sam, "One")
    now.move_to(datetime(2026, 11, 26, 7, 0, tzinfo=UTC))
    actions.sweep()
    say(task, northwind.sam, "Two")
    Client().post(link_in(daily().get()))
    now.move_to(datetime(2026, 11, 27, 7, 0, tzinfo=UTC))
    assert actions.sweep() == 0
    assert Preference.objects.get().comment == Pace.APP
    assert Preference.objects.get().mention == Pace.ONCE


@pytest.mark.parametrize("change", ["cut", "flip", "other salt", "other words", "gone"])
def test_a_link_that_was_made_up_opens_nothing(northwind, change):
    token = links.token_for(northwind.lena, Topic.MENTION)
    made_up = {
        "cut": token[:-3],
        "flip": token[::-1],
        "other salt": signing.dumps([northwind.lena.pk, "mention"], salt="another"),
        "other words": links.token_for(northwind.lena, "password"),
        "gone": signing.dumps([10**9, "mention"], salt="notifications.unsubscribe"),
    }[change]
    for method in ("get", "post"):
        answer = getattr(Client(), method)(reverse("unsubscribe", args=[made_up]))
        assert answer.status_code == 404
        assert "This link stops nothing" in answer.content.decode()
        assert "Northwind" not in answer.content.decode()
    assert not Preference.objects.exists()


def test_who_has_left_may_press_too(northwind):
    token = links.token_for(northwind.lena, Topic.MENTION)
    with arranging():
        northwind.lena.is_active = False
        northwind.lena.save()
    assert Client().post(reverse("unsubscribe", args=[token])).status_code == 200
    assert not Preference.objects.exists()


def test_a_mail_of_the_inbox_leaves_like_any_other(northwind, task, now, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    say(task, northwind.sam, "One")
    now.move_to(datetime(2026, 11, 26, 7, 0, tzinfo=UTC))
    actions.sweep()
    assert deliver(daily().get()) == "sent"
    assert "List-Unsubscribe" in mailoutbox[0].extra_headers
