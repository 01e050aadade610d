"""Read-only pages for the operator of an installation; verbs are done in the product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress, EmailConfirmation
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from activity.models import Activity, Cursor

from .models import ApiToken, Membership, User, Workspace

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(AnyModelAdmin):
    """A model to look at: what is written goes through the verbs, or the log would not know."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes here."""
        return False


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = ("email", "name", "time_zone", "is_active", "is_staff", "last_login")
    search_fields = ("email", "name")
    exclude = ("password", "groups", "user_permissions")


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("slug", "name", "key", "time_zone", "seq", "created_at")
    search_fields = ("slug", "name")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin):
    list_display = ("shown_name", "workspace", "user", "role", "is_admin", "is_active")
    list_filter = ("role", "is_admin", "is_active")
    list_select_related = ("workspace", "user")
    search_fields = ("shown_name", "user__email")


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    list_display = ("seq", "workspace", "actor", "verb", "subject_type", "subject_id", "at")
    list_select_related = ("workspace", "actor")
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    list_display = ("reader", "workspace", "seq")
    list_select_related = ("workspace",)


# What other packages let an operator write; rights come from memberships, addresses from people
for model in (Group, EmailAddress, EmailConfirmation):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

# the admin's own door knows no throttle and no code by mail
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "member", "workspace", "scope", "expires_at", "last_used_at")
    list_filter = ("scope",)
    list_select_related = ("member", "workspace")
    exclude = ("digest",)
