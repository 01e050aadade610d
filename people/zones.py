"""Time zones, as people choose them: by region and city."""

import zoneinfo
from functools import cache
from importlib import resources

from django.utils.translation import gettext_lazy as _

Choices = list[tuple[str, list[tuple[str, str]]]]


@cache
def known() -> frozenset[str]:
    """Return every zone this machine knows, old names too; finding them reads many files."""
    return frozenset(zoneinfo.available_timezones())


@cache
def offered() -> tuple[str, ...]:
    """Return the zones to choose from: one for each place, without old names for the same."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return tuple(sorted(name for _country, _place, name, *_note in rows if name in known()))


def grouped(also: str = "") -> Choices:
    """Return the zones as choices by region, with one more that somebody already has."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted({*offered(), also} - {"", "UTC"}):
        region, _slash, place = name.partition("/")
        groups.setdefault(region, []).append((name, in_words(place or region)))
    anywhere = (str(_("Anywhere")), [("UTC", "UTC")])
    return [anywhere, *((region, places) for region, places in groups.items())]


def city_of(zone: str) -> str:
    """Return the city that a zone is named after: America/Sao_Paulo is Sao Paulo."""
    return zone.rsplit("/", 1)[-1].replace("_", " ")


def in_words(place: str) -> str:
    """Return "Buenos Aires, Argentina" for Argentina/Buenos_Aires."""
    return ", ".join(reversed(place.replace("_", " ").split("/")))
