"""Who may say something, and who may take it back."""

import pytest

from backlog.models import Task
from conversation import actions, policy
from conversation.subjects import Kind, kind_of, register
from tests.factories import make_task

PEOPLE = ["mia", "lena", "sam", "chiara", "grace"]


@pytest.fixture
def said(northwind):
    """What Sam said about a task."""
    task = make_task(northwind.workspace)
    return actions.add_comment(task, by=northwind.sam, text="14 minutes")


@pytest.mark.parametrize("who", PEOPLE)
def test_every_member_may_say_something(northwind, who):
    assert policy.can_comment(northwind.people[who], make_task(northwind.workspace))


def test_members_of_other_workspaces_and_those_who_left_may_not(northwind, fjord, said):
    task = make_task(northwind.workspace)
    northwind.sam.is_active = False
    for member in (fjord.ola, northwind.sam):
        assert not policy.can_comment(member, task)
        assert not policy.can_edit(member, said)
        assert not policy.can_remove(member, said)


@pytest.mark.parametrize("who", PEOPLE)
def test_words_are_changed_by_who_said_them(northwind, said, who):
    assert policy.can_edit(northwind.people[who], said) == (who == "sam")


@pytest.mark.parametrize("who", PEOPLE)
def test_words_are_taken_away_by_their_author_and_by_admins(northwind, said, who):
    assert policy.can_remove(northwind.people[who], said) == (who in {"sam", "mia"})


def test_what_is_removed_is_left_alone(northwind, said):
    removed = actions.remove_comment(said, by=northwind.sam)
    assert not policy.can_edit(northwind.sam, removed)
    assert not policy.can_remove(northwind.mia, removed)


def test_a_name_stands_for_one_kind_of_thing(northwind):
    with pytest.raises(RuntimeError):
        register(Kind("task", Task, find=lambda key, reader: None))
    with pytest.raises(LookupError):
        kind_of(northwind.workspace)
