"""The sheets of a plan and of a statement of savings: the amounts that its sums are made of, by live formulas."""

from collections.abc import Mapping, Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from services.finance.charts.texts import words_of
from services.finance.documents.sheets import Book

TOP = 4
"""The first row below the headings of each sheet."""


def add_plan(book: Book, report: Mapping[str, Any]) -> None:
    """Add what a plan is worth, as the sum of its items."""
    if (plan := report["run"]["plan"]) is not None and plan["value_pence"] is not None:
        rows = [(item["item"], item["year"] or "never", item) for item in plan["items"]]
        totals = {"value_pence": plan["value_pence"]}
        _add_sums(book, "Plan", f"{report['title']}: what the plan is worth", ("Item", "Year"), rows, totals)


def add_savings(book: Book, report: Mapping[str, Any]) -> None:
    """Add what an initiative saves, as the sum of its savings by body, function and year."""
    statement = report["statement"]
    rows = [
        (f"{saving['organisation']} {saving['function']}", saving["financial_year"], saving)
        for saving in statement["savings"]
    ]
    names = ("forecast_pence", "contracted_pence", "realised_pence")
    totals = {name: statement[name] for name in names}
    _add_sums(book, "Savings", f"Savings of {statement['initiative']}", ("Saving", "Year"), rows, totals)


def _add_sums(
    book: Book,
    name: str,
    title: str,
    labels: Sequence[str],
    rows: Sequence[tuple[str, str, Mapping[str, Any]]],
    totals: Mapping[str, int],
) -> None:
    """Add a sheet of amounts with their sums, and below each sum the one of the report and the difference."""
    sheet = book.sheet(name, title, widths=(40, 14, *(22 for _ in totals)), frozen=(TOP, 2))
    sheet.text(1, 0, "Change a yellow cell: the sums follow.")
    sheet.header(TOP - 1, [*labels, *(words_of(total).capitalize() for total in totals)])
    for row, (label, year, amounts) in enumerate(rows, start=TOP):
        sheet.text(row, 0, label)
        sheet.text(row, 1, year)
        for column, total in enumerate(totals, start=2):
            if amounts[total] is not None:
                sheet.pounds(row, column, amounts[total], given=True)
    end = TOP + len(rows)
    for row, text in enumerate(("Sum", "As the service computed it", "Difference"), start=end):
        sheet.text(row, 0, text, sheet.formats.header)
    for column, pence in enumerate(totals.values(), start=2):
        letter = xl_col_to_name(column)
        sheet.sum_of(end, column, f"SUM({letter}{TOP + 1}:{letter}{end})" if rows else "0", pence)
        sheet.pounds(end + 1, column, pence)
        sheet.sum_of(end + 2, column, f"ROUND({letter}{end + 1},2)-{letter}{end + 2}", 0)
