"""Rows 61 to 66 by count: how much HTML a text can become, and where its links lead.

The payloads of row 58, and rows 59, 60 and 65, are tests/conversation/test_markdown.py's.
"""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from conversation import markdown
from tests.access_rules import RULES, make_scene
from tests.bad_input.asking import stored
from tests.test_access import inside, signed_in

NASTY = ["[", "![[", "*a", "_a ", "`", "> ", "- ", "1. ", "#", "~~a", "<a", "[a](", "&amp;", "\\"]


@pytest.mark.parametrize("piece", NASTY)
def test_row_64_what_is_rendered_grows_no_faster_than_what_was_typed(piece):
    sizes = [len(markdown.render((piece * 20_000)[:length])) for length in (2_500, 5_000, 10_000)]
    assert sizes[1] <= 2.5 * sizes[0] + 1_000
    assert sizes[2] <= 2.5 * sizes[1] + 1_000
    assert sizes[2] <= 30 * 10_000


def test_row_63_the_largest_table_is_small_enough_and_the_next_is_refused():
    head = "|a" * 30 + "|\n" + "|-" * 30 + "|\n"
    largest = markdown.render(head + "|x|\n" * 199)
    assert largest.count("<td>") <= 30 * 200
    assert len(largest) < 100_000
    for larger in (head + "|x|\n" * 201, "|a" + head.replace("\n|-", "\n|-|-", 1)):
        with pytest.raises(ValidationError):
            markdown.render(larger)


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("//evil.example", ""),
        ("/accounts/logout/", ""),
        ("\\\\evil.example", ""),
        ("https:evil.example", None),
        ("ftp://evil.example", ""),
        ("https://xn--e1afmkfd.example/", "https://xn--e1afmkfd.example/"),
        ("https://good.example@evil.example/", None),
        ("https://аррӏе.example/", None),
    ],
)
def test_row_62_links_lead_out_by_names_that_can_be_read(link, leads):
    html = markdown.render(f"[here]({link})")
    found = re.findall(r'href="([^"]*)"', html)
    if leads is not None:
        assert found == ([leads] if leads else [])
    for address in found:
        assert re.match(r"https:", address)
        assert address.isascii()  # a look-alike shows its true name
    assert 'rel="nofollow noopener noreferrer ugc"' in html or not found


def test_row_61_no_link_can_change_anything(northwind):
    """A GET changes nothing, wherever a link leads; that a review was opened is noted, no more."""
    scene = make_scene(northwind, 10)
    client = signed_in(scene.world.mia.user)
    before = stored()
    for address in inside():
        if RULES[address.name].get:
            client.get(address.url(scene))
    client.get(reverse("account_logout"))
    after = stored()
    assert after.pop("reviews.Reading") >= before.pop("reviews.Reading")
    assert after == before


@pytest.mark.parametrize("word", ["id", "name", "class", "style", "data-behaviour", "hx-get"])
def test_row_66_no_attribute_of_the_page_can_be_named(word):
    for source in (
        f'<p {word}="csrfmiddlewaretoken">a</p>',
        f'[a](https://x.example "{word}=x")',
        f"# a {{#{word}}}",
        f'<a href="https://x.example" {word}="x">a</a>',
    ):
        assert not re.search(rf"<[^>]*\b{word}=", markdown.render(source))
