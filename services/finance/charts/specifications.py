"""A chart in the grammar of Vega-Lite 5: no axis of amounts, because each mark is labelled with its own. Pure."""

from typing import Any

from services.finance.charts.marks import ChartForm, Mark, ReportChart

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
"""Names the grammar; nothing is fetched from there."""
_WIDTH, _STEP, _GAP = 420, 16, 6
_FONT = "Libertinus Serif"
# Dark enough on white (4.5:1), and told apart without colour by their labels.
_COLOURS = ("#005eb8", "#8a1538", "#00664f", "#7c5800", "#425563", "#330072")


def specification(chart: ReportChart) -> dict[str, Any]:
    """Return a chart's specification, with its marks as values."""
    return {
        "$schema": _SCHEMA,
        "background": "white",
        "config": {"font": _FONT, "view": {"stroke": None}, "axis": {"grid": False, "domain": False, "ticks": False}},
        "width": _WIDTH,
        "height": {"step": _STEP},
        "data": {"values": [_row(number, mark) for number, mark in enumerate(chart.marks)]},
        "encoding": {"y": _rows(chart)},
        "layer": _days() if chart.form is ChartForm.CALENDAR else _amounts(),
    }


def _row(number: int, mark: Mark) -> dict[str, Any]:
    """Return a mark as Vega has it; amounts are for lengths alone, the label is the figure."""
    low, high = min(mark.start, mark.end), max(mark.start, mark.end)
    return {
        "row": f"{number:04d}",
        "series": mark.series,
        "text": mark.text,
        "low": low,
        "high": high,
        "day": None if mark.day is None else f"{mark.day.isoformat()}T00:00:00Z",
    }


def _rows(chart: ReportChart) -> dict[str, Any]:
    names = [mark.name for mark in chart.marks]
    # Rows go by number, since two marks may have one name; the axis shows the names.
    shown = "{" + ", ".join(f"'{number:04d}': {_quoted(name)}" for number, name in enumerate(names)) + "}[datum.value]"
    return {
        "field": "row",
        "type": "ordinal",
        "sort": None,
        "title": None,
        "axis": {"labelExpr": shown, "labelLimit": 260},
    }


def _quoted(text: str) -> str:
    """Return a text as a string of Vega's expressions, in which nothing of it can end the string."""
    return "'" + "".join(c if c.isalnum() or c in " .,:;()%/&-" else f"\\u{ord(c):04x}" for c in _plane(text)) + "'"


def _plane(text: str) -> str:
    return "".join(c if ord(c) <= 0xFFFF else "?" for c in text)


def _amounts() -> list[dict[str, Any]]:
    amount = {"type": "quantitative", "axis": None}
    colour = {"field": "series", "type": "nominal", "legend": None, "scale": {"range": list(_COLOURS)}}
    reach = {"field": "high", **amount}
    return [
        {
            "mark": {"type": "bar", "size": 12},
            "encoding": {"x": {"field": "low", **amount}, "x2": {"field": "high"}, "color": colour},
        },
        {
            "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 4},
            "encoding": {"x": reach, "text": {"field": "text", "type": "nominal"}},
        },
        {"mark": {"type": "rule", "color": "#425563"}, "encoding": {"x": {"datum": 0, **amount}, "y": None}},
    ]


def _days() -> list[dict[str, Any]]:
    # By UTC, not by the clock of the machine that draws it, so that it is the same everywhere.
    day = {"field": "day", "type": "temporal", "axis": None, "scale": {"type": "utc"}}
    colour = {"field": "series", "type": "nominal", "legend": None, "scale": {"range": list(_COLOURS)}}
    return [
        {"mark": {"type": "point", "filled": True, "size": 60}, "encoding": {"x": day, "color": colour}},
        {
            "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 7},
            "encoding": {"x": day, "text": {"field": "text", "type": "nominal"}},
        },
    ]
