"""A calendar: a row a day that matters, by day, on one line of months; narrow, a list by month. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from console.charts.look import (
    LINE,
    NARROW,
    WIDE,
    Chart,
    Spec,
    Tone,
    colour,
    field,
    framed,
    printable,
    text_layer,
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, what is on it (such as "Last day for notice"), and of what."""

    on: date
    name: str
    what: str = ""
    tone: Tone = Tone.PLAIN

    @property
    def text(self) -> str:
        """The day as the NHS writes it."""
        return f"{self.on.day} {self.on:%B %Y}"

    @property
    def described(self) -> str:
        """The mark in words."""
        what = f", {printable(self.what)}" if self.what else ""
        return f"{printable(self.name)}{what}: {self.text}"


_STEP, _NARROW_STEP = 30, 44
_DAYS = (310, 510)
_NAME_LIMIT = 330
_FIRST_LINE, _SECOND_LINE = -9, 9


def calendar(title: str, days: Sequence[Day]) -> Chart | None:
    """Return the days, the first one first; None without any."""
    if not days:
        return None
    ordered = sorted(days, key=lambda one: (one.on, one.name))
    says = f"{title}: {len(ordered)} days, from {ordered[0].text} to {ordered[-1].text}."
    return Chart(wide=_wide(ordered), narrow=_narrow(ordered), marks=len(ordered), says=says)


def _wide(days: Sequence[Day]) -> Spec:
    rows = [
        {
            "at": at,
            "name": _titled(day),
            "text": day.text,
            "described": day.described,
            "colour": day.tone.value,
            "day": f"{day.on.isoformat()}T00:00:00Z",
        }
        for at, day in enumerate(days)
    ]
    x = {
        "field": "day",
        "type": "temporal",
        "scale": {"type": "utc", "range": list(_DAYS), "nice": False},
        "axis": {
            "orient": "top",
            "format": "%b %Y",
            "tickCount": 3,
            "labelOverlap": "greedy",
            "grid": True,
            "gridColor": "#e8edee",
        },
    }
    y = {"field": "at", "type": "ordinal", "axis": None}
    return framed(
        WIDE,
        {"step": _STEP},
        rows,
        {
            "mark": {"type": "circle", "size": 110, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": colour(), "description": field("described")},
        },
        text_layer({"x": {"value": 0}, "y": y, "text": field("name")}, align="left", limit=_NAME_LIMIT),
        text_layer({"x": {"value": WIDE}, "y": y, "text": field("text")}, align="right"),
    )


def _titled(day: Day) -> str:
    return printable(f"{day.name}, {day.what}" if day.what else day.name)


def _narrow(days: Sequence[Day]) -> Spec:
    rows = _listed(days)
    marks = [row for row in rows if row["colour"]]
    months: Sequence[Mapping[str, Any]] = [row for row in rows if not row["colour"]]
    y = {"field": "at", "type": "ordinal", "axis": None}
    indent = {"value": 52}
    listed = (
        text_layer({"x": {"value": 42}, "y": y, "text": field("number")}, align="right", dy=_FIRST_LINE),
        text_layer({"x": indent, "y": y, "text": field("name")}, align="left", limit=NARROW - 20, dy=_FIRST_LINE),
        text_layer({"x": indent, "y": y, "text": field("what")}, align="left", limit=NARROW - 20, dy=_SECOND_LINE),
    )
    headed = (
        {
            "mark": {"type": "rule", "color": LINE, "aria": False, "yOffset": 14},
            "encoding": {"x": {"value": 0}, "x2": {"value": NARROW}, "y": y},
        },
        text_layer({"x": {"value": 0}, "y": y, "text": field("name")}, align="left", fontWeight="bold"),
    )
    dots = {
        "mark": {"type": "circle", "size": 90, "opacity": 1, "yOffset": _FIRST_LINE},
        "encoding": {"x": {"value": 6}, "y": y, "color": colour(), "description": field("described")},
    }
    return framed(
        NARROW,
        {"step": _NARROW_STEP},
        rows,
        *({"data": {"values": marks}, **layer} for layer in (dots, *listed)),
        *({"data": {"values": months}, **layer} for layer in headed),
    )


def _listed(days: Sequence[Day]) -> list[Mapping[str, Any]]:
    """Return a row for each month, and below it one for each of its days."""
    rows: list[Mapping[str, Any]] = []
    month = ""
    for day in days:
        if (named := f"{day.on:%B %Y}") != month:
            month = named
            rows.append({"at": len(rows), "name": month, "what": "", "number": "", "described": "", "colour": ""})
        rows.append(
            {
                "at": len(rows),
                "name": printable(day.name),
                "what": printable(day.what),
                "number": str(day.on.day),
                "described": day.described,
                "colour": day.tone.value,
            }
        )
    return rows
