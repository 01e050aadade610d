"""Markdown to the little HTML that people may write, once, when it is saved.

The one renderer of the program: descriptions and comments are kept with its number.
"""

from __future__ import annotations

import re
from typing import Final

import nh3
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

# Raise it when the same source would give other HTML: stored rows say who rendered them
RENDERER: Final = 1
LONGEST: Final = 20_000
_WIDEST_TABLE, _LONGEST_TABLE = 30, 200
_SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

# In a line; and only where a line begins: headings, rulers, lists, a ruled line of a table
_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>|~&]")
_BEGINS_A_BLOCK = re.compile(r"^(\d*)([#+\-=.):])", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


def _refuse_relative(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("a", "href") and value.split(":", 1)[0].lower() not in _SCHEMES:
        return None
    return value


def _make_parser() -> MarkdownIt:
    # HTML in the source stays text; pictures of other hosts would tell them who reads
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "breaks": True})
    parser.enable(["table", "strikethrough", "linkify"]).disable(["image"])
    linkify = parser.linkify
    assert linkify is not None  # noqa: S101  installed with markdown-it-py[linkify]
    linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    return parser


_parser = _make_parser()
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    attribute_filter=_refuse_relative,
    url_schemes=set(_SCHEMES),
    link_rel="nofollow noopener noreferrer ugc",
)


def render(source: str) -> str:
    """Return clean HTML for Markdown.

    Raises ValidationError `too_long` or `table_too_large`.
    """
    if len(source) > LONGEST:
        raise ValidationError(
            _("At most %(limit)s characters fit here."), "too_long", {"limit": LONGEST}
        )
    _refuse_large_tables(source)
    return str(_cleaner.clean(_lower_headings(_parser.render(source)))).strip()


def literal(text: str) -> str:
    """Return Markdown that shows a text as it was typed by somebody who meant no Markdown.

    Only what would begin something is escaped, so that the source stays readable; indents, which
    would make code, fall away. At most twice as long as the text.
    """
    escaped = _MEANS_SOMETHING.sub(r"\\\g<0>", _INDENT.sub("", text))
    return _BEGINS_A_BLOCK.sub(r"\1\\\2", escaped)


def _lower_headings(html: str) -> str:
    # The page has h1 and h2 of its own. Source text cannot hold a tag here: its < is escaped.
    for tag in ("h1", "h2"):
        html = html.replace(f"<{tag}>", "<h3>").replace(f"</{tag}>", "</h3>")
    return html


def _refuse_large_tables(source: str) -> None:
    """Short rows under a wide head are filled up to its width: a few KB would become megabytes."""
    rows = 0
    for line in source.splitlines():
        if _is_ruled(line):
            if line.count("|") > _WIDEST_TABLE + 1:
                raise _too_large()
            rows = 1
        elif rows and line.strip(" >\t"):
            rows += 1
            if rows > _LONGEST_TABLE:
                raise _too_large()
        else:
            rows = 0


def _is_ruled(line: str) -> bool:
    return "-" in line and ("|" in line or ":" in line) and not line.strip("|:->* \t+0123456789.)")


def _too_large() -> ValidationError:
    return ValidationError(
        _("A table has at most %(columns)s columns and %(rows)s rows."),
        "table_too_large",
        {"columns": _WIDEST_TABLE, "rows": _LONGEST_TABLE},
    )
