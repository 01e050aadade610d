"""How Django's forms come out in the look of the design."""

from __future__ import annotations

from django import forms


class Idea(forms.Form):
    title = forms.CharField(help_text="One sentence is enough.")
    words = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "Slides"), ("b", "Event")], widget=forms.RadioSelect)
    sprint = forms.ChoiceField(choices=[("13", "Sprint 13")])
    urgent = forms.BooleanField(required=False)
    token = forms.CharField(widget=forms.HiddenInput, initial="x")


def test_each_control_has_the_class_of_its_kind():
    written = str(Idea())

    assert '<input class="input" type="text" name="title"' in written
    assert '<textarea class="input textarea" name="words"' in written
    assert '<div class="choices"' in written
    assert '<select class="select" name="sprint"' in written
    assert '<input class="check-input" type="checkbox" name="urgent"' in written
    assert '<input type="hidden" name="token"' in written


def test_optional_is_said_and_required_is_the_rule():
    field = Idea()

    assert "optional" in field["words"].as_field_group()
    assert "optional" not in field["title"].as_field_group()


def test_an_error_takes_the_place_of_the_hint_and_is_tied_to_its_field():
    written = Idea({"kind": "a", "sprint": "13", "token": "x"})["title"].as_field_group()

    assert "One sentence is enough." not in written
    assert 'id="id_title_error"' in written
    assert 'aria-invalid="true"' in written
    assert "id_title_error" in written.split("<input")[1].split(">")[0]


def test_a_form_that_came_back_says_how_much_is_wrong_and_leads_there():
    written = str(Idea({"title": "Slides", "token": "x"}))

    assert "2 things are missing or wrong" in written
    assert 'href="#id_sprint"' in written


def test_what_was_typed_is_written_as_text():
    assert "<script>" not in str(Idea({"title": '"><script>', "words": "</textarea><script>"}))


def test_a_class_that_a_form_names_wins():
    class Large(forms.Form):
        title = forms.CharField(widget=forms.TextInput(attrs={"class": "input input-xl"}))

    assert 'class="input input-xl"' in str(Large())
    assert str(Large()).count("class=") == 2  # the field and its control
