"""What the outbox page understands."""

from django import forms


class PageForm(forms.Form):
    """Which page of the list: what is older than this row."""

    before = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
