"""Who may do what with reviews."""

from __future__ import annotations

import pytest

from reviews import policy
from reviews.models import Review
from tests.arranging import arranging
from tests.factories import make_sprint


@pytest.fixture
def draft(northwind):
    with arranging():
        return Review.objects.create(
            workspace=northwind.workspace,
            sprint=make_sprint(northwind.workspace),
            facts={},
            facts_version=1,
        )


ROWS = [
    # who,    sees,  edits, publishes, looks after;  then the same once it is published
    ("mia", (True, True, True, True), (True, False, False, True)),
    ("grace", (True, False, True, True), (True, False, False, True)),
    ("sam", (False, False, False, False), (True, False, False, False)),
]


@pytest.mark.parametrize(("who", "as_draft", "once_out"), ROWS)
def test_rights_by_role(northwind, draft, who, as_draft, once_out):
    member = getattr(northwind, who)
    assert _rights(member, draft) == as_draft
    draft.published_at = draft.created_at
    assert _rights(member, draft) == once_out


def test_nobody_else_and_nobody_who_left_has_any(northwind, fjord, draft):
    draft.published_at = draft.created_at
    northwind.mia.is_active = False
    assert _rights(fjord.ola, draft) == (False,) * 4
    assert _rights(northwind.mia, draft) == (False,) * 4


def test_a_query_shows_what_policy_allows(northwind, fjord, draft):
    people = [*northwind.people.values(), *fjord.people.values()]
    for published_at in (None, draft.created_at):
        draft.published_at = published_at
        with arranging():
            draft.save()
        for member in people:
            shown = Review.objects.visible_to(member).exists()
            assert shown == policy.can_see_review(member, draft), member


def _rights(member, review):
    return (
        policy.can_see_review(member, review),
        policy.can_edit_review(member, review),
        policy.can_publish_review(member, review),
        policy.can_look_after(member, review),
    )
