import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activity.changes import SYSTEM
from activity.models import Activity
from people import actions, zones
from people.admin import ReadOnlyAdmin
from people.models import Membership, Role, User
from tests.arranging import arranging

pytestmark = pytest.mark.django_db

PROFILE = "/accounts/profile/"


# The profile -----------------------------------------------------------------------------------


def test_a_profile_is_changed_and_colleagues_see_it(client_of, northwind):
    client = client_of(northwind.sam)
    data = {"name": "Samuel Whitfield", "time_zone": "Asia/Tokyo", "locale": "en"}
    answer = client.post(PROFILE, data, follow=True)
    assert "Saved." in answer.content.decode()
    northwind.sam.refresh_from_db()
    assert northwind.sam.shown_name == "Samuel Whitfield"
    assert Activity.objects.get().actor == northwind.sam
    assert 'value="Asia/Tokyo" selected' in client.get(PROFILE).content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \n "),
        ("name", "x" * 121),
        ("name", "Sam\u202emaS"),
        ("name", "\u200b\u2060"),
        ("name", "Sam\x1b[31m"),
        ("time_zone", "Mars"),
        ("locale", "tlh"),
    ],
)
def test_a_profile_that_will_not_do_comes_back_as_it_was_typed(client_of, northwind, field, value):
    client = client_of(northwind.sam)
    good = {"name": "Kept In The Form", "time_zone": "Asia/Tokyo", "locale": "en"}
    answer = client.post(PROFILE, {**good, field: value})
    assert answer.status_code == 422
    if field != "name":
        assert "Kept In The Form" in answer.content.decode()
    northwind.sam.user.refresh_from_db()
    assert northwind.sam.user.time_zone == "America/Chicago"
    assert not Activity.objects.exists()


def test_an_old_name_of_a_zone_is_offered_to_who_has_it(client_of, northwind):
    with arranging():
        User.objects.filter(pk=northwind.sam.user_id).update(time_zone="Asia/Calcutta")
    page = client_of(northwind.sam).get(PROFILE).content.decode()
    assert 'value="Asia/Calcutta" selected' in page
    assert page.count(" selected") == 2


def test_zones_are_grouped_by_region_and_named_by_city():
    groups = dict(zones.grouped())
    assert ("Europe/Stockholm", "Stockholm") in groups["Europe"]
    assert ("America/Argentina/Buenos_Aires", "Buenos Aires, Argentina") in groups["America"]
    assert len(zones.offered()) > 300
    assert set(zones.offered()) <= zones.known()


def test_the_profile_costs_the_same_in_many_workspaces(client_of, northwind):
    client = client_of(northwind.sam)
    with CaptureQueriesContext(connection) as seen:
        client.get(PROFILE)
    assert len(seen) <= 6


# The front door --------------------------------------------------------------------------------


def test_the_front_door_leads_to_the_only_workspace(client_of, northwind):
    answer = client_of(northwind.sam).get("/")
    assert (answer.status_code, answer.url) == (302, "/w/northwind/")


def test_the_front_door_shows_the_choice(client_of, northwind, fjord):
    actions.add_member(northwind.workspace, by=SYSTEM, user=fjord.ola.user, role=Role.SALES)
    page = client_of(fjord.ola).get("/").content.decode()
    assert 'href="/w/fjord/"' in page
    assert 'href="/w/northwind/"' in page
    assert page.index("Fjord Labs") < page.index("Northwind Instruments")


def test_a_workspace_that_somebody_left_is_not_offered(client_of, northwind, fjord):
    actions.add_member(northwind.workspace, by=SYSTEM, user=fjord.ola.user, role=Role.SALES)
    with arranging():
        Membership.objects.filter(workspace=northwind.workspace, user=fjord.ola.user).update(
            is_active=False
        )
    assert client_of(fjord.ola).get("/").url == "/w/fjord/"


def test_a_stranger_is_led_to_sign_in_and_back(client, northwind):
    answer = client.get("/w/northwind/")
    assert (answer.status_code, answer.url) == (302, "/accounts/login/?next=/w/northwind/")


# The admin pages -------------------------------------------------------------------------------


def test_every_admin_page_is_read_only():
    assert admin.site._registry
    for model, model_admin in admin.site._registry.items():
        assert isinstance(model_admin, ReadOnlyAdmin), model._meta.label


def test_an_operator_reads_and_a_member_does_not(client, client_of, northwind):
    with arranging():
        operator = User.objects.create_superuser("op@example.org")
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    for model in admin.site._registry:
        label = f"{model._meta.app_label}_{model._meta.model_name}"
        assert client.get(reverse(f"admin:{label}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:{label}_add")).status_code == 403
    page = client.get(reverse("admin:people_membership_change", args=[northwind.sam.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    assert client_of(northwind.mia).get("/admin/").status_code in {302, 403}


def test_the_admin_has_no_door_of_its_own(client):
    answer = client.get("/admin/login/?next=/admin/")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")
