"""Text is stored in one form, and nothing invisible in it deceives a reader."""

import pytest
from django.core.exceptions import ValidationError

from activity.text import clean_line, clean_text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "control"),
        ("a\x1bb", "control"),
        ("\ud800", "control"),
        ("a\u202eb", "direction"),
        ("a\u2066b", "direction"),
        ("\u200b\u2060", "invisible"),
        ("\u0301", "invisible"),
        ("\u3164", "invisible"),
    ],
)
def test_what_deceives_is_refused(text, code):
    for clean in (clean_line, clean_text):
        with pytest.raises(ValidationError) as caught:
            clean(text)
        assert caught.value.code == code


def test_a_line_is_one_line_without_edges():
    assert clean_line("  One-page \r\n\t flyer  ") == "One-page flyer"
    assert clean_line(" \n ") == ""


def test_a_text_keeps_its_lines():
    assert clean_text("\r\na\r\n\r\nb \r") == "a\n\nb"


def test_letters_are_composed_and_emoji_stay_whole():
    assert clean_line("e\u0301 \u2126") == "é Ω"
    family = "👩\u200d👩\u200d👧\u200d👦"
    assert clean_line(family) == family


def test_piled_marks_are_cut_and_those_of_languages_are_not():
    assert clean_line("Z" + "\u0335" * 30) == "Z" + "\u0335" * 4
    hebrew = "בְּרֵאשִׁ֖ית"
    assert clean_line(hebrew).count("\u05bc") == 1
    assert clean_line("สวัสดีครับ") == "สวัสดีครับ"
