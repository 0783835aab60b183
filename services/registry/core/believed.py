"""The SQL of what the registry believes of bodies, their links and areas, by the names of facets.

Each function returns what follows JOIN or LEFT JOIN: `LEFT JOIN {believed("name", Facet.NAME)}`. By default `$1` is the
day and `$2` the instant. The conditions alone are in `libs.common.temporal.believed`.
"""

from libs.common.temporal.believed import about, holds
from libs.organisations.statements import Facet
from services.registry.core.models import area_time, tie_time, timeline


def believed(row: str, *facets: Facet, subject: str = "o.id", day: str = "$1", known: str = "$2") -> str:
    """Join what is believed about facets of a body; about each of them where none is named."""
    facet = f"{about(row, *facets)} AND " if facets else ""
    joined = f"{row}.subject_id = {subject} AND {facet}{holds(row, day, known)}"
    return f"{timeline.beliefs} {row} ON {joined}"


def believed_link(row: str, *, subject: str = "t.id", day: str = "$1", known: str = "$2") -> str:
    """Join what is believed about a link: a row of `tie`."""
    return f"{tie_time.beliefs} {row} ON {row}.subject_id = {subject} AND {holds(row, day, known)}"


def believed_area(row: str, *, subject: str = "a.id", day: str = "$1", known: str = "$2") -> str:
    """Join what is believed about an area: the body that covers it."""
    return f"{area_time.beliefs} {row} ON {row}.subject_id = {subject} AND {holds(row, day, known)}"


def _only(expression: str, facet: Facet) -> str:
    return f"{expression} FILTER (WHERE {about('b', facet)})"


IN_ONE_LOOK = f"""{_only("max(b.value)", Facet.LIFE)} AS status,
              {_only("max(b.value)", Facet.NAME)} AS name,
              {_only("max(b.value)", Facet.PARENT)} AS parent,
              {_only("max(b.value)", Facet.KIND)} AS kind,
              {_only("max(b.value)", Facet.ADDRESS)} AS address,
              {_only("max(lower(b.valid))", Facet.LIFE)} AS since,
              {_only("max(upper(b.valid))", Facet.LIFE)} AS until"""
"""The columns of one body, from all rows `b` that are believed of it on the day: half the time of a join a facet."""
