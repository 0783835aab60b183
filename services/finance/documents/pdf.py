"""Writes a report as PDF/UA-1, the same bytes each time; for the process of a run alone."""

import json
from collections.abc import Callable
from math import floor
from pathlib import Path
from re import compile as pattern
from typing import Any

import typst

from services.finance.charts.marks import ReportChart
from services.finance.charts.svg import svg_of
from services.finance.documents.blocks import blocks_of
from services.finance.documents.jobs import DocumentJob

_TEMPLATE = Path(__file__).with_name("report.typ")
_SIZE = pattern(r'<svg[^>]* width="([0-9.]+)" height="([0-9.]+)"')
_WIDEST, _HIGHEST = 78, 55
"""Of a chart: its width in per cent of the line, and its height in per cent of it too, below its heading."""
_LATIN, _ASCII = 0x180, 0x80
_PUNCTUATION = "£‐–—‘’“”…"


def pdf_of(job: DocumentJob) -> bytes:
    """Return a report as a PDF: its charts with their text, then every figure under headings and in tables.

    A character that the package's fonts do not have is written as its number, since PDF/UA allows none without a shape.
    """
    page = {
        "title": job.title,
        "charts": [_drawn(chart) for chart in job.charts],
        "blocks": [block.model_dump(mode="json") for block in blocks_of(job.report)],
    }
    text = json.dumps(page, ensure_ascii=False)
    for written in (lambda each: each, _only_below(_LATIN)):
        try:
            return _compiled("".join(map(written, text)))
        except typst.TypstError as error:
            if "could not be displayed" not in str(error):
                raise
    return _compiled("".join(map(_only_below(_ASCII), text)))


def _drawn(chart: ReportChart) -> dict[str, Any]:
    """Return a chart with its width in per cent of the line: a page cuts off what is higher than the page is."""
    svg = svg_of(chart)
    width, height = map(float, _SIZE.findall(svg)[0])
    fits = floor(_HIGHEST * width / height)
    return {"title": chart.title, "svg": svg, "alternative": chart.alternative, "width": min(_WIDEST, fits)}


def _only_below(limit: int) -> Callable[[str], str]:
    def written(character: str) -> str:
        known = ord(character) < limit or character in _PUNCTUATION
        return character if known else f"[U+{ord(character):04X}]"

    return written


def _compiled(page: str) -> bytes:
    return bytes(
        typst.compile(
            _TEMPLATE.read_bytes(),
            format="pdf",
            sys_inputs={"report": page},
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            timestamp=0,
        )
    )
