"""What somebody reads by mail when he is answered: the words themselves, and where to answer."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from notifications.inbox.mails import way_out, with_way_out
from notifications.mails import Mail, absolute, from_templates, mail_kind
from notifications.models import OutboxItem, Topic

from .models import Comment
from .subjects import subject_of


@mail_kind("conversation.comment", _lazy("Comment"))
def comment(item: OutboxItem) -> Mail:
    """Bring what was said since the last mail; nothing of what was removed meanwhile."""
    label, _colon, pk = item.payload["thread"].partition(":")
    subject = subject_of(item.workspace, label, int(pk))
    if subject is None:
        raise LookupError(f"{label} {pk} is gone.")
    comments = list(
        Comment.objects.standing()
        .filter(workspace=item.workspace, pk__in=item.payload["comments"])
        .select_related("author")
        .order_by("pk")
    )
    because = Topic(item.payload.get("because", Topic.ANSWER))
    title = _("%(who)s on %(key)s: %(title)s")
    if because == Topic.MENTION and len(comments) == 1:
        title = _("%(who)s mentioned you on %(key)s: %(title)s")
    mail = from_templates(
        "conversation/comment",
        item,
        subject=title % {"who": _people(comments), "key": subject.key, "title": subject.title},
        preheader=comments[0].text[:150] if comments else "",
        context={
            "thing": subject,
            "comments": comments,
            "because": because,
            **way_out(item.recipient, because),
            "button_url": absolute(f"{subject.get_absolute_url()}#comments"),
            "button_text": _("Read and answer"),
        },
    )
    return with_way_out(mail, item.recipient, because)


def _people(comments: list[Comment]) -> str:
    """Return who spoke, by first name: "Aiko", "Aiko and Mia", "Aiko and others"."""
    names = list(dict.fromkeys(one.author.first_name for one in comments))
    if not names:
        return _("A comment")
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return _("%(one)s and %(other)s") % {"one": names[0], "other": names[1]}
    return _("%(one)s and others") % {"one": names[0]}
