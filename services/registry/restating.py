"""Figures onto the bodies of another day: the crosswalk of each of their days, read and applied."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from libs.common.database.connection import Reads
from services.registry.crosswalk import Days, Row
from services.registry.crosswalk_tables import Line, Question, System, lines
from services.registry.restatement import Figure, Restatement, restate


async def restate_figures(
    db: Reads, figures: Sequence[Figure], *, to_day: date, as_known: datetime | None, system: System
) -> Restatement:
    """Restate figures, each of its own day, onto the bodies of one day, as known at an instant."""
    by_day: dict[date, set[str]] = defaultdict(set)
    for figure in figures:
        by_day[figure.day].add(figure.code)
    rows: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for day, codes in by_day.items():
        async for part in lines(db, Question(Days(day, to_day, as_known), codes, system=system)):
            for line in part:
                rows[line.asked, day].append(_row(line))
    return restate(figures, rows)


def _row(line: Line) -> Row:
    """Return the row with the codes of the system that was asked for."""
    row = line.row
    return Row(line.asked, line.to_code, row.share, row.share_of_to, line.reason, line.because)
