"""A tornado: how far each input moves a result, the widest first, from what the result is as stated. Pure."""

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
    name_layers,
    named,
    printable,
    reach,
    text_layer,
)


@dataclass(frozen=True, slots=True)
class Swing:
    """One input: the result with it lower and higher, as numbers and as shown."""

    name: str
    lower: int
    lower_text: str
    higher: int
    higher_text: str


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand, in pixels; below the bar stand the two values where there is no room beside it."""

    width: int
    step: int
    bars: tuple[int, int]
    values: tuple[int, int]
    name_limit: int
    name_rise: int = 0
    value_fall: int = 0


_WIDE = _Layout(width=WIDE, step=34, bars=(336, 540), values=(328, WIDE), name_limit=250)
_NARROW = _Layout(
    width=NARROW, step=76, bars=(0, NARROW), values=(0, NARROW), name_limit=NARROW, name_rise=-24, value_fall=22
)
_THICK = 16
_LOWER, _HIGHER = Tone.OTHER, Tone.PLAIN


def tornado(title: str, stated: int, swings: Sequence[Swing]) -> Chart | None:
    """Return the swings around the result as stated, in the order given; None without any.

    Grey is the input lower, violet the input higher; the table beneath says the same.
    """
    if not swings:
        return None
    ends = [_of_ends(swing) for swing in swings]
    rows = [row for at, swing in enumerate(swings) for row in _rows(at, swing, stated, ends[at])]
    values = [stated, *(value for swing in swings for value in (swing.lower, swing.higher))]
    # Not from nothing: what is seen is the distance from the result as stated.
    between = (min(values), max(values)) if min(values) < max(values) else reach(values)
    wide, narrow = (_spec(layout, rows, between, stated) for layout in (_WIDE, _NARROW))
    return Chart(wide=wide, narrow=narrow, marks=2 * len(swings), says=f"{title}: {len(swings)} inputs.")


def _of_ends(swing: Swing) -> tuple[str, str]:
    """Return the values in the order in which the bar shows them, from the left."""
    pair = (swing.lower, swing.lower_text), (swing.higher, swing.higher_text)
    left, right = sorted(pair, key=lambda one: one[0])
    return left[1], right[1]


def _rows(at: int, swing: Swing, stated: int, ends: tuple[str, str]) -> list[Mapping[str, Any]]:
    name = printable(swing.name)
    sides = (
        (swing.lower, swing.lower_text, "lower", _LOWER),
        (swing.higher, swing.higher_text, "higher", _HIGHER),
    )
    return [
        {
            "at": at,
            # Name and values once a swing: its second row has none.
            **named("" if number else name),
            "left": "" if number else ends[0],
            "right": "" if number else ends[1],
            "described": f"{name} {way}: {text}",
            "colour": tone.value,
            "low": min(stated, value),
            "high": max(stated, value),
        }
        for number, (value, text, way, tone) in enumerate(sides)
    ]


def _spec(layout: _Layout, rows: Sequence[Mapping[str, Any]], between: tuple[int, int], stated: int) -> Spec:
    x = {
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": list(between), "range": list(layout.bars), "nice": False, "zero": False},
    }
    y = {"field": "at", "type": "ordinal", "axis": None}
    beside = not layout.value_fall
    left, right = layout.values
    return framed(
        layout.width,
        {"step": layout.step},
        rows,
        {
            "mark": {"type": "bar", "height": _THICK},
            "encoding": {
                "x": {"field": "low", **x},
                "x2": {"field": "high"},
                "y": y,
                "color": colour(),
                "description": field("described"),
            },
        },
        {
            "data": ONCE,
            "mark": {"type": "rule", "color": LINE, "aria": False},
            "encoding": {"x": {"datum": stated, **x}},
        },
        *name_layers(y, layout.name_rise, layout.name_limit),
        text_layer(
            {"x": {"value": left}, "y": y, "text": field("left")},
            align="right" if beside else "left",
            dy=layout.value_fall,
        ),
        text_layer({"x": {"value": right}, "y": y, "text": field("right")}, align="right", dy=layout.value_fall),
    )
