"""Rows 1 to 18, 39, 42 and 43 on the forms of the pages: every field that people type into.

What comes with a page and is no good gets a sentence at its field; what was typed elsewhere in the
form is still there; nothing is stored.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from django import forms
from django.test import Client

from tests.bad_input.asking import HTMX, Answer, Target, targets_of, typed_again
from tests.test_access import signed_in

pytestmark = pytest.mark.both_databases

# Words of Django's own sentences: none of them may reach a person
VAGUE = re.compile(
    r"This field|Ensure this|Enter a |valid choice|Select a valid|value must|characters are not"
)


@pytest.fixture
def mia(scene) -> Client:
    return signed_in(scene.world.mia.user)


@pytest.fixture(scope="module")
def targets(kept) -> list[Target]:
    with kept.at_work():
        return targets_of(kept.scene.world.mia.user, kept.scene)


def problems(answer: Answer, target: Target) -> list[str]:
    """Return what is wrong about how a bad value was refused."""
    said = answer.errors(target.field)
    found = [] if answer.status == 422 else [f"{answer.status}, not 422"]
    found += [f"stored {answer.changed}"] if answer.changed else []
    found += [] if said else ["nothing is said at the field"]
    found += [f"says “{sentence}”" for sentence in said if VAGUE.search(sentence)]
    kept = typed_again(answer, target)
    for name, value in target.form.fields.items():
        is_word = isinstance(value, str) and len(value) > 3 and name != target.field
        if is_word and name in kept and name != "csrfmiddlewaretoken" and kept[name] != value:
            found.append(f"{name} is lost: {kept[name][:20]!r}")
    return found


def refused(
    client: Client, targets: list[Target], value: Callable[[Target], object | None], by: dict
) -> int:
    """Send a bad value to each field; fail on any that is not refused well."""
    wrong, tried = set(), 0
    for target in targets:
        bad = value(target)
        if bad is not None:
            tried += 1
            answer = target.send(client, bad, headers=by)
            wrong |= {f"{target.name}: {problem}" for problem in problems(answer, target)}
    assert not wrong, "\n" + "\n".join(sorted(wrong))
    return tried


def is_line(target: Target) -> bool:
    return target.is_text and not isinstance(target.checks.widget, forms.Textarea)


def is_amount(target: Target) -> bool:
    is_number = isinstance(target.checks, forms.IntegerField)
    return is_number and target.field != "version"


def any_text(target: Target, text: str) -> str | None:
    return text if target.is_text else None


def needed_text(target: Target, text: str) -> str | None:
    return text if target.is_text and target.checks.required else None


def too_much(target: Target, text: str) -> str | None:
    most = getattr(target.checks, "max_length", None)
    return text * (most + 1) if target.is_text and most else None


def a_line(target: Target, text: str) -> str | None:
    return text if is_line(target) else None


def an_amount(target: Target, text: str) -> str | None:
    return text if is_amount(target) else None


def a_day(target: Target, text: str) -> str | None:
    return text if isinstance(target.checks, forms.DateField) else None


def a_choice(target: Target, text: str) -> str | None:
    return text if isinstance(target.checks, forms.ChoiceField) else None


def an_address(target: Target, text: str) -> str | None:
    return text if isinstance(target.checks, forms.URLField) else None


# What is sent to which fields, and how many fields of that kind there are at least
ROWS: dict[str, tuple[Callable[[Target, str], str | None], list[str], int]] = {
    "row 1: NUL": (any_text, ["a\x00b"], 20),
    "row 16: nothing": (needed_text, ["", "   ", "\t \u00a0"], 5),
    "row 16: too long": (too_much, ["x"], 20),
    "row 16: invisible": (any_text, ["\u200b\u2060"], 20),
    "row 16: turned around": (any_text, ["a\u202eb", "a\u2066b"], 20),
    "row 39: a second header": (a_line, ["a\r\nBcc: evil@example.org"], 15),
    "row 42: other ends of lines": (a_line, ["a\u2028b", "a\x85b", "a\x0bb"], 15),
    "rows 7 and 44: numbers": (
        an_amount,
        [str(2**31), str(10**30), "9" * 5_000, "-5", "1,5", "½", "1e9", "NaN"],
        5,
    ),
    "row 43: days": (
        a_day,
        ["2026-02-30", "0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31", "soon"],
        5,
    ),
    "row 15: choices": (a_choice, [str(2**31), "9" * 30, "a\x00b", "-1", "nothing"], 10),
    "links": (an_address, ["javascript:alert(1)", "http://[", "data:text/html,x", "//x"], 1),
}


# Finding the fields takes longer than trying them, so the rows are tried by the armful
ARMFULS = [list(ROWS)[n::3] for n in range(3)]


@pytest.mark.parametrize("rows", ARMFULS, ids="; ".join)
def test_a_bad_value_is_told_at_its_field_and_stores_nothing(mia, targets, rows):
    for row in rows:
        value, texts, least = ROWS[row]
        for begin, by in enumerate((HTMX, {})):
            # each field gets one value, the next field the next: all of each, not each with each
            turn = itertools.islice(itertools.cycle(texts), begin, None)
            tried = refused(mia, targets, lambda target: value(target, next(turn)), by)  # noqa: B023
            assert tried >= least, row
