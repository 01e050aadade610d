"""The mail that invites somebody: written in the language and zone of whoever invites."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.mails import Mail, absolute, from_templates, mail_kind
from notifications.models import OutboxItem
from people.invitations import path_of
from people.models import Invitation


@mail_kind("people.invitation", gettext_lazy("Invitation"))
def invitation(item: OutboxItem) -> Mail:
    """Render an invitation with its link, which is written down nowhere else.

    Raises Invitation.DoesNotExist when a newer mail has the link, ChangedKeyError.
    """
    found = Invitation.objects.select_related("inviter").get(
        pk=item.payload["invitation"],
        times_sent=item.payload["times_sent"],
        workspace=item.workspace,
    )
    names = {"name": found.inviter.shown_name, "workspace": item.workspace.name}
    return from_templates(
        "people/invitation",
        item,
        subject=_("%(name)s invites you to %(workspace)s") % names,
        preheader=_("See what Marketing is working on, and say what you need."),
        context={
            "invitation": found,
            "inviter": found.inviter,
            "button_url": absolute(path_of(found)),
            "button_text": _("Join %(workspace)s") % names,
        },
    )
