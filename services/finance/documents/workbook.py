"""Writes a report as a workbook: its sheets with live formulas, then every figure of the JSON by its pointer."""

from typing import Any

from services.finance.charts.texts import is_pence_at
from services.finance.documents.case_sheets import add_case
from services.finance.documents.exit_sheets import add_exits
from services.finance.documents.jobs import DocumentJob
from services.finance.documents.sheets import Book, Sheet
from services.finance.documents.sum_sheets import add_plan, add_savings
from services.finance.figures.rules import figures_of


def workbook_of(job: DocumentJob) -> bytes:
    """Return a report as XLSX, the same bytes each time; for the process of a run alone."""
    book = Book(job.title)
    if job.case is not None:
        add_case(book, job.case, job.report)
    if job.exits is not None:
        add_exits(book, job.exits, job.report)
    if "run" in job.report:
        add_plan(book, job.report)
    if "statement" in job.report:
        add_savings(book, job.report)
    _add_figures(book, job)
    return book.written()


def _add_figures(book: Book, job: DocumentJob) -> None:
    sheet = book.sheet("Figures", f"{job.title}: every figure of the report", widths=(70, 40, 20), frozen=(4, 0))
    sheet.header(3, ("JSON pointer", "Value as in the JSON", "In pounds"))
    for row, (pointer, value) in enumerate(figures_of(job.report), start=4):
        sheet.text(row, 0, pointer)
        _write_value(sheet, row, pointer, value)


def _write_value(sheet: Sheet, row: int, pointer: str, value: Any) -> None:
    if isinstance(value, bool):
        sheet.text(row, 1, str(value).lower())
    elif isinstance(value, int):
        sheet.number(row, 1, value)
        if is_pence_at(pointer):
            sheet.pounds(row, 2, value)
    elif value is not None:
        sheet.text(row, 1, str(value))
