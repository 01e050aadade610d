"""What a thread shows: the newest comments, and where the earlier ones are; one query."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from people.models import Membership

from . import policy
from .forms import CommentForm
from .models import Comment
from .subjects import Kind, Subject, kind_of
from .telling import follows, with_following

PAGE = 50
# The page may hold other fields of the same name
COMPOSER_IDS = "comment-%s"


@dataclass(frozen=True)
class Said:
    """A comment as one reader sees it."""

    comment: Comment
    reader: Membership
    kind: str
    key: str

    @property
    def is_mine(self) -> bool:
        """Tell whether the reader said it."""
        return self.comment.author_id == self.reader.pk

    @property
    def can_edit(self) -> bool:
        """Tell whether the reader may say it better."""
        return policy.can_edit(self.reader, self.comment)

    @property
    def can_remove(self) -> bool:
        """Tell whether the reader may take it away."""
        return policy.can_remove(self.reader, self.comment)

    @property
    def edit_address(self) -> str:
        """Where it is said better."""
        return self._address("comment_edit")

    @property
    def remove_address(self) -> str:
        """Where it is taken away."""
        return self._address("comment_remove")

    def _address(self, name: str) -> str:
        return reverse(
            name, args=[self.reader.workspace.slug, self.kind, self.key, self.comment.pk]
        )


@dataclass(frozen=True)
class Thread:
    """What was said about a thing, the oldest of it first, and the form to say more.

    `earlier` is where the comments before these are, and empty when there are none.
    """

    subject: Subject
    kind: Kind
    reader: Membership
    comments: list[Said]
    earlier: str
    is_newest: bool
    form: CommentForm
    is_followed: bool

    @property
    def address(self) -> str:
        """Where comments on this thing go."""
        return thread_address(self.kind, self.subject)

    @property
    def follow_address(self) -> str:
        """Where the reader says whether he wants to hear of it."""
        slug = self.subject.workspace.slug
        return reverse("follow", args=[slug, self.kind.name, self.subject.key])

    @property
    def can_comment(self) -> bool:
        """Tell whether the reader may say something."""
        return policy.can_comment(self.reader, self.subject)

    @property
    def draft_key(self) -> str:
        """The name of what the reader began to write, in his own browser."""
        slug = self.reader.workspace.slug
        return f"comment:{slug}:{self.subject.key}:{self.reader.pk}"


def thread(
    subject: Subject,
    reader: Membership,
    *,
    before: int | None = None,
    form: CommentForm | None = None,
) -> Thread:
    """Return the newest comments on a thing that the reader may read, or those before one."""
    kind = kind_of(subject)
    said = Comment.objects.visible_to(reader).about(subject)
    if before is not None:
        said = said.filter(pk__lt=before)
    said = with_following(said, subject, reader).select_related("author", "removed_by")
    newest = list(said.order_by("-pk")[: PAGE + 1])
    shown = newest[:PAGE][::-1]
    more = len(newest) > PAGE
    return Thread(
        subject=subject,
        kind=kind,
        reader=reader,
        comments=[Said(one, reader, kind.name, subject.key) for one in shown],
        earlier=f"{thread_address(kind, subject)}?before={shown[0].pk}" if more else "",
        is_newest=before is None,
        form=form or CommentForm(auto_id=COMPOSER_IDS),
        is_followed=follows(subject, reader, newest),
    )


def thread_address(kind: Kind, subject: Subject) -> str:
    """Return the address of the comments on a thing."""
    return reverse("comments", args=[subject.workspace.slug, kind.name, subject.key])
