"""The verbs of a campaign: make it, edit it."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from activity.changes import Change, Stale, System, change
from activity.text import clean_line
from people.models import Membership, Workspace

from . import policy
from .models import Campaign

FIELDS: Final = frozenset({"name", "hue", "audience", "message", "starts_on", "ends_on"})
_LINES: Final = frozenset({"name", "audience", "message"})


def create_campaign(
    workspace: Workspace, *, by: Membership | System, name: str, **fields: Any
) -> Campaign:
    """Make a campaign. Raises PermissionDenied, and ValidationError by field."""
    with change(workspace, by=by) as record:
        record.require(policy.can_edit_campaigns, record.workspace)
        campaign = Campaign(workspace=record.workspace, created_at=record.at)
        _apply(record, campaign, {"name": name, **fields})
        campaign.save()
        record("campaign_created", campaign, name=campaign.name)
    return campaign


def edit_campaign(
    campaign: Campaign, *, by: Membership | System, version: int, **changes: Any
) -> Campaign:
    """Change what a campaign says. Raises Stale, PermissionDenied, and ValidationError by field."""
    with change(campaign.workspace, by=by) as record:
        campaign = Campaign.objects.get(workspace=record.workspace, pk=campaign.pk)
        campaign.workspace = record.workspace
        record.require(policy.can_edit_campaigns, campaign)
        if campaign.version != version:
            raise Stale(campaign)
        changed = _apply(record, campaign, changes)
        if not changed:
            return campaign
        campaign.version += 1
        campaign.save()
        record("campaign_edited", campaign, name=campaign.name, changed=changed)
    return campaign


def _apply(record: Change, campaign: Campaign, wanted: dict[str, Any]) -> list[str]:
    """Put new values on a campaign; return the names of what really changed."""
    if not set(wanted) <= FIELDS:
        raise TypeError(f"Not fields of a campaign: {sorted(set(wanted) - FIELDS)}")
    changed = []
    for name, value in wanted.items():
        cleaned = _line(name, value) if name in _LINES else value
        if getattr(campaign, name) != cleaned:
            setattr(campaign, name, cleaned)
            changed.append(name)
    campaign.clean_fields(exclude={"workspace"})
    _check_dates(campaign)
    if "name" in changed:
        _check_name(record, campaign)
    return sorted(changed)


def _line(name: str, value: str) -> str:
    try:
        return clean_line(value)
    except ValidationError as error:
        raise ValidationError({name: error}) from error


def _check_dates(campaign: Campaign) -> None:
    if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
        raise ValidationError({"ends_on": _("The last day lies before the first.")})


def _check_name(record: Change, campaign: Campaign) -> None:
    others = Campaign.objects.filter(workspace=record.workspace, name__iexact=campaign.name)
    if others.exclude(pk=campaign.pk).exists():
        raise ValidationError({"name": _("There is a campaign of this name already.")})
