"""Turns a report into a page of HTML; each figure is the document's own, with its JSON pointer. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from re import compile as pattern
from typing import Any, Final
from urllib.parse import quote

from services.finance.charts.marks import ChartForm, Mark, ReportChart
from services.finance.charts.texts import BY_KEY, PENCE, text_in_row, text_of, words_of

_NEGATIVE: Final = pattern(r"-(0|[1-9][0-9]*)(\.[0-9]+)?")

_STYLE = (
    "body{font-family:sans-serif;margin:1.5em auto;max-width:70em;padding:0 1em;line-height:1.4}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;margin:.5em 0}caption{text-align:left}"
    "td,th{border:1px solid #767676;padding:.3em .6em;text-align:left;vertical-align:top}"
    "h1,h2,h3,h4,h5,h6{margin:1em 0 .3em}p{margin:.2em 0}data{overflow-wrap:anywhere}"
    "@media print{body{max-width:none;margin:0}.wide{overflow:visible}tr{break-inside:avoid}"
    "h2,h3,h4{break-after:avoid}}"
    ".chart{width:100%}.chart th,.chart td{border:0;padding:.1em .4em}.chart th{width:35%;font-weight:normal}"
    ".chart svg{display:block;width:100%;height:1em}.chart td+td{width:1%;white-space:nowrap;text-align:right}"
)


def as_html(title: str, document: Mapping[str, Any], charts: Iterable[ReportChart]) -> str:
    """Return a document with its charts as a page without scripts, for a phone and for paper.

    A table for each list of records, a list of terms for the rest. Each figure stands in a `data` element: its value
    is that of the JSON, its `id` the JSON pointer, its text what people read. Each mark of a chart is a link to it.
    """
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>"
    )
    body = f"<h1>{escape(title)}</h1>{''.join(map(_chart, charts))}{_block(document, 2, '')}"
    return f"{head}{body}</main></body></html>"


def value_text(value: Any) -> str:
    """Return a value as the `data` elements and the cells of tables have it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def cell_value(value: Any) -> Any:
    """Return a value for a cell of a table, which quotes text that looks like a formula: a number in text is none."""
    if isinstance(value, float):
        value = str(value)
    return Decimal(value) if isinstance(value, str) and _NEGATIVE.fullmatch(value) else value


def _block(value: Any, depth: int, pointer: str, name: str = "") -> str:
    match value:
        case Mapping():
            unit = f"_{PENCE}" if name in BY_KEY else ""
            return "".join(_entry(f"{key}{unit}", each, depth, _below(pointer, key)) for key, each in value.items())
        case list() if value and all(isinstance(each, Mapping) for each in value):
            return _table(value, pointer) if all(_is_flat(each) for each in value) else _blocks(value, depth, pointer)
        case list() if value:
            items = (f"<li>{_figure(name, each, f'{pointer}/{number}')}</li>" for number, each in enumerate(value))
            return f"<ul>{''.join(items)}</ul>"
        case list():
            return "<p>none</p>"
        case _:
            return f"<p>{_figure(name, value, pointer)}</p>"


def _entry(name: str, value: Any, depth: int, pointer: str) -> str:
    if isinstance(value, Mapping | list):
        level = min(depth, 6)
        return f"<h{level}>{escape(words_of(name))}</h{level}>{_block(value, depth + 1, pointer, name)}"
    return f"<p><b>{escape(words_of(name))}</b>: {_figure(name, value, pointer)}</p>"


def _blocks(values: Sequence[Any], depth: int, pointer: str) -> str:
    several = enumerate(values)
    return "".join(f"<section>{_block(each, depth, f'{pointer}/{number}')}</section>" for number, each in several)


def _table(rows: Sequence[Any], pointer: str) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    header = "".join(f'<th scope="col">{escape(words_of(name))}</th>' for name in names)
    body = "".join(
        f"<tr>{''.join(_cell(row, name, f'{pointer}/{number}') for name in names)}</tr>"
        for number, row in enumerate(rows)
    )
    return f'<div class="wide"><table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(row: Mapping[str, Any], name: str, pointer: str) -> str:
    if name not in row:
        return "<td></td>"
    return f"<td>{_data(row[name], _below(pointer, name), text_in_row(row, name))}</td>"


def _below(pointer: str, key: str) -> str:
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def _is_flat(row: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, Mapping | list) for value in row.values())


def _figure(name: str, value: Any, pointer: str) -> str:
    return _data(value, pointer, text_of(name, value))


def _data(value: Any, pointer: str, text: str) -> str:
    return f'<data id="{escape(pointer)}" value="{escape(value_text(value))}">{escape(text)}</data>'


def _chart(chart: ReportChart) -> str:
    """Return a chart as a table: a row for each mark, whose bar stands beside its value."""
    is_calendar = chart.form is ChartForm.CALENDAR
    ends = [[_day(mark)] if is_calendar else [mark.start, mark.end] for mark in chart.marks]
    several = [end for each in ends for end in each] + ([] if is_calendar else [0])
    low, high = min(several), max(several)
    parts = ([_part(end - low, high - low) for end in each] for each in ends)
    rows = "".join(_mark(mark, each) for mark, each in zip(chart.marks, parts, strict=True))
    return f'<h2>{escape(chart.title)}</h2><table class="chart"><tbody>{rows}</tbody></table>'


_THINNEST = Decimal("0.4")
"""The width of a bar without a length, in per cent."""


def _mark(mark: Mark, parts: list[Decimal]) -> str:
    first, width = min(parts), max(max(parts) - min(parts), _THINNEST)
    bar = f'<svg aria-hidden="true"><rect x="{first:.2f}%" width="{width:.2f}%" height="100%" fill="#005eb8"/></svg>'
    link = f'<a href="#{quote(mark.pointer, safe="/~")}">{escape(mark.text)}</a>'
    return f'<tr><th scope="row">{escape(mark.name)}</th><td>{bar}</td><td>{link}</td></tr>'


def _day(mark: Mark) -> int:
    return 0 if mark.day is None else mark.day.toordinal()


def _part(length: int, whole: int) -> Decimal:
    """Return a length in per cent of the whole, which leaves room for the thinnest bar."""
    return Decimal(99 * length) / whole if whole else Decimal(0)
