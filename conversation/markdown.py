"""Markdown to the little HTML that people may write, once, when it is saved.

The one renderer of the program: descriptions and comments are kept with its number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

import nh3
from django.core.exceptions import ValidationError
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from .mentions import People

# Raise it when the same source would give other HTML: stored rows say who rendered them
RENDERER: Final = 2
LONGEST: Final = 20_000
_WIDEST_TABLE, _LONGEST_TABLE = 30, 200
_SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip

# In a line; and only where a line begins: headings, rulers, lists, a ruled line of a table
_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]<>|~&]")
_BEGINS_A_BLOCK = re.compile(r"^(\d*)([#+\-=.):])", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
# Before an @ that means somebody: nothing, a space or punctuation, but no part of an address
_MAY_STAND_BEFORE = re.compile(r"[\s([{\"'“”‘’*_~|,;:!?…–—>]")


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
    parser.inline.ruler.before("link", "mention", _read_mention)
    parser.add_render_rule("mention", _show_mention)
    return parser


def _read_mention(state: StateInline, silent: bool) -> bool:
    """Take an @ and the name of somebody who is here; not in code, not in a link."""
    people = state.env.get("people")
    at = state.pos
    if not isinstance(people, People) or state.src[at] != "@" or state.linkLevel:
        return False
    if at and not _MAY_STAND_BEFORE.match(state.src[at - 1]):
        return False
    found = people.at(state.src, at + 1)
    if found is None or found.end > state.posMax:
        return False
    if not silent:
        token = state.push("mention", "span", 0)
        token.content, token.meta = found.name, {"member": found.member_id}
    state.pos = found.end
    return True


def _show_mention(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    return f'<span class="mention">@{escapeHtml(tokens[place].content)}</span>'


_parser = _make_parser()
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    allowed_classes={"span": {"mention"}},
    attribute_filter=_refuse_relative,
    url_schemes=set(_SCHEMES),
    link_rel="nofollow noopener noreferrer ugc",
)


@dataclass(frozen=True)
class Rendered:
    """Clean HTML, and who is meant in it, in the order of the words."""

    html: str
    mentioned: list[int]


def render(source: str) -> str:
    """Return clean HTML for Markdown in which nobody is meant.

    Raises ValidationError `too_long` or `table_too_large`.
    """
    return render_for(source, None).html


def render_for(source: str, people: People | None) -> Rendered:
    """Return clean HTML for Markdown, and who of these people is meant by @ and a name.

    Raises ValidationError `too_long` or `table_too_large`.
    """
    if len(source) > LONGEST:
        raise ValidationError(
            _("At most %(limit)s characters fit here."), "too_long", {"limit": LONGEST}
        )
    _refuse_large_tables(source)
    env: dict[str, object] = {"people": people}
    tokens = _parser.parse(source, env)
    html = _lower_headings(str(_parser.renderer.render(tokens, _parser.options, env)))
    return Rendered(str(_cleaner.clean(html)).strip(), _mentioned(tokens))


def plain(html: str) -> str:
    """Return the words of rendered HTML, on one line, for where there is no room for more."""
    return " ".join(unescape(strip_tags(html)).split())


def _mentioned(tokens: Sequence[Token]) -> list[int]:
    inner = (one for token in tokens for one in token.children or ())
    return [one.meta["member"] for one in inner if one.type == "mention"]


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
