"""Reads documents of reports back: the drawn text of a PDF and its charts, and the cells of a workbook."""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from re import compile as pattern
from typing import Any
from xml.etree import ElementTree as ET

import formulas
import openpyxl
import pypdf

from services.finance.charts.marks import ReportChart
from services.finance.charts.svg import svg_of
from services.finance.documents.jobs import DocumentJob, Format
from services.finance.documents.pdf import pdf_of
from services.finance.documents.workbook import workbook_of
from tests.support.report_pages import in_pounds, leaves

_DAY, _INSTANT, _SPACE = pattern(r"\d{4}-\d\d-\d\d"), pattern(r"\d{4}-\d\d-\d\dT.*"), pattern(r"\s+")
_BY_KEY = ("by_year", "benefits_by_type", "elsewhere")


def a_job(document: Mapping[str, Any], charts: Sequence[ReportChart] = (), **more: Any) -> DocumentJob:
    """A report to be written, as a PDF where not said otherwise."""
    fields = {"format": Format.PDF, "title": "A report", "name": "report"} | more
    return DocumentJob(report=dict(document), charts=tuple(charts), **fields)


def text_of_pdf(pdf: bytes) -> str:
    """All text that is drawn, without white space: lines break where they must."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return _SPACE.sub("", "".join(page.extract_text() for page in pages))


def assert_pdf_equals(document: Mapping[str, Any], charts: Sequence[ReportChart]) -> str:
    """Check that a report's PDF shows each figure of its JSON in order, and each chart its marks; return the text."""
    pdf = pdf_of(a_job(document, charts))
    text, position, figures = text_of_pdf(pdf), 0, dict(leaves(document))
    assert charts
    for chart in charts:
        drawn = texts_of_svg(svg_of(chart))
        for mark in chart.marks:
            shown = _read(figures, mark.pointer)
            assert mark.text == shown
            assert drawn.count(shown) >= sum(other.text == shown for other in chart.marks)
            position = max(position, text.index(_SPACE.sub("", shown)))
    for pointer in figures:
        shown = _SPACE.sub("", _read(figures, pointer))
        position = text.find(shown, position)
        assert position >= 0, f"{pointer}: {shown} does not follow"
        position += len(shown)
    return text


def texts_of_svg(svg: str) -> list[str]:
    """The text elements of a drawing."""
    found = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(each.itertext()) for each in found]


def cells_of(book: bytes, sheet: str) -> dict[str, Any]:
    """The values of a sheet's cells as a reader that computes nothing shows them."""
    found = openpyxl.load_workbook(io.BytesIO(book), data_only=True)[sheet]
    return {cell.coordinate: cell.value for row in found.iter_rows() for cell in row if cell.value is not None}


def row_of(book: bytes, sheet: str, column: str, text: str) -> int:
    """The number of the row that has a text in a column."""
    found = [
        int(at.removeprefix(column))
        for at, value in cells_of(book, sheet).items()
        if value == text and at.startswith(column)
    ]
    assert len(found) == 1, f"{text}: {found}"
    return found[0]


class Recalculation:
    """A workbook that is computed by another program's rules, with cells changed."""

    def __init__(self, book: bytes, folder: Path) -> None:
        """Read a workbook's formulas."""
        path = folder / "book.xlsx"
        path.write_bytes(book)
        self._model = formulas.ExcelModel().loads(str(path)).finish()

    def __call__(self, wanted: Sequence[str], **changed: Any) -> list[Any]:
        """Return the wanted cells, each as `Sheet!A1`, after changes such as `Inputs__G7=1`."""
        inputs = {_cell(name.replace("__", "!")): value for name, value in changed.items()}
        found = self._model.calculate(inputs=inputs, outputs=[_cell(each) for each in wanted])
        return [found[_cell(each)].value[0, 0] for each in wanted]


def _cell(name: str) -> str:
    sheet, _, cell = name.partition("!")
    return f"'[book.xlsx]{sheet.upper()}'!{cell}"


def assert_figures_are_listed(document: Mapping[str, Any]) -> bytes:
    """Check that a report's workbook lists each figure by its pointer; return the workbook."""
    job = a_job(document, format=Format.XLSX)
    book = workbook_of(job)
    assert workbook_of(job) == book
    cells = cells_of(book, "Figures")
    for row, (pointer, value) in enumerate(leaves(document), start=5):
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        assert cells[f"A{row}"] == pointer
        assert str(cells.get(f"B{row}")) == shown
        is_pence = pointer.endswith("_pence") or pointer.split("/")[-2] in _BY_KEY
        if is_pence and value is not None:
            assert round(cells[f"C{row}"] * 100) == value
    return book


def _read(figures: Mapping[str, Any], pointer: str) -> str:
    """A figure as people read it, by code that imports nothing of the services."""
    value, parts = figures[pointer], pointer.split("/")
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    name = parts[-2] if parts[-1].isdigit() and parts[-2].endswith("_pence") else parts[-1]
    is_pence = name == "pence" or name.endswith("_pence") or (len(parts) > 1 and parts[-2] in _BY_KEY)
    if pointer.endswith("/value") and str(value).isdigit():
        type_ = figures.get(f"{pointer.removesuffix('value')}type", "risk")
        return str(value) if type_ in ("risk", "realisation") else in_pounds(int(str(value)))
    if isinstance(value, int) and is_pence:
        return in_pounds(value)
    if isinstance(value, str) and _DAY.fullmatch(value):
        return f"{int(value[8:])} {date.fromisoformat(value):%B %Y}"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{int(value[8:10])} {date.fromisoformat(value[:10]):%B %Y} at"
    return str(value)
