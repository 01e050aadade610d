"""@ and a name: who is meant, how it is shown, who is told."""

from __future__ import annotations

import html
import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conversation import actions, markdown, mentions, subjects
from conversation.mentions import People
from notifications.models import Notice, OutboxItem, Topic
from tests.arranging import arranging
from tests.conversation.test_markdown import ALLOWED, ATTACKS
from tests.factories import make_member, make_task

pytestmark = pytest.mark.usefixtures("office_hours")

HERE = People(
    [
        (1, "Mia Lindqvist"),
        (2, "Lena Okafor"),
        (3, "Lena Berg"),
        (4, "Sam Whitfield"),
        (5, "Sam Whitfield"),
        (6, "Zoë"),
        (7, "Anna_Lena *Bob*"),
    ]
)
CHIP = re.compile(r'<span class="mention">(@[^<]*)</span>')


def meant(source: str) -> list[int]:
    return markdown.render_for(source, HERE).mentioned


@pytest.mark.parametrize(
    ("source", "who"),
    [
        ("@Mia Lindqvist, look", [1]),
        ("@mia", [1]),
        ("@MIA LINDQVIST's idea", [1]),
        ("(@Mia) and **@Zoë** and _@Mia_", [1, 6, 1]),
        ("@Lena Okafor @Lena Berg", [2, 3]),
        ("- @Mia\n\n> @Zoë\n\n|a|\n|-|\n|@Mia|", [1, 6, 1]),
        ("@Sam Whitfield#5", [5]),
        ("@Anna_Lena *Bob*!", [7]),
        # not clear, not here, or part of something else
        ("@Lena", []),
        ("@Sam Whitfield", []),
        ("@Miaow @Mialee @nobody @", []),
        ("mia@Mia", []),
        ("https://example.com/@Mia", []),
        ("`@Mia`", []),
        ("```\n@Mia\n```", []),
        ("[@Mia](https://example.com)", []),
        (r"\@Mia", []),
        ("@Sam Whitfield#99", []),
    ],
)
def test_one_person_is_meant_or_nobody(source, who):
    assert meant(source) == who


def test_a_name_is_shown_as_its_bearer_writes_it():
    shown = markdown.render_for("@mia, @Sam Whitfield#4", HERE).html
    assert CHIP.findall(shown) == ["@Mia Lindqvist", "@Sam Whitfield"]


