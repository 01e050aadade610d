"""The verbs of a draft: what somebody answered on the way to a new workspace.

Nobody else sees a draft and no workspace hears of it: an operational row, kept outside `change()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from activity import clock
from people.models import Membership, User, WorkspaceDraft


@transaction.atomic
def keep_answers(user: User, *, step: str, answers: dict[str, Any], is_first: bool) -> None:
    """Keep what was typed in one step; the first step begins another workspace.

    What comes late, from a window that was still open when the workspace was founded, is let go.
    """
    draft = _locked(user)
    if draft.founded and not is_first:
        return
    draft.answers = {**draft.answers, step: answers}
    draft.founded = ""
    draft.updated_at = clock.now()
    draft.save()


@transaction.atomic
def finish_draft(user: User, *, found: Callable[[], Membership]) -> str:
    """Found the workspace of a draft, once however often it is asked for; return its address.

    Raises what `found` raises; the draft is then kept.
    """
    draft = _locked(user)
    if not draft.founded:
        draft.founded = found().workspace.slug
        draft.answers = {}
        draft.updated_at = clock.now()
        draft.save()
    return draft.founded


def _locked(user: User) -> WorkspaceDraft:
    WorkspaceDraft.objects.get_or_create(user=user)
    return WorkspaceDraft.objects.select_for_update().get(user=user)
