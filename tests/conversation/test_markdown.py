"""Markdown becomes clean HTML, whatever somebody pastes."""

import html
import re
import time

import pytest
from django.core.exceptions import ValidationError

from conversation import markdown

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "<svg onload=alert(1)>",
    "<math><mi xlink:href=javascript:alert(1)>",
    '<iframe srcdoc="<script>alert(1)</script>">',
    "<base href=//evil.test>",
    '<meta http-equiv=refresh content="0;url=//evil.test">',
    "<style>*{display:none}</style>",
    "<form action=//evil.test><button>x</button></form>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    '<div hx-get="/x" hx-trigger="load"></div>',
    '<div data-hx-get="/x" hx-on:click="alert(1)"></div>',
    '<input id="csrfmiddlewaretoken" name="csrfmiddlewaretoken">',
    "![x](https://evil.test/pixel.gif)",
    '[x](https://e.test "title onmouseover=alert(1)")',
    "[x](//evil.test)",
    "[x](/accounts/logout/)",
    "<a href='javascript:alert(1)'>x</a>",
    "```html\n<script>alert(1)</script>\n```",
    "<details open ontoggle=alert(1)>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<!--><script>alert(1)</script>-->",
    '<https://e.test/"onclick=alert(1)>',
    "[x]: javascript:alert(1)\n\n[x]",
    "<p style='background:url(//evil.test)'>",
    "<object data=//evil.test></object><embed src=//evil.test>",
]
ALLOWED = re.compile(
    r"</?(?:blockquote|br|code|em|h[3-6]|hr|li|ol|p|pre|s|strong|table|tbody|td|th|thead|tr|ul)>"
    r'|<ol start="\d+">|</a>'
    r'|<a(?: href="(?:https?://|mailto:)[^"<>]*")? rel="nofollow noopener noreferrer ugc">'
)


@pytest.mark.parametrize("source", ATTACKS)
def test_nothing_but_the_listed_tags_and_links_is_left(source):
    html = markdown.render(source)
    assert "<" not in ALLOWED.sub("", html), html


def test_what_people_write_is_kept():
    html = markdown.render(
        "# Plan\n\n**Bold**, *light*, ~~gone~~, `code`\n\n- one\n- two\n\n|a|b|\n|-|-|\n|1|2|\n\n"
        "See https://example.com and [mail](mailto:mia@northwind.example)\nnext line"
    )
    for part in (
        "<h3>Plan</h3>", "<strong>Bold</strong>", "<em>light</em>", "<s>gone</s>", "<li>one</li>",
        "<td>2</td>", 'href="https://example.com"', 'href="mailto:mia@northwind.example"', "<br>",
    ):  # fmt: skip
        assert part in html


def test_a_text_has_a_length():
    assert markdown.render("x" * markdown.LONGEST)
    with pytest.raises(ValidationError) as caught:
        markdown.render("x" * (markdown.LONGEST + 1))
    assert caught.value.code == "too_long"


@pytest.mark.parametrize(
    "source",
    [
        "|a" * 31 + "|\n" + "|-" * 31 + "|\n",
        "|a|\n|-|\n" + "|x|\n" * 201,
        "> |a|\n> |-|\n" + "> |x|\n" * 201,
        "|a" * 1_000 + "|\n" + "|:-" * 1_000 + "|\n" + "|x|\n" * 200,
    ],
)
def test_a_table_has_a_size(source):
    with pytest.raises(ValidationError) as caught:
        markdown.render(source)
    assert caught.value.code == "table_too_large"


@pytest.mark.parametrize(
    "piece", ["[", "![[", "*a", "`", "> ", "- ", "_a ", "[a](", "<a", "|a|\n|-|\n", "http://a"]
)
def test_no_text_takes_long(piece):
    source = (piece * markdown.LONGEST)[: markdown.LONGEST]
    started = time.process_time()
    markdown.render(source)
    assert time.process_time() - started < 4  # 0.1 to 1 s on a free core


@pytest.mark.parametrize(
    "text",
    [
        "Does it work with milk? Everything is rivers.",
        "# 1 wish: 5 * 3 _really_ <b>now</b>",
        "- one\n- two\n+ three\n1. four\n2) five",
        "a\n===\nb\n---\nc",
        "|a|b|\n|-|-|\n|c|d|",
        "a | b\n:-: | :-:\n1 | 2",
        "&copy; &amp; &#65; AT&T",
        r"back\slash and `code` and [a](http://x.test) and ~~no~~",
        "|" + "a|" * 60 + "\n|" + "-|" * 60 + "\n|" + "b|" * 60,
    ],
)
def test_a_literal_text_shows_as_it_was_typed(text):
    shown = markdown.render(markdown.literal(text))

    assert not re.search(r"<(?!/?(p|br|a)\b)", shown), "nothing but paragraphs and plain links"
    read = html.unescape(re.sub(r"<[^>]+>", "", shown.replace("<br>\n", "\n")))
    assert read == text
    assert len(markdown.literal(text)) <= 2 * len(text)


def test_indents_of_a_literal_text_make_no_code():
    assert markdown.render(markdown.literal("one\n\n    two")) == "<p>one</p>\n<p>two</p>"
