"""The charts of the pages of contracts, from the figures that the services gave."""

from collections.abc import Sequence
from datetime import date

from console.charts.bars import Bar, bars
from console.charts.calendar import Day, calendar
from console.charts.lines import Line, Point, lines
from console.charts.look import Chart, Tone
from console.contracts.shaping import ExitDay, Json, day_words, lens_words
from console.core.words import month, pounds

DRAWN_DAYS = 24
"""Days in the drawing of a calendar; the list below it has all."""
DRAWN_MONTHS = 24
"""Months in the drawing of payments, the last ones; the table below it has all."""


def calendar_chart(entries: Sequence[Json]) -> Chart | None:
    """Draw the notice days and ends of contracts, the first in front."""
    days = [
        Day(
            date.fromisoformat(one["on"]),
            day_words(one),
            one["contract"],
            Tone.BAD if one["kind"] == "notice" else Tone.OTHER,
        )
        for one in entries[:DRAWN_DAYS]
    ]
    return calendar("Notice days and ends", days)


def costs_chart(days: Sequence[ExitDay]) -> Chart | None:
    """Draw the present cost of each exit day, a line a lens, the best open day of each marked."""
    drawn: dict[str, list[Point]] = {}
    for one in days:
        for cost in one.costs:
            if cost.pence is not None:
                at, text = date.fromisoformat(one.exit_on), pounds(cost.pence, 0)
                drawn.setdefault(cost.lens, []).append(Point(at, cost.pence, text, cost.is_best))
    return lines("Present cost by exit day", [Line(lens_words(lens), points) for lens, points in drawn.items()])


def spend_chart(months: Sequence[Json]) -> Chart | None:
    """Draw what was paid month by month, the last months."""
    rows = [
        Bar(month(one["key"]), one["figures"]["amount_pence"], pounds(one["figures"]["amount_pence"], 0))
        for one in months[-DRAWN_MONTHS:]
    ]
    return bars("Payments by month", rows)
