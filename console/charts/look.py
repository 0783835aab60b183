"""What all charts have in common: colours, type, widths, and the frame of a specification. Pure."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Spec = Mapping[str, Any]
"""A chart in the grammar of Vega-Lite."""

WIDE: Final = 640
NARROW: Final = 288
"""Pixels: the second is what a page has at 320."""
MOST_MARKS: Final = 40
"""A chart with more is read out as one picture with a sentence, since the table beneath says each value."""

TEXT: Final = "#212b32"
LINE: Final = "#768692"
ONCE: Final[Mapping[str, Any]] = {"values": [{}]}
"""The data of a layer that is drawn once, and not for each row."""
SIZE: Final = 14

_LINE_LENGTH, _HALF_LINE = 28, 8
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the grammar; nothing is fetched from there."""


class Tone(StrEnum):
    """What a mark's colour says; its label and the sign of its value say it too."""

    PLAIN = "#330072"
    OTHER = "#768692"
    TOTAL = "#425563"
    GOOD = "#007f3b"
    BAD = "#b3261e"


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart in its two widths, how many marks it has, and what it shows in a sentence."""

    wide: Spec
    narrow: Spec
    marks: int
    says: str


def framed(width: int, height: int | Mapping[str, int], rows: Sequence[Mapping[str, Any]], *layers: Spec) -> Spec:
    """Return a specification of these rows and layers, with the look of all charts."""
    return {
        "$schema": _SCHEMA,
        "background": None,
        "padding": 2,
        "width": width,
        "height": height,
        "config": {
            "font": "Arial",
            "text": {"font": "Arial", "fontSize": SIZE, "color": TEXT},
            "view": {"stroke": None, "fill": None},
            "axis": {
                "labelFont": "Arial",
                "labelFontSize": SIZE,
                "labelColor": TEXT,
                "grid": False,
                "domain": False,
                "ticks": False,
                "title": None,
            },
        },
        "data": {"values": list(rows)},
        "layer": list(layers),
    }


def text_layer(encoding: Mapping[str, Any], **mark: Any) -> Spec:
    """Return a layer of text, which is not read out: the marks are."""
    return {"mark": {"type": "text", "baseline": "middle", "aria": False, **mark}, "encoding": dict(encoding)}


def field(name: str) -> Mapping[str, Any]:
    """Return the channel that shows a text of each row."""
    return {"field": name, "type": "nominal"}


def colour(name: str = "colour") -> Mapping[str, Any]:
    """Return the channel whose colour each row states."""
    return {"field": name, "type": "nominal", "scale": None, "legend": None}


def reach(values: Sequence[int]) -> tuple[int, int]:
    """Return the least and the most of what is shown, nothing included, never both the same."""
    low, high = min(0, *values), max(0, *values)
    return (low, high) if low < high else (0, 1)


def named(name: str) -> Mapping[str, str]:
    """Return the fields of a row for its name: on one line, or on two where it is long."""
    first, *rest = textwrap.wrap(
        printable(name), _LINE_LENGTH, break_on_hyphens=False, max_lines=2, placeholder=" …"
    ) or [""]
    return {"one": "", "upper": first, "lower": rest[0]} if rest else {"one": first, "upper": "", "lower": ""}


def is_long(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether any of the names stands on two lines."""
    return any(row["lower"] for row in rows)


def name_layers(y: Mapping[str, Any], rise: int, limit: int) -> list[Spec]:
    """Return the layers of names at the left, around this rise."""
    lines = (("one", rise), ("upper", rise - _HALF_LINE), ("lower", rise + _HALF_LINE))
    return [
        text_layer({"x": {"value": 0}, "y": y, "text": field(line)}, align="left", limit=limit, dy=dy)
        for line, dy in lines
    ]


def printable(text: str) -> str:
    """Return a text without characters that control a terminal or a page: each becomes a space."""
    return "".join(c if c.isprintable() else " " for c in text)
