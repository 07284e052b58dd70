"""How forms are drawn: the error by its field, tied to it for screen readers, and a summary with links on top."""

import pytest
from django import forms


class Sample(forms.Form):
    """A field of each way of drawing."""

    name = forms.CharField(help_text="As in the register.", error_messages={"required": "Fill in the name."})
    note = forms.CharField(widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    sure = forms.BooleanField(required=False)
    secret = forms.IntegerField(widget=forms.HiddenInput)


@pytest.fixture
def refused() -> str:
    """An empty form that was sent."""
    return str(Sample({}))


def test_error_and_help_are_tied_to_the_field(refused: str) -> None:
    assert 'id="id_name_helptext"' in refused
    assert 'id="id_name_error"' in refused
    assert 'aria-describedby="id_name_helptext id_name_error"' in refused
    assert 'aria-invalid="true"' in refused


def test_the_summary_links_to_each_field_and_names_hidden_ones(refused: str) -> None:
    assert 'class="error-summary"' in refused
    assert '<a href="#id_name_field">Name</a>' in refused
    assert 'id="id_name_field"' in refused
    assert refused.index("error-summary") < refused.index("form__fields")


def test_a_fresh_form_has_no_summary() -> None:
    assert "error-summary" not in str(Sample())


def test_groups_are_fieldsets_with_a_legend_and_single_boxes_carry_their_label() -> None:
    html = str(Sample())
    assert html.count("<fieldset") == 1
    assert '<legend class="field__label">Kind' in html
    assert '<label class="choice" for="id_sure">' in html
    assert "field--wide" in html


def test_what_must_be_filled_in_says_so_in_words() -> None:
    assert str(Sample()).count("field__need") == 2


def test_values_are_escaped() -> None:
    html = str(Sample({"name": '"><script>', "note": "</textarea><script>"}))
    assert "<script>" not in html
