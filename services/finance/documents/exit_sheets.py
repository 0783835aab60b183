"""The sheets of an exit assessment: from each exit's flows to its present cost through each lens, by live formulas."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from services.finance.appraisals.discounting import discount_factor
from services.finance.appraisals.inputs import year_label
from services.finance.charts.texts import day_text
from services.finance.documents.exit_flows import ExitFlows
from services.finance.documents.sheets import Book, Sheet

TOP = 4
"""The first row below the headings of each sheet."""
_YEAR, _AMOUNT, _FACTOR, _SHARES = 6, 7, 8, 9
_RATE_FACTOR = 2


def add_exits(book: Book, flows: ExitFlows, report: Mapping[str, Any]) -> None:
    """Add the costs of each exit, the flows that they are sums of, and the rates that discount them."""
    ends = _rows_of(flows)
    _add_costs(book, flows, report, ends)
    _add_flows(book, flows)
    _add_rates(book, flows)


def _rows_of(flows: ExitFlows) -> list[tuple[int, int]]:
    """Return the first row of each exit's flows, and the row after the last."""
    rows, first = [], TOP
    for _, several in flows.exits:
        rows.append((first, first + len(several)))
        first += len(several)
    return rows


def _add_costs(book: Book, flows: ExitFlows, report: Mapping[str, Any], rows: list[tuple[int, int]]) -> None:
    count = len(flows.lenses)
    assessment = report["assessment"]
    sheet = book.sheet(
        "Exits", f"What each exit of {assessment['contract']} costs", widths=(24, *(22 for _ in range(3 * count)))
    )
    sheet.text(
        1, 0, "Change a yellow cell of Flows or Rates: every cost follows. Present costs, in prices of the base year."
    )
    stated = [f"{lens}, as the service computed it" for lens in flows.lenses]
    sheet.header(
        TOP - 1, ["First day without", *flows.lenses, *stated, *(f"{lens}: difference" for lens in flows.lenses)]
    )
    for number, ((exit_on, _), (first, end)) in enumerate(zip(flows.exits, rows, strict=True)):
        row, shown = TOP + number, assessment["exits"][number]["costs"]
        sheet.text(row, 0, day_text(exit_on))
        for lens in range(count):
            column, live = xl_col_to_name(_SHARES + count + lens), f"{xl_col_to_name(1 + lens)}{row + 1}"
            pence = int(shown[lens]["present_cost_pence"])
            total = f"SUM(Flows!{column}{first + 1}:{column}{end})" if end > first else "0"
            sheet.sum_of(row, 1 + lens, total, _present_cost(flows, number, lens))
            sheet.pounds(row, 1 + count + lens, pence)
            before = f"{xl_col_to_name(1 + count + lens)}{row + 1}"
            sheet.sum_of(row, 1 + 2 * count + lens, f"ROUND({live},2)-{before}", 0)


def _present_cost(flows: ExitFlows, number: int, lens: int) -> Fraction:
    schedule = flows.schedule.schedule()
    costs = (flow.pence * flow.shares[lens] * discount_factor(schedule, flow.year) for flow in flows.exits[number][1])
    return sum(costs, Fraction(0))


def _add_flows(book: Book, flows: ExitFlows) -> None:
    count, schedule = len(flows.lenses), flows.schedule.schedule()
    widths = (20, 20, 12, 10, 10, 20, 8, 20, 12, *(16 for _ in range(2 * count)))
    sheet = book.sheet("Flows", "What flows on each exit, within the horizon", widths=widths, frozen=(TOP, 2))
    shares = [f"Share of {lens}" for lens in flows.lenses]
    sheet.header(
        TOP - 1,
        [
            *("Exit", "Kind", "Nature", "Payer", "Payee", "Day", "Year", "Amount", "Factor"),
            *shares,
            *(f"Cost to {lens}" for lens in flows.lenses),
        ],
    )
    row = TOP
    for exit_on, several in flows.exits:
        for flow in several:
            texts = (day_text(exit_on), flow.kind, flow.nature, flow.payer, flow.payee, day_text(flow.on))
            for column, text in enumerate(texts):
                sheet.text(row, column, text)
            sheet.number(row, _YEAR, flow.year)
            sheet.pounds(row, _AMOUNT, flow.pence, given=True)
            factor = discount_factor(schedule, flow.year)
            column = xl_col_to_name(_RATE_FACTOR)
            rates = f"Rates!${column}${TOP + 1}:${column}${TOP + flows.years}"
            sheet.formula(row, _FACTOR, f"INDEX({rates},$G{row + 1}+1)", factor, sheet.formats.factor)
            for lens, share in enumerate(flow.shares):
                sheet.number(row, _SHARES + lens, share, sheet.formats.input_factor)
                cell = f"{xl_col_to_name(_SHARES + lens)}{row + 1}"
                formula = f"$H{row + 1}*$I{row + 1}*{cell}"
                sheet.sum_of(row, _SHARES + count + lens, formula, flow.pence * factor * share)
            row += 1


def _add_rates(book: Book, flows: ExitFlows) -> None:
    schedule = flows.schedule.schedule()
    sheet: Sheet = book.sheet("Rates", f"Discount rates of {flows.schedule.pack}", widths=(14, 14, 14))
    sheet.header(TOP - 1, ("Year", "Rate", "Factor"))
    for year in range(flows.years):
        row = TOP + year
        sheet.text(row, 0, year_label(flows.base_year + year))
        sheet.number(row, 1, schedule.rate(year) if year else 0, sheet.formats.input_factor)
        before = "1" if year == 0 else f"C{row}/(1+B{row + 1})"
        sheet.formula(row, _RATE_FACTOR, before, discount_factor(schedule, year), sheet.formats.factor)
