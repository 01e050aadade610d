"""People, the workspaces they share, and their part in each."""

from __future__ import annotations

import zoneinfo
from datetime import date, time
from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from activity import clock

from . import zones


def validate_time_zone(name: str) -> None:
    """Raise ValidationError unless this machine knows the zone."""
    if name not in zones.known():
        raise ValidationError(_("%(name)s is not a time zone we know."), "zone", {"name": name})


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a person who signs in with this address; without a password, by code only."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make an operator of this installation, who may read the admin pages."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a person by address, whatever its capitals."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who can sign in. The e-mail address is the name."""

    email = models.EmailField(_("e-mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_time_zone]
    )
    locale = models.CharField(_("language"), max_length=10, default="en")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    date_joined = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="people_one_user_per_address"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The reader's own zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


class WorkspaceQuerySet(models.QuerySet["Workspace"]):
    def of(self, user: User) -> Self:
        """Return the workspaces where a person is an active member, by name."""
        return self.filter(members__user=user, members__is_active=True).order_by("name")


class Workspace(models.Model):
    """One company's space. Everything belongs to exactly one; its row is the lock of its changes.

    `seq` is the number of its newest Activity. Sprint lengths are calendar days, the unplanned
    allowance is per cent of the committed points, `answer_days` are working days.
    """

    slug = models.SlugField(_("address"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    key = models.CharField(
        _("key"),
        max_length=6,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{0,5}$", _("Two to six capitals, like NW."))],
        help_text=_("Tasks are named after it: NW-42."),
    )
    seq = models.PositiveBigIntegerField(default=0, editable=False)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_time_zone]
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    sprint_days = models.PositiveSmallIntegerField(
        _("days in a sprint"),
        default=14,
        validators=[MinValueValidator(5), MaxValueValidator(42)],
    )
    answer_days = models.PositiveSmallIntegerField(
        _("working days to answer a request"),
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    workday_starts = models.TimeField(_("working day starts"), default=time(9))
    workday_ends = models.TimeField(_("working day ends"), default=time(17))
    unplanned_allowance = models.PositiveSmallIntegerField(
        _("unplanned work, in per cent of the commitment"),
        default=20,
        validators=[MaxValueValidator(100)],
    )
    auto_publish_hours = models.PositiveSmallIntegerField(
        _("publish a review by itself after so many hours"),
        null=True,
        blank=True,
        help_text=_("Empty: a review waits until somebody publishes it."),
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """Return the address of the workspace's home."""
        return reverse("home", args=[self.slug])

    @cached_property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The zone in which its sprints begin and end."""
        return zoneinfo.ZoneInfo(self.time_zone)

    def today(self) -> date:
        """Return the date it is in the workspace now."""
        return clock.now().astimezone(self.zone).date()


class Role(models.TextChoices):
    """What a member does here."""

    MARKETER = "marketer", _("Marketer")
    SALES = "sales", _("Sales")
    MANAGER = "manager", _("Manager")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, member: Membership) -> Self:
        """Return everyone in the reader's workspace."""
        return self.filter(workspace=member.workspace_id)

    def active(self) -> Self:
        """Leave out those who were deactivated."""
        return self.filter(is_active=True, user__is_active=True)

    def at_home(self, user: User) -> Self:
        """Return a person's own places, by the name of the workspace."""
        return (
            self.active().filter(user=user).select_related("workspace").order_by("workspace__name")
        )

    def with_role(self, *roles: Role) -> Self:
        """Keep those who do one of these jobs."""
        return self.filter(role__in=roles)

    def by_name(self) -> Self:
        """Order by the name people read."""
        return self.order_by("shown_name", "pk")


class Membership(models.Model):
    """A person in a workspace, with one role; being an admin is beside it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="members")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    is_admin = models.BooleanField(_("admin"), default=False)
    is_active = models.BooleanField(default=True)
    shown_name = models.CharField(_("name"), max_length=120)
    initials = models.CharField(_("initials"), max_length=3)
    hue = models.PositiveSmallIntegerField(default=95)
    joined_at = models.DateTimeField(default=clock.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace"], name="people_one_membership"),
        ]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def first_name(self) -> str:
        """The name colleagues say: “Mia”."""
        return self.shown_name.split(" ", 1)[0]

    @property
    def is_marketer(self) -> bool:
        """Runs the work."""
        return self.role == Role.MARKETER

    @property
    def is_sales(self) -> bool:
        """Asks, backs and reads."""
        return self.role == Role.SALES

    @property
    def is_manager(self) -> bool:
        """Removes impediments and owns goals."""
        return self.role == Role.MANAGER