NAMES = [
    "Mia<script>alert(1)</script>",
    'Mia" onmouseover="alert(1)',
    "Mia</span><img src=x onerror=alert(1)>",
    "Mia &lt;b&gt; javascript:alert(1)",
    "Mia ](javascript:alert(1))",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_text(name):
    shown = markdown.render_for(f"Ask @{name} now", People([(1, name)]))
    assert shown.mentioned == [1]
    assert "<" not in ALLOWED.sub("", CHIP.sub("", shown.html))
    assert html.unescape(CHIP.findall(shown.html)[0]) == f"@{name}"


@pytest.mark.parametrize("source", [*ATTACKS, '<span class="mention">@Mia</span>', "<span id=x>"])
def test_hostile_words_beside_a_name_stay_harmless(source):
    shown = markdown.render_for(f"@Mia {source} @Mia\n\n{source}", HERE).html
    assert "<" not in ALLOWED.sub("", CHIP.sub("", shown)), shown


@pytest.mark.parametrize("piece", ["@", "@Lena ", "@Lena O", "@Mia ", "[@Mia", "*@Mia"])
def test_no_text_full_of_names_takes_long(piece):
    many = People((n, f"Lena {n}") for n in range(2_000))
    source = (piece * markdown.LONGEST)[: markdown.LONGEST]
    assert len(markdown.render_for(source, many).html) < 40 * markdown.LONGEST


# Saying it ------------------------------------------------------------------------------------


def told():
    return {(one.recipient.first_name, one.topic) for one in Notice.objects.all()}


@pytest.mark.both_databases
def test_who_is_meant_is_told_and_mailed_at_once(northwind, task):
    said = actions.add_comment(task, by=northwind.sam, text="@Lena Okafor and @grace?")

    assert told() == {("Lena", Topic.MENTION), ("Grace", Topic.MENTION)}
    assert CHIP.findall(said.html) == ["@Lena Okafor", "@Grace Adeyemi"]
    mails = OutboxItem.objects.all()
    assert {mail.recipient.first_name for mail in mails} == {"Lena", "Grace"}
    assert {mail.payload["because"] for mail in mails} == {"mention"}


def test_people_of_other_workspaces_and_former_ones_are_only_words(northwind, fjord, task):
    with arranging():
        northwind.lena.is_active = False
        northwind.lena.save()
    said = actions.add_comment(task, by=northwind.sam, text="@Lena Okafor @Ola Nordmann @Ola")
    assert not CHIP.search(said.html)
    assert not Notice.objects.exists()


def test_nobody_is_told_of_his_own_words(northwind, task):
    actions.add_comment(task, by=northwind.sam, text="Note to @Sam Whitfield")
    assert not Notice.objects.exists()


def test_who_may_not_read_it_is_not_told_and_the_author_hears_so(
    northwind, task, client_of, monkeypatch
):
    kind = subjects.kind_named("task")

    def find(key, reader):
        return None if reader == northwind.grace else kind.find(key, reader)

    secret = subjects.Kind("task", kind.model, find=find, counted=kind.counted)
    monkeypatch.setitem(subjects._by_name, "task", secret)
    where = reverse("comments", args=["northwind", "task", task.key])
    words = {"text": "@Grace Adeyemi and @Lena Okafor, look"}
    answer = client_of(northwind.sam).post(where, words, headers={"HX-Request": "true"})
    assert "Grace Adeyemi may not read this, and was not told." in answer.content.decode()
    assert told() == {("Lena", Topic.MENTION)}


def test_an_edit_tells_only_who_is_new(northwind, task):
    said = actions.add_comment(task, by=northwind.sam, text="@Lena Okafor?")
    Notice.objects.update(read_at=said.written_at)
    actions.edit_comment(said, by=northwind.sam, version=1, text="@Lena Okafor, @Grace Adeyemi?")

    assert told() == {("Lena", Topic.MENTION), ("Grace", Topic.MENTION)}
    assert [one.recipient for one in Notice.objects.unread()] == [northwind.grace]


def test_a_crowd_is_refused(northwind, task):
    names = [f"Rep{n} Tester" for n in range(mentions.MOST + 1)]
    for name in names:
        make_member(northwind.workspace, name, "sales")
    with pytest.raises(ValidationError) as caught:
        actions.add_comment(task, by=northwind.mia, text=" ".join(f"@{name}" for name in names))
    assert caught.value.error_dict["text"][0].code == "too_many"
    assert not Notice.objects.exists()


# The list that opens at an @ --------------------------------------------------------------------


def listed(client, **query):
    page = client.get(reverse("mentionable", args=["northwind"]), query).content.decode()
    return re.findall(r'data-written="([^"]*)"', page)


def test_the_list_holds_who_is_here(northwind, fjord, client_of):
    twin = make_member(northwind.workspace, "Samuel Whitfield", "sales")
    with arranging():
        twin.shown_name = "Sam Whitfield"
        twin.save()
    sam = client_of(northwind.sam)
    assert listed(sam) == [
        "Chiara Bianchi",
        "Grace Adeyemi",
        "Lena Okafor",
        "Mia Lindqvist",
        f"Sam Whitfield#{twin.pk}",
    ]
    assert listed(sam, q="le") == ["Lena Okafor"]
    assert listed(sam, q="oka") == ["Lena Okafor"]
    assert listed(sam, q="%") == []
    assert sam.get(reverse("mentionable", args=["northwind"]), {"q": "x" * 61}).status_code == 400
    where = reverse("mentionable", args=["northwind"])
    assert client_of(fjord.ola).get(where).status_code == 404


# Following --------------------------------------------------------------------------------------


def test_who_takes_part_hears_of_what_follows(northwind):
    task = make_task(northwind.workspace, assignee=northwind.lena)
    actions.add_comment(task, by=northwind.sam, text="Which fair?")
    assert told() == {("Lena", Topic.COMMENT)}
    actions.add_comment(task, by=northwind.lena, text="Analytica")
    assert told() == {("Lena", Topic.COMMENT), ("Sam", Topic.COMMENT)}


def test_comments_on_what_one_follows_wait_for_the_daily_mail(northwind):
    task = make_task(northwind.workspace, assignee=northwind.lena)
    actions.add_comment(task, by=northwind.sam, text="Which fair?")
    assert not OutboxItem.objects.exists()
    assert Notice.objects.get().due_at.isoformat() == "2026-11-26T07:00:00+00:00"  # 8:00 in Berlin


def test_a_muted_talk_tells_only_who_is_meant(northwind, client_of):
    task = make_task(northwind.workspace, assignee=northwind.lena)
    where = reverse("follow", args=["northwind", "task", task.key])
    actions.add_comment(task, by=northwind.grace, text="Begin with the date")
    Notice.objects.all().delete()
    lena = client_of(northwind.lena)
    assert "You hear of what is said here." in lena.get(task.get_absolute_url()).content.decode()
    assert lena.post(where, {"wants": "no"}).status_code == 302
    actions.add_comment(task, by=northwind.sam, text="Which fair?")
    assert told() == {("Grace", Topic.COMMENT)}
    actions.add_comment(task, by=northwind.sam, text="@Lena?")
    assert told() == {("Grace", Topic.COMMENT), ("Lena", Topic.MENTION)}
    assert "only where somebody mentions you" in (
        lena.get(task.get_absolute_url()).content.decode()
    )
    again = lena.post(where, {"wants": "yes"}, headers={"HX-Request": "true"}).content.decode()
    assert "You hear of what is said here." in again
    actions.add_comment(task, by=northwind.sam, text="And when?")
    assert ("Lena", Topic.COMMENT) in told()


def test_where_nobody_has_spoken_there_is_nothing_to_mute(northwind, task, client_of):
    page = client_of(northwind.lena).get(task.get_absolute_url()).content.decode()
    assert 'id="follow"' not in page


def test_whoever_follows_hears_without_a_part_in_it(northwind, task, client_of):
    where = reverse("follow", args=["northwind", "task", task.key])
    grace = client_of(northwind.grace)
    actions.add_comment(task, by=northwind.lena, text="Begin with the date")
    page = grace.get(task.get_absolute_url()).content.decode()
    assert "only where somebody mentions you" in page
    grace.post(where, {"wants": "yes"})
    actions.add_comment(task, by=northwind.sam, text="Which fair?")
    assert told() == {("Grace", Topic.COMMENT), ("Lena", Topic.COMMENT)}
