"""Texts of many rows in one value, so that a page that shows them needs no query for them."""

from typing import Any

from django.db import models


class Lines(models.Aggregate):
    """Texts, one on each line, as both databases write them."""

    function = "STRING_AGG"
    output_field = models.TextField()

    def __init__(self, text: Any, **extra: Any) -> None:
        super().__init__(text, models.Value("\n"), **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)
