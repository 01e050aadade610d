"""Every account page that can be reached comes in our frame and obeys the policy."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.arranging import arranging

OUTSIDE = [
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/1-bad/",
    "/accounts/password/reset/key/done/",
    "/accounts/inactive/",
    "/accounts/confirm-email/nothing/",
]
INSIDE = ["/accounts/email/", "/accounts/logout/", "/accounts/reauthenticate/"]


def check(page: str) -> None:
    assert "css/app.css" in page
    assert page.count("<h1") == 1
    assert "style=" not in page
    assert not re.search(r"\son\w+=", page)
    # the import map is the only script without an address
    assert re.findall(r"<script(?![^>]*\ssrc=)([^>]*)>", page) == [' type="importmap"']
    assert "menu:" not in page.lower()  # allauth's own frame


@pytest.mark.parametrize("address", OUTSIDE)
def test_a_page_before_sign_in_has_our_look(db, address):
    response = Client().get(address)

    assert response.status_code == 200
    check(response.content.decode())


@pytest.mark.parametrize("address", INSIDE)
def test_a_page_of_the_account_has_our_look(northwind, client_of, address):
    with arranging():
        northwind.mia.user.set_password("a password of her own")
        northwind.mia.user.save()
    response = client_of(northwind.mia).get(address, follow=True)

    assert response.status_code == 200
    check(response.content.decode())


def test_a_wrong_password_keeps_the_address_that_was_typed(db):
    response = Client().post(
        "/accounts/login/", {"login": "mia@northwind.example", "password": "no"}
    )

    page = response.content.decode()
    assert 'value="mia@northwind.example"' in page
    assert 'class="error-summary"' in page


def test_without_sign_up_nobody_is_sent_there(db, settings):
    settings.SPRINTBOARD_SIGNUP = False

    assert "/accounts/signup/" not in Client().get("/accounts/login/").content.decode()
    assert "No new accounts here" in Client().get("/accounts/signup/").content.decode()
