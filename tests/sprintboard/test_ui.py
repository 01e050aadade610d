"""The words and shapes of the design: what each tag and filter writes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace

import lucide
import pytest
from django.contrib.messages import INFO
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.utils import timezone
from django.utils.translation import override

from sprintboard.templatetags import ui

MIA = SimpleNamespace(shown_name="Mia Lindqvist", initials="ML", hue=62, role="marketer")
SAM = SimpleNamespace(shown_name="Sam Whitfield", initials="SW", hue=5, role="sales")
EURO = SimpleNamespace(currency="EUR")
KRONA = SimpleNamespace(currency="SEK")
AT_NOON = datetime(2026, 12, 3, 11, 0, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_an_icon_is_decoration_in_the_shape_of_the_design():
    drawn = ui.icon("bell", "icon-sm")

    assert drawn.startswith(
        '<svg class="icon icon-sm" viewBox="0 0 24 24" aria-hidden="true"><path'
    )
    assert drawn.endswith("</svg>")
    assert "style=" not in drawn
    assert "xmlns" not in drawn


def test_an_icon_is_drawn_once():
    assert ui.icon("calendar") is ui.icon("calendar")


def test_an_unknown_icon_is_an_error_and_no_empty_space():
    with pytest.raises(lucide.IconDoesNotExist):
        ui.icon("no-such-icon")


def test_marketing_is_a_tinted_circle():
    drawn = ui.avatar(MIA, "sm")

    assert 'class="avatar tinted hue-60 avatar-sm"' in drawn
    assert 'aria-label="Mia Lindqvist"' in drawn
    assert ">ML<" in drawn


def test_sales_is_a_square_without_a_tint():
    drawn = ui.avatar(SAM)

    assert 'class="avatar is-sales"' in drawn
    assert "tinted" not in drawn


def test_nobody_is_dashed_and_named():
    drawn = ui.avatar(None)

    assert "is-none" in drawn
    assert 'aria-label="Nobody"' in drawn


def test_an_avatar_beside_a_name_is_not_read_twice():
    drawn = ui.avatar(MIA, label=False)

    assert 'aria-hidden="true"' in drawn
    assert "Mia" not in drawn


def test_a_name_with_markup_in_it_is_written_as_text():
    person = SimpleNamespace(shown_name='"><script>', initials="<b", hue=5, role="manager")

    assert "<script>" not in ui.avatar(person)
    assert "<b<" not in ui.avatar(person)


@pytest.mark.parametrize(("hue", "name"), [(0, "hue-0"), (62, "hue-60"), (358, "hue-0")])
def test_a_hue_is_the_nearest_class_of_the_stylesheet(hue, name):
    assert ui.hue_class(hue) == name


def test_a_ruler_is_decoration():
    drawn = ui.ruler(["past", "today", ""])

    assert drawn.startswith('<ol class="ruler" aria-hidden="true">')
    assert drawn.count("<li") == 3
    assert '<li class="today">' in drawn


def test_a_meter_puts_its_segments_side_by_side_and_says_what_it_shows():
    drawn = render('{% meter "23 of 60 done" 60 done=30 doing=15 at=45 %}')

    assert 'aria-label="23 of 60 done"' in drawn
    assert '<rect class="done" x="0.0%" width="50.0%"' in drawn
    assert '<rect class="doing" x="50.0%" width="25.0%"' in drawn
    assert '<rect class="tick" x="75.0%"' in drawn
    assert "style=" not in drawn


@pytest.mark.parametrize("total", [10, 0])
def test_a_meter_never_leaves_its_track(total):
    drawn = ui.meter("Too much", total, done=9, doing=9, review=9)
    ends = [
        float(x) + float(width)
        for x, width in re.findall(r'x="([\d.]+)%" width="([\d.]+)%"', drawn)
    ]

    assert all(end <= 100 for end in ends)


def test_a_tracker_names_its_steps_and_says_where_it_is():
    steps = [
        SimpleNamespace(name="Submitted", note="24 Nov", state="done"),
        SimpleNamespace(name="Answered", note="", state="now"),
        SimpleNamespace(name="Delivered", note="", state=""),
    ]

    drawn = render("{% tracker steps %}", steps=steps)

    assert drawn.count("<li") == 3
    assert re.search(r'class="is-now"\s+aria-current="step"', drawn)
    assert "is-final" not in drawn
    assert 'class="now"' in ui.mini_tracker(steps)


def test_a_tracker_marks_its_end_once_it_is_reached():
    steps = [SimpleNamespace(name="Delivered", note="16 Dec", state="done")]

    assert "is-final" in render("{% tracker steps %}", steps=steps)


def test_stored_words_are_out_of_the_reach_of_htmx():
    drawn = render("{% stored_html html %}", html="<p>Plain <b>words</b></p>")

    assert drawn == '<div class="prose" hx-ignore><p>Plain <b>words</b></p></div>'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (0, "€0"),
        (850, "€850"),
        (1_500, "€1.5k"),
        (2_000, "€2k"),
        (64_000, "€64k"),
        (180_400, "€180k"),
        (1_240_000, "€1,240k"),
    ],
)
def test_money_is_written_as_people_say_it(value, written):
    assert ui.money(value, EURO) == written


def test_a_currency_without_a_sign_is_named():
    assert ui.money(64_000, KRONA) == "SEK 64k"


def test_points_count_in_the_singular_too():
    assert (ui.points(1), ui.points(3), ui.points(None)) == ("1 point", "3 points", "0 points")


def test_a_day_is_written_short_and_long():
    assert ui.day(date(2026, 12, 3)) == "Thu 3 Dec"
    assert ui.long_day(date(2026, 12, 3)) == "Thursday 3 December"
    assert ui.day(None) == ""


def test_an_instant_is_the_day_it_is_for_the_reader():
    late = datetime(2026, 12, 3, 23, 30, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        assert ui.day(late) == "Fri 4 Dec"
        assert ui.clock_time(late) == "08:30"


@pytest.mark.parametrize(
    ("start", "end", "written"),
    [
        (date(2026, 12, 3), date(2026, 12, 16), "3 to 16 December"),
        (date(2026, 11, 28), date(2026, 12, 11), "28 November to 11 December"),
        (date(2026, 12, 31), date(2027, 1, 13), "31 December 2026 to 13 January 2027"),
    ],
)
def test_a_span_of_days_repeats_nothing(start, end, written):
    assert ui.day_range(start, end) == written


def test_a_time_names_the_city_of_its_zone():
    assert ui.in_zone(AT_NOON, "America/Chicago") == "05:00 in Chicago"
    assert ui.in_zone(AT_NOON, "America/Sao_Paulo") == "08:00 in Sao Paulo"
    assert ui.in_zone(AT_NOON, "UTC") == "11:00 UTC"
    with timezone.override("Europe/Stockholm"):
        assert ui.local_time(AT_NOON) == "12:00 in Stockholm"


@pytest.mark.parametrize(
    ("tags", "address"),
    [
        ("undo:/w/northwind/undo/", "/w/northwind/undo/"),
        ("undo://elsewhere.example/", ""),
        ("undo:https://elsewhere.example/", ""),
        ("", ""),
    ],
)
def test_undo_posts_to_this_site_only(tags, address):
    assert ui.undo_address(Message(INFO, "Moved.", extra_tags=tags)) == address


# Drawn once -----------------------------------------------------------------------------------


def bell(unread: object) -> str:
    source = '{% remembered "components/bell.html" slug="northwind" me=1 unread=unread %}'
    return Template(source).render(Context({"unread": unread, "compact": True}))


def test_what_is_remembered_is_drawn_once_for_each_set_of_values(monkeypatch):
    drawn = []
    real = ui.get_template
    monkeypatch.setattr(ui, "get_template", lambda name: drawn.append(name) or real(name))
    ui._drawn.cache_clear()

    three = bell(3)
    assert 'data-bell-count="3"' in three
    assert bell(3) == three
    assert 'data-bell-count="4"' in bell(4)
    assert len(drawn) == 2
    with override("sv"):
        bell(3)
    assert len(drawn) == 3  # another language is another drawing


def test_what_is_remembered_sees_its_values_alone():
    assert "btn-ghost" not in bell(5)  # `compact` is the page's, and was not handed over


def test_what_can_change_cannot_be_remembered():
    with pytest.raises(TypeError):
        bell([3])
