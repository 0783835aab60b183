"""Lines through days or years, each told apart by its dashes as well as its colour, and named at its end. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from console.charts.look import (
    LINE,
    NARROW,
    ONCE,
    WIDE,
    Chart,
    Spec,
    colour,
    field,
    framed,
    printable,
    reach,
    text_layer,
)


@dataclass(frozen=True, slots=True)
class Point:
    """A value on a day, or in a year by its name; a marked one is drawn larger and labelled, such as a best day."""

    at: date | str
    value: int
    text: str
    is_marked: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A named line through its points."""

    name: str
    points: Sequence[Point]


_LOOKS = (
    ("#330072", [1, 0]),
    ("#007f3b", [8, 4]),
    ("#b3261e", [2, 3]),
    ("#425563", [12, 3, 2, 3]),
    ("#8a5100", [5, 2]),
    ("#005a70", [1, 4]),
)
_HEIGHT = 280
_APART = 17
"""Pixels between two names at the ends of lines, at the least."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """The plot's width, the room for names at its right (0: they stand below), and the most labels of its axis."""

    plot: int
    name_limit: int
    ticks: int


_AXIS = 58
_WIDE = _Layout(plot=WIDE - _AXIS - 190, name_limit=182, ticks=6)
_NARROW = _Layout(plot=NARROW - _AXIS, name_limit=0, ticks=2)
_BELOW, _SAMPLE = 44, 30
"""Pixels from the plot to the first name below it, and the length of the line that stands before each."""


def lines(title: str, drawn: Sequence[Line], *, is_money: bool = True, order: Sequence[str] = ()) -> Chart | None:
    """Return the lines with one axis of values; None where no line has a point. Values are pence where it is money.

    `order` is that of years by name, where not every line has each of them.
    """
    ranked = {printable(name): number for number, name in enumerate(order)}
    kept = [line for line in drawn if line.points]
    if not kept:
        return None
    between = reach([point.value for line in kept for point in line.points])
    rows = [row for number, line in enumerate(kept) for row in _rows(number, line)]
    rows.sort(key=lambda row: ranked.get(row["x"], len(ranked)))
    wide, narrow = (_spec(layout, kept, rows, between, is_money=is_money) for layout in (_WIDE, _NARROW))
    marks = sum(len(line.points) for line in kept)
    ended = "; ".join(f"{printable(line.name)} from {_span(line)}" for line in kept)
    return Chart(wide=wide, narrow=narrow, marks=marks, says=f"{title}: {ended}.")


def _span(line: Line) -> str:
    return f"{line.points[0].text} to {line.points[-1].text}"


def _rows(number: int, line: Line) -> list[Mapping[str, Any]]:
    name = printable(line.name)
    tint, dash = _LOOKS[number % len(_LOOKS)]
    return [
        {
            "line": number,
            "x": _x(point.at),
            "value": point.value,
            "described": f"{name}, {_spoken(point.at)}: {point.text}",
            "colour": tint,
            "dash": dash,
            "size": 90 if point.is_marked else 24,
            "label": point.text if point.is_marked else "",
        }
        for point in line.points
    ]


def _x(at: date | str) -> str:
    return f"{at.isoformat()}T00:00:00Z" if isinstance(at, date) else printable(at)


def _spoken(at: date | str) -> str:
    return f"{at.day} {at:%B %Y}" if isinstance(at, date) else printable(at)


def _names(drawn: Sequence[Line], between: tuple[int, int]) -> list[Mapping[str, Any]]:
    """Return each line's name at its end, moved apart where two would stand on each other."""
    low, high = between
    apart = (high - low) * _APART / _HEIGHT
    found: list[Mapping[str, Any]] = []
    above = float("inf")
    ends = sorted(enumerate(drawn), key=lambda one: -one[1].points[-1].value)
    for number, line in ends:
        above = min(float(line.points[-1].value), above - apart)
        found.append({"x": _x(line.points[-1].at), "y": above, "name": printable(line.name), "colour": _tint(number)})
    return found


def _tint(number: int) -> str:
    return _LOOKS[number % len(_LOOKS)][0]


def _spec(
    layout: _Layout,
    drawn: Sequence[Line],
    rows: Sequence[Mapping[str, Any]],
    between: tuple[int, int],
    *,
    is_money: bool,
) -> Spec:
    in_days = rows[0]["x"].endswith("T00:00:00Z")
    x = {"field": "x", **(_days(layout) if in_days else _years(rows, layout))}
    y = {"type": "quantitative", "scale": {"domain": list(between), "nice": False}, "axis": _amounts(is_money=is_money)}
    apart = [_one_line(number, rows, x, y) for number in sorted({row["line"] for row in rows})]
    return framed(
        layout.plot,
        _HEIGHT,
        rows,
        {"data": ONCE, "mark": {"type": "rule", "color": LINE, "aria": False}, "encoding": {"y": {"datum": 0, **y}}},
        *apart,
        {
            "mark": {"type": "circle", "opacity": 1},
            "encoding": {
                "x": x,
                "y": {"field": "value", **y},
                "color": colour(),
                "size": {"field": "size", "type": "quantitative", "scale": None, "legend": None},
                "description": field("described"),
            },
        },
        *_labels(rows, between, x, y),
        *(_beside(layout, _names(drawn, between), x, y) if layout.name_limit else _below(drawn)),
    )


