"""Comments as people meet them: on the page of a task or a request, with and without htmx."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backlog import actions as backlog
from conversation import actions, markdown
from conversation.models import LONGEST, Comment
from tests.arranging import arranging
from tests.conversation.test_markdown import ALLOWED, ATTACKS
from tests.factories import make_sprint, make_task

HTMX = {"HX-Request": "true"}
# The session, the user, the membership, and the two of the frame are not the page's own
OF_THE_FRAME = 5


def address(subject, kind="task"):
    return reverse("comments", args=["northwind", kind, subject.key])


def address_of(name, comment, subject, kind="task"):
    return reverse(name, args=["northwind", kind, subject.key, comment.pk])


def say(subject, author, count, text="Word"):
    """Let somebody say many things at once."""
    with arranging():
        Comment.objects.bulk_create(
            Comment(
                workspace=author.workspace,
                subject_type=subject._meta.label_lower,
                subject_id=subject.pk,
                author=author,
                text=f"{text} {n}",
                html=f"<p>{text} {n}</p>",
                rendered_by=markdown.RENDERER,
            )
            for n in range(1, count + 1)
        )


@pytest.mark.parametrize("who", ["mia", "sam", "grace"])
def test_a_comment_is_sent_by_a_plain_form_and_read_on_the_page(northwind, task, client_of, who):
    client = client_of(northwind.people[who])
    page = client.get(task.get_absolute_url()).content.decode()
    assert f'action="{address(task)}"' in page

    answer = client.post(address(task), {"text": "Is *14* right?"})
    said = Comment.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"{task.get_absolute_url()}#comment-{said.pk}"
    page = client_of(northwind.lena).get(task.get_absolute_url()).content.decode()
    assert "Is <em>14</em> right?" in page
    assert northwind.people[who].shown_name in page


def test_a_request_has_a_conversation_too(northwind, asked, client_of):
    client_of(northwind.lena).post(address(asked, "request"), {"text": "Which fair?"})
    page = client_of(northwind.sam).get(asked.get_absolute_url()).content.decode()
    assert "Which fair?" in page
    assert "Conversation" in page


def test_where_nobody_spoke_the_page_says_so(northwind, task, client_of):
    assert "Nobody has said anything yet." in (
        client_of(northwind.sam).get(task.get_absolute_url()).content.decode()
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (" ", "Write something first."),
        ("x" * (LONGEST + 1), "A comment has at most 4000 characters; this has 4001."),
        ("|a" * 31 + "|\n" + "|-" * 31 + "|\n", "A table has at most 30 columns and 200 rows."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_refused_is_still_there(northwind, task, client_of, text, sentence, headers):
    answer = client_of(northwind.sam).post(address(task), {"text": text}, headers=headers)
    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in page
    assert text.rstrip() in page
    assert 'aria-invalid="true"' in page
    assert not Comment.objects.exists()


def test_htmx_gets_the_list_and_a_fresh_form(northwind, task, client_of):
    answer = client_of(northwind.sam).post(address(task), {"text": "14"}, headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in page
    assert page.count('id="comments"') == 1
    assert 'hx-swap-oob="true"' in page
    assert "data-draft-arrived" in page


@pytest.mark.parametrize("source", ATTACKS)
def test_hostile_words_are_harmless_on_the_page(northwind, task, client_of, source):
    """Rows 58 to 62 and 66 of the list of bad inputs, through the verb and the page."""
    said = actions.add_comment(task, by=northwind.sam, text=source)
    assert "<" not in ALLOWED.sub("", said.html)
    page = client_of(northwind.mia).get(task.get_absolute_url()).content.decode()
    assert f'<div class="prose body" hx-ignore>{said.html}</div>' in page


@pytest.mark.parametrize("piece", ["[", "![[", "*a", "`", "> ", "[a]("])
def test_no_comment_takes_long_or_is_too_long_to_keep(northwind, task, piece):
    text = (piece * LONGEST)[:LONGEST].strip()
    assert actions.add_comment(task, by=northwind.sam, text=text).text == text


def test_a_megabyte_is_refused(northwind, task, client_of):
    answer = client_of(northwind.sam).post(address(task), {"text": "x" * 1_000_000})
    assert answer.status_code == 422
    assert not Comment.objects.exists()


# Other words, and none -------------------------------------------------------------------------


@pytest.fixture
def said(northwind, task):
    return actions.add_comment(task, by=northwind.sam, text="13 minutes")


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_its_author_changes_it(northwind, task, said, client_of, headers):
    client, edit = client_of(northwind.sam), address_of("comment_edit", said, task)
    form = client.get(edit, headers=headers).content.decode()
    assert "13 minutes" in form
    assert ("<html" in form) == (not headers)

    answer = client.post(edit, {"text": "14 minutes", "version": 1}, headers=headers)
    assert answer.status_code == (200 if headers else 302)
    page = client.get(task.get_absolute_url()).content.decode()
    assert "14 minutes" in page
    assert "edited" in page


def test_an_edit_on_top_of_another_keeps_what_was_typed(northwind, task, said, client_of):
    actions.edit_comment(said, by=northwind.sam, version=1, text="12 minutes")
    client, edit = client_of(northwind.sam), address_of("comment_edit", said, task)
    answer = client.post(edit, {"text": "14 minutes", "version": 1})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "12 minutes" in page
    assert "14 minutes" in page
    assert 'value="2"' in page
    assert client.post(edit, {"text": "14 minutes", "version": 2}).status_code == 302


def test_an_empty_edit_is_refused(northwind, task, said, client_of):
    edit = address_of("comment_edit", said, task)
    answer = client_of(northwind.sam).post(edit, {"text": "", "version": 1})
    assert answer.status_code == 422
    said.refresh_from_db()
    assert said.text == "13 minutes"


@pytest.mark.parametrize(("who", "status"), [("mia", 403), ("lena", 403), ("grace", 403)])
def test_nobody_else_changes_it(northwind, task, said, client_of, who, status):
    client, edit = client_of(northwind.people[who]), address_of("comment_edit", said, task)
    assert client.get(edit).status_code == status
    assert client.post(edit, {"text": "x", "version": 1}).status_code == status


@pytest.mark.parametrize(
    ("who", "sentence"), [("sam", "Removed by its author."), ("mia", "Removed by Mia Lindqvist.")]
)
def test_removing_says_first_what_it_means(northwind, task, said, client_of, who, sentence):
    client, remove = client_of(northwind.people[who]), address_of("comment_remove", said, task)
    assert "gone for good" in client.get(remove).content.decode()
    assert client.post(remove).status_code == 302
    page = client_of(northwind.lena).get(task.get_absolute_url()).content.decode()
    assert sentence in page
    assert "13 minutes" not in page
    assert client.post(remove).status_code == 403


def test_of_two_who_remove_it_at_once_both_see_that_it_is_removed(
    northwind, task, said, client_of, monkeypatch
):
    remove = actions.remove_comment

    def second(comment, *, by):
        remove(comment, by=northwind.sam)
        return remove(comment, by=by)

    monkeypatch.setattr("conversation.views.actions.remove_comment", second)
    answer = client_of(northwind.mia).post(address_of("comment_remove", said, task), headers=HTMX)
    assert answer.status_code == 200
    assert "Removed by its author." in answer.content.decode()


def test_htmx_puts_the_comment_back_in_its_place(northwind, task, said, client_of):
    client = client_of(northwind.sam)
    for name in ("comment_edit", "comment_remove"):
        kept = client.get(address_of(name, said, task) + "?leave=1", headers=HTMX).content.decode()
        assert f'id="comment-{said.pk}"' in kept
        assert "13 minutes" in kept
    answer = client.post(address_of("comment_remove", said, task), headers=HTMX).content.decode()
    assert "Removed by its author." in answer


def test_tools_are_shown_to_who_may_use_them(northwind, task, said, client_of):
    edit, remove = (address_of(name, said, task) for name in ("comment_edit", "comment_remove"))
    shown = {
        who: client_of(northwind.people[who]).get(task.get_absolute_url()).content.decode()
        for who in ("sam", "mia", "lena")
    }
    assert [edit in shown[who] for who in ("sam", "mia", "lena")] == [True, False, False]
    assert [remove in shown[who] for who in ("sam", "mia", "lena")] == [True, True, False]


# What is not there -----------------------------------------------------------------------------


def test_foreign_and_unknown_things_are_missing(northwind, fjord, task, said, client_of):
    theirs = make_task(fjord.workspace)
    mia = client_of(northwind.mia)
    for kind, key in (
        ("task", "NW-999"),
        ("task", theirs.key),
        ("request", "REQ-999"),
        ("weather", "NW-1"),
        ("task", "²"),
    ):
        missing = reverse("comments", args=["northwind", kind, key])
        assert mia.get(missing).status_code == 404
        assert mia.post(missing, {"text": "Hello"}).status_code == 404
    assert client_of(fjord.ola).get(address(task)).status_code == 404
    other = make_task(northwind.workspace)
    assert mia.post(address_of("comment_remove", said, other)).status_code == 404


# Many ------------------------------------------------------------------------------------------


def test_a_long_thread_shows_the_newest_and_leads_to_the_rest(northwind, task, client_of):
    say(task, northwind.sam, 120)
    client = client_of(northwind.mia)
    page = client.get(task.get_absolute_url()).content.decode()
    assert page.count('<article class="comment') == 50
    assert "Word 120<" in page
    assert "Word 70<" not in page

    seen = re.findall(r"Word (\d+)<", page)
    while found := re.search(r'id="earlier"><a class="btn btn-sm" href="([^"]+)"', page):
        page = client.get(html.unescape(found[1])).content.decode()
        seen = re.findall(r"Word (\d+)<", page) + seen
    assert seen == [str(n) for n in range(1, 121)]


def test_htmx_gets_earlier_comments_alone(northwind, task, client_of):
    say(task, northwind.sam, 60)
    newest = Comment.objects.about(task).last()
    answer = client_of(northwind.mia).get(f"{address(task)}?before={newest.pk - 49}", headers=HTMX)
    page = answer.content.decode()
    assert page.count('<article class="comment') == 10
    assert 'id="comments"' not in page


@pytest.mark.parametrize("before", ["9" * 5_000, "x", "-1", "²", ""])
def test_nonsense_leads_to_the_newest(northwind, task, client_of, before):
    say(task, northwind.sam, 3)
    answer = client_of(northwind.mia).get(address(task), {"before": before})
    assert answer.status_code == 200


@pytest.mark.parametrize("who", ["mia", "sam"])
def test_a_task_costs_the_same_however_much_was_said(northwind, client_of, who):
    sprint = make_sprint(northwind.workspace, 13, state="active")
    task = make_task(northwind.workspace, sprint=sprint, assignee=northwind.lena)
    client = client_of(northwind.people[who])
    costs = []
    for count in (5, 195):
        say(task, northwind.sam, count)
        backlog.add_checklist(
            task, by=northwind.mia, lines=[f"Step {count} {n}" for n in range(40)]
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(task.get_absolute_url())
        costs.append(len(queries))
    assert costs[0] == costs[1] <= OF_THE_FRAME + 6


def test_a_request_costs_the_same_however_much_was_said(northwind, asked, client_of):
    client = client_of(northwind.sam)
    costs = []
    for count in (5, 195):
        say(asked, northwind.lena, count)
        with CaptureQueriesContext(connection) as queries:
            client.get(asked.get_absolute_url())
        costs.append(len(queries))
    assert costs[0] == costs[1] <= OF_THE_FRAME + 6
