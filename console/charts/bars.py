"""Bars lying down, with name and value beside each: from nothing, or each from where the one before it ended. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.charts.look import (
    LINE,
    NARROW,
    ONCE,
    WIDE,
    Chart,
    Spec,
    Tone,
    colour,
    field,
    framed,
    is_long,
    name_layers,
    named,
    printable,
    reach,
    text_layer,
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its value as a number for its length, and the value as it is shown."""

    name: str
    value: int
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand, in pixels: names from the left, bars between, values up to the right edge."""

    width: int
    step: int
    bars: tuple[int, int]
    name_limit: int
    text_rise: int = 0
    bar_fall: int = 0


_WIDE = _Layout(width=WIDE, step=34, bars=(226, 516), name_limit=250)
_NARROW = _Layout(width=NARROW, step=48, bars=(0, NARROW), name_limit=255, text_rise=-12, bar_fall=9)
_NARROW_LONG = _Layout(width=NARROW, step=64, bars=(0, NARROW), name_limit=255, text_rise=-14, bar_fall=15)
_THICK = 16


def bars(title: str, rows: Sequence[Bar]) -> Chart | None:
    """Return bars from nothing, in the order given; None without any."""
    return _chart(title, rows, [(0, row.value) for row in rows], joined=0)


def waterfall(title: str, steps: Sequence[Bar], totals: Sequence[Bar]) -> Chart | None:
    """Return steps, each from where the one before it ended, and below them totals from nothing; None without any."""
    spans, reached = [], 0
    for step in steps:
        spans.append((reached, reached + step.value))
        reached += step.value
    return _chart(title, [*steps, *totals], [*spans, *((0, total.value) for total in totals)], joined=len(steps))


def _chart(title: str, marks: Sequence[Bar], spans: Sequence[tuple[int, int]], *, joined: int) -> Chart | None:
    if not marks:
        return None
    last = len(marks) - 1
    rows = [_row(at, mark, span) for at, (mark, span) in enumerate(zip(marks, spans, strict=True))]
    joints = [{**row, "next": row["at"] + 1} for row in rows[: min(joined, last)]]
    narrow_layout = _NARROW_LONG if is_long(rows) else _NARROW
    between = reach([end for span in spans for end in span])
    wide, narrow = (_spec(layout, rows, joints, between) for layout in (_WIDE, narrow_layout))
    return Chart(wide=wide, narrow=narrow, marks=len(marks), says=f"{title}: {len(marks)} bars.")


def _row(at: int, mark: Bar, span: tuple[int, int]) -> Mapping[str, Any]:
    name = printable(mark.name)
    return {
        "at": at,
        **named(name),
        "text": mark.text,
        "described": f"{name}: {mark.text}",
        "colour": mark.tone.value,
        "low": min(span),
        "high": max(span),
        "end": span[1],
    }


def _spec(
    layout: _Layout,
    rows: Sequence[Mapping[str, Any]],
    joints: Sequence[Mapping[str, Any]],
    between: tuple[int, int],
) -> Spec:
    x = {
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": list(between), "range": list(layout.bars), "nice": False, "zero": False},
    }
    y = {"field": "at", "type": "ordinal", "axis": None}
    rule = {"type": "rule", "color": LINE, "aria": False}
    nothing: Spec = {"data": ONCE, "mark": rule, "encoding": {"x": {"datum": 0, **x}}}
    joined: Spec = {
        "data": {"values": list(joints)},
        "mark": {**rule, "yOffset": layout.bar_fall, "y2Offset": layout.bar_fall},
        "encoding": {"x": {"field": "end", **x}, "y": y, "y2": {"field": "next"}},
    }
    return framed(
        layout.width,
        {"step": layout.step},
        rows,
        nothing,
        *([joined] if joints else []),
        _lying(layout, x, y),
        *name_layers(y, layout.text_rise, layout.name_limit),
        text_layer({"x": {"value": layout.width}, "y": y, "text": field("text")}, align="right", dy=layout.text_rise),
    )


def _lying(layout: _Layout, x: Spec, y: Spec) -> Spec:
    """Return the layer of the bars themselves."""
    return {
        "mark": {"type": "bar", "height": _THICK, "yOffset": layout.bar_fall},
        "encoding": {
            "x": {"field": "low", **x},
            "x2": {"field": "high"},
            "y": y,
            "color": colour(),
            "description": field("described"),
        },
    }