def _labels(rows: Sequence[Mapping[str, Any]], between: tuple[int, int], x: Spec, y: Spec) -> list[Spec]:
    """Return the values of marked points: within the plot and apart, so that none lies over the axis or another."""
    reached = [row["x"] for row in rows]
    in_days = reached[0].endswith("T00:00:00Z")
    first, last = (min(reached), max(reached)) if in_days else (reached[0], reached[-1])
    sides: dict[str, list[Mapping[str, Any]]] = {}
    for row in _apart([row for row in rows if row["label"]], between):
        side = "left" if row["x"] == first else "right" if row["x"] == last else "center"
        sides.setdefault(side, []).append(row)
    return [
        {
            "data": {"values": found},
            **text_layer({"x": x, "y": {"field": "y", **y}, "text": field("label")}, align=side, dy=-14),
        }
        for side, found in sides.items()
    ]


def _apart(marked: Sequence[Mapping[str, Any]], between: tuple[int, int]) -> list[Mapping[str, Any]]:
    """Return labels each once, and above the one below it where two points of a day lie close."""
    step = (between[1] - between[0]) / _HEIGHT * _APART
    reached: dict[str, tuple[str, float]] = {}
    found: list[Mapping[str, Any]] = []
    for row in sorted(marked, key=lambda row: int(row["value"])):
        label, below = reached.get(row["x"], ("", float("-inf")))
        if row["label"] == label:
            continue
        y = max(row["value"], below + step)
        reached[row["x"]] = (row["label"], y)
        found.append({"x": row["x"], "label": row["label"], "y": y})
    return found


def _beside(layout: _Layout, names: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> list[Spec]:
    """Return the names at the ends of their lines."""
    named = text_layer(
        {"x": x, "y": {"field": "y", **y}, "text": field("name"), "color": colour()},
        align="left",
        dx=8,
        limit=layout.name_limit,
    )
    return [{"data": {"values": list(names)}, **named}]


def _below(drawn: Sequence[Line]) -> list[Spec]:
    """Return the names below the plot, each after a piece of its line."""
    found: list[Spec] = []
    for number, line in enumerate(drawn):
        tint, dash = _LOOKS[number % len(_LOOKS)]
        y = {"value": _HEIGHT + _BELOW + 22 * number}
        piece = {"type": "rule", "color": tint, "strokeDash": dash, "strokeWidth": 2, "aria": False}
        named = {"name": printable(line.name)}
        found.append({"data": ONCE, "mark": piece, "encoding": {"x": {"value": 0}, "x2": {"value": _SAMPLE}, "y": y}})
        text = text_layer({"x": {"value": _SAMPLE + 8}, "y": y, "text": field("name")}, align="left", limit=NARROW - 90)
        found.append({"data": {"values": [named]}, **text})
    return found


def _one_line(number: int, rows: Sequence[Mapping[str, Any]], x: Spec, y: Spec) -> Spec:
    """Return one line as a layer of its own: dashes by a field would bring a second legend."""
    tint, dash = _LOOKS[number % len(_LOOKS)]
    return {
        "data": {"values": [row for row in rows if row["line"] == number]},
        "mark": {"type": "line", "color": tint, "strokeDash": dash, "strokeWidth": 2, "aria": False},
        "encoding": {"x": x, "y": {"field": "value", **y}},
    }


def _days(layout: _Layout) -> Mapping[str, Any]:
    # By UTC, not by the clock of the machine that draws it, so that it is the same everywhere.
    axis = {
        "format": "%b %Y",
        "tickCount": layout.ticks,
        "labelOverlap": "greedy",
        "labelFlush": True,
        "labelPadding": 8,
    }
    return {"type": "temporal", "scale": {"type": "utc"}, "axis": axis}


def _years(rows: Sequence[Mapping[str, Any]], layout: _Layout) -> Mapping[str, Any]:
    seen = list(dict.fromkeys(row["x"] for row in rows))
    shown = seen if len(seen) <= layout.ticks else [seen[0], seen[-1]]
    axis = {"labelAngle": 0, "labelPadding": 8, "values": shown, "labelOverlap": "greedy"}
    return {"type": "ordinal", "sort": seen, "scale": {"type": "point", "padding": 0.3}, "axis": axis}


def _amounts(*, is_money: bool) -> Mapping[str, Any]:
    pounds = "(datum.value < 0 ? '−' : '') + '£' + " + _short("abs(datum.value) / 100")
    return {
        "labelExpr": pounds if is_money else _short("datum.value"),
        "tickCount": 5,
        "grid": True,
        "gridColor": "#e8edee",
        "labelPadding": 8,
    }


def _short(value: str) -> str:
    """Return an expression for three figures with the words of money: 1.5m, 200k, 2bn."""
    return f"replace(replace(format({value}, '.3~s'), 'M', 'm'), 'G', 'bn')"
