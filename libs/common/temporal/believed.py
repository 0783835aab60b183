"""SQL conditions on the rows of a timeline: what is believed on a day, as known at an instant, about which facets.

Each function takes the alias of a row and gives the text of a condition. Days and instants are named by their
argument in the statement (`$1`) or by a column.
"""

from typing import Final

NOW: Final = "now"
"""In place of an instant: by what is known now."""
ALL_DAYS: Final = "all days"
"""In place of a day: on whatever day it holds."""


def on_day(row: str, day: str = "$1") -> str:
    """Ask that the row holds on a day."""
    return f"({row}.valid @> {day}::date) IS TRUE"


def as_known(row: str, known: str = "$2") -> str:
    """Ask that the row was believed at an instant; any row with a span `known` has this condition, successions too."""
    return f"upper_inf({row}.known)" if known == NOW else f"({row}.known @> {known}::timestamptz) IS TRUE"


def holds(row: str, day: str = "$1", known: str = "$2") -> str:
    """Ask that the row holds on a day, as known at an instant.

    IS TRUE keeps the planner from the index of the exclusion constraint. By day and instant alone that index goes
    through every belief about the day, where the index of subject and facet leads to the few about one subject.
    Seen in November 2026 on PostgreSQL 18; look again when the constraint or the version changes.
    """
    return as_known(row, known) if day == ALL_DAYS else f"{on_day(row, day)} AND {as_known(row, known)}"


def about(row: str, *facets: int) -> str:
    """Ask that the row, a belief or a statement, is about one of these facets."""
    if len(facets) == 1:
        return f"{row}.facet = {facets[0]:d}"
    return f"{row}.facet IN ({', '.join(f'{facet:d}' for facet in facets)})"
