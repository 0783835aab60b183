"""The sheets of a case: from inputs through flows and discount factors to net present value, by live formulas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from services.finance.appraisals.comparisons import passes
from services.finance.appraisals.discounting import discount_factor
from services.finance.appraisals.inputs import Inputs, year_label
from services.finance.appraisals.worth import Appraised, Measures, Streams, appraise
from services.finance.documents.entries import STREAMS, Entry, entries_of
from services.finance.documents.sheets import Book, Sheet, in_pounds

TOP = 4
"""The first row with an entry, in each sheet of entries."""
YEARS_AT = 3
"""The column of year 0, in each sheet by year."""
_VALUE, _UPLIFT, _METB, _VAT, _REMAINS = 6, 7, 8, 9, 10
_REALISATION, _BENCHMARK, _YEAR_ROW, _STANDARD, _HEALTH = 2, 3, 6, 7, 9
_NONE = 9_999
_COLUMNS = ("Option", "Input", "Title")
_MEASURES = ("Costs, present value", "Benefits, present value", "Net present value", "BCR", "A year (EANC)")
_BACK = ("Payback year", "Discounted payback year")


@dataclass(frozen=True, slots=True)
class _Case:
    """What the sheets are made of: inputs, entries by row, and what was appraised, to stand beside each formula."""

    inputs: Inputs
    entries: Sequence[Entry]
    appraised: Sequence[Appraised]

    @property
    def years(self) -> range:
        """The years from 0 on."""
        return range(self.inputs.years)

    def rows_of(self, option: str, stream: str) -> tuple[int, int] | None:
        """Return the first and the last row of an option's entries of a stream; None where it has none."""
        rows = [
            TOP + number
            for number, entry in enumerate(self.entries)
            if (entry.option, entry.stream) == (option, stream)
        ]
        return (rows[0], rows[-1]) if rows else None


def add_case(book: Book, inputs: Inputs, report: dict[str, Any]) -> None:
    """Add a case's sheets: what is worth what, the inputs, and between them each step of the computation."""
    lens = next(lens for lens in inputs.lenses if lens.name == inputs.lens)
    case = _Case(inputs, entries_of(inputs, lens), appraise(inputs, lens))
    _add_summary(book, case, report)
    _add_inputs(book, case)
    _add_assumptions(book, case)
    _add_years(
        book, case, "Parts", "The part of an input's value in each year (of a risk: its impact in pounds)", _part
    )
    _add_years(
        book, case, "Lens", f"How much of it the lens {inputs.lens} pays: 1, 0, or -1 of what it receives", _share
    )
    _add_years(book, case, "VAT", "How much of irrecoverable VAT the lens pays", _vat_share)
    _add_flows(book, case)
    for number, each in enumerate(case.appraised, start=1):
        _add_worth(book, case, number, each)


def _add_summary(book: Book, case: _Case, report: dict[str, Any]) -> None:
    title = report["appraisal"]["title"]
    sheet = book.sheet(
        "Summary",
        f"{title}: worth of each option over business as usual",
        widths=(28, 20, 20, 20, 20, 14, 18, 12, 12, 20, 16, 14),
    )
    sheet.text(1, 0, "Change a yellow cell of Inputs or Assumptions: every figure follows. In prices of the base year.")
    last = ("NPV as the service computed it", "Difference", "Reaches the benchmark")
    sheet.header(TOP - 1, ("Option", "Title", *_MEASURES, *_BACK, *last))
    computed = {option["option"]: option["measures"] for option in report["appraisal"]["options"]}
    for number, each in enumerate(case.appraised):
        row, source, found = TOP + number, f"'Worth {number + 1}'", each.measures
        sheet.text(row, 0, each.option.option)
        sheet.text(row, 1, each.option.title)
        for column, (cell, value) in enumerate(_measure_cells(found), start=2):
            _write_measure(sheet, row, column, f"{source}!{cell}", value)
        stated = int(computed[each.option.option]["npv_pence"])
        sheet.pounds(row, 9, stated)
        sheet.sum_of(row, 10, f"ROUND({source}!$B$5,2)-J{row + 1}", 0)
        sheet.formula(row, 11, _reaches(row + 1), "yes" if passes(found, case.inputs.benchmark) else "no")


def _reaches(row: int) -> str:
    """Return whether the option of a row reaches the benchmark; one without costs does where it has a benefit."""
    ratio = f"ROUND(F{row}-Assumptions!$B${_BENCHMARK + 1},9)>=0"
    return f'IF(ISNUMBER(F{row}),IF({ratio},"yes","no"),IF(ROUND(D{row},6)>0,"yes","no"))'


def _measure_cells(found: Measures) -> list[tuple[str, Fraction | int | str]]:
    """Return where a sheet of worth has each measure, and what it is: amounts in pence."""
    payback = [found.payback, found.discounted_payback]
    values: list[Fraction | int | str] = [found.pv_costs, found.pv_benefits, found.npv]
    values += ["none" if found.bcr is None else found.bcr, found.eanc]
    values += ["none" if year is None else year for year in payback]
    return [(f"$B${row}", value) for row, value in enumerate(values, start=3)]


def _write_measure(sheet: Sheet, row: int, column: int, formula: str, value: Fraction | int | str) -> None:
    """Write a measure by the column or row that it stands in: amounts as pounds, ratios and years as they are."""
    if isinstance(value, str | int):
        sheet.formula(row, column, formula, value)
    elif "$B$6" in formula or formula.startswith("IF(ROUND(B3"):
        sheet.formula(row, column, formula, value, sheet.formats.factor)
    else:
        sheet.sum_of(row, column, formula, value)


def _add_inputs(book: Book, case: _Case) -> None:
    columns = (
        *_COLUMNS,
        "Counts as",
        "Payer",
        "Payee",
        "Value",
        "Optimism bias",
        "Excess tax burden",
        "VAT",
        "Remains",
    )
    sheet = book.sheet(
        "Inputs", "Costs, benefits and risks", widths=(14, 20, 34, 12, 10, 10, 20, 12, 12, 12, 12), frozen=(TOP, 3)
    )
    sheet.text(
        1, 0, "Value: pounds, of a year or once; of a risk its probability. Remains: the part that is not mitigated."
    )
    sheet.header(TOP - 1, columns)
    for number, entry in enumerate(case.entries):
        row = TOP + number
        for column, text in enumerate((entry.option, entry.name, entry.title, entry.stream, entry.payer, entry.payee)):
            sheet.text(row, column, text)
        if entry.is_risk:
            sheet.number(row, _VALUE, entry.value, sheet.formats.input_factor)
        else:
            sheet.pounds(row, _VALUE, entry.value, given=True)
        for column, factor in (
            (_UPLIFT, entry.uplift),
            (_METB, entry.metb),
            (_VAT, entry.vat),
            (_REMAINS, entry.remains),
        ):
            sheet.number(row, column, factor, sheet.formats.input_factor)


def _add_assumptions(book: Book, case: _Case) -> None:
    inputs = case.inputs
    sheet = book.sheet(
        "Assumptions", "Realisation, benchmark, and the rates that discount each year", widths=(30, 14, 4)
    )
    sheet.text(_REALISATION, 0, "Realisation of benefits")
    sheet.number(_REALISATION, 1, inputs.realisation, sheet.formats.input_factor)
    sheet.text(_BENCHMARK, 0, "Benchmark of the benefit-cost ratio")
    sheet.number(_BENCHMARK, 1, inputs.benchmark, sheet.formats.input_factor)
    sheet.header(_YEAR_ROW, ["Year", "", "", *(year_label(inputs.base_year + year) for year in case.years)])
    for row, stored in ((_STANDARD, inputs.standard), (_HEALTH, inputs.health)):
        schedule = stored.schedule()
        sheet.text(row, 0, f"Rate of {stored.pack}")
        sheet.text(row + 1, 0, "Discount factor")
        for year in case.years:
            column = YEARS_AT + year
            rate = schedule.rate(year) if year else 0
            sheet.number(row, column, rate, sheet.formats.input_factor)
            here = xl_rowcol_to_cell(row, column)
            before = "1" if year == 0 else f"{xl_rowcol_to_cell(row + 1, column - 1)}/(1+{here})"
            sheet.formula(row + 1, column, before, discount_factor(schedule, year), sheet.formats.factor)


def _part(sheet: Sheet, row: int, column: int, entry: Entry, year: int) -> None:
    if entry.is_risk:
        sheet.pounds(row, column, entry.parts[year], given=True)
    else:
        sheet.number(row, column, entry.parts[year], sheet.formats.input_factor)


def _share(sheet: Sheet, row: int, column: int, entry: Entry, year: int) -> None:
    sheet.number(row, column, entry.shares[year], sheet.formats.input_factor)


def _vat_share(sheet: Sheet, row: int, column: int, entry: Entry, year: int) -> None:
    sheet.number(row, column, entry.vat_shares[year], sheet.formats.input_factor)


def _add_years(
    book: Book, case: _Case, name: str, title: str, write: Callable[[Sheet, int, int, Entry, int], None]
) -> None:
    """Add a sheet with a row for each entry and a column for each year."""
    sheet = _sheet_by_year(book, case, name, title)
    for number, entry in enumerate(case.entries):
        for year in case.years:
            write(sheet, TOP + number, YEARS_AT + year, entry, year)


def _sheet_by_year(book: Book, case: _Case, name: str, title: str) -> Sheet:
    sheet = book.sheet(name, title, widths=(14, 20, 34, *(16 for _ in case.years)), frozen=(TOP, 3))
    sheet.header(TOP - 1, [*_COLUMNS, *(year_label(case.inputs.base_year + year) for year in case.years)])
    for number, entry in enumerate(case.entries):
        for column, text in enumerate((entry.option, entry.name, entry.title)):
            sheet.text(TOP + number, column, text)
    return sheet


def _add_flows(book: Book, case: _Case) -> None:
    sheet = _sheet_by_year(book, case, "Flows", "What each input costs or brings the lens in each year")
    realised = f"Assumptions!$B${_REALISATION + 1}"
    for number, entry in enumerate(case.entries):
        row, amounts = TOP + number, entry.amounts(case.inputs.realisation)
        value, uplift, metb, vat, remains = (
            f"Inputs!${xl_col_to_name(column)}${row + 1}" for column in (_VALUE, _UPLIFT, _METB, _VAT, _REMAINS)
        )
        factors = [value, uplift, remains, *([realised] if entry.is_benefit else [])]
        sign = "-" if entry.sign < 0 else ""
        for year in case.years:
            here = xl_rowcol_to_cell(row, YEARS_AT + year)
            formula = f"{sign}{'*'.join([*factors, f'Parts!{here}'])}*({metb}*Lens!{here}+{vat}*VAT!{here})"
            sheet.sum_of(row, YEARS_AT + year, formula, amounts[year])


# Rows of a sheet of worth below its measures, by what they are.
_ROWS = {name: 12 + number for number, name in enumerate(STREAMS)}
_COSTS, _BENEFITS, _NET, _DISCOUNTED, _TOTAL, _DISCOUNTED_TOTAL, _OUTLAY, _BELOW, _DISCOUNTED_BELOW = range(19, 28)


def _add_worth(book: Book, case: _Case, number: int, each: Appraised) -> None:
    sheet = book.sheet(
        f"Worth {number}",
        f"{each.option.title} over business as usual",
        widths=(38, 20, 4, *(16 for _ in case.years)),
        frozen=(12, 3),
    )
    last = xl_col_to_name(YEARS_AT + case.inputs.years - 1)
    _write_measures(sheet, case, each.measures, last)
    sheet.header(11, ["Year", "", "", *(year_label(case.inputs.base_year + year) for year in case.years)])
    for name, row in _ROWS.items():
        sheet.text(row, 0, f"{name.replace('_', ' ')}, more than business as usual")
    for row, text in (
        (_COSTS, "Costs"),
        (_BENEFITS, "Benefits, and costs avoided"),
        (_NET, "Net, with effects on health"),
        (_DISCOUNTED, "Net, discounted"),
        (_TOTAL, "Sum so far"),
        (_DISCOUNTED_TOTAL, "Sum so far, discounted"),
        (_OUTLAY, "Year number, where it has an outlay"),
        (_BELOW, "Year number, where the sum is below 0"),
        (_DISCOUNTED_BELOW, "The same, discounted"),
    ):
        sheet.text(row, 0, text)
    _write_streams(sheet, case, each)
    _write_years(sheet, case, each.increments)


def _write_measures(sheet: Sheet, case: _Case, found: Measures, last: str) -> None:
    def years(row: int, page: str = "") -> str:
        return f"{page}$D${row + 1}:${last}${row + 1}"

    standard, health = years(_STANDARD + 1, "Assumptions!"), years(_HEALTH + 1, "Assumptions!")
    ends = [
        f'IF(MIN({years(_OUTLAY)})={_NONE},"none",IF(ROUND(${last}${total + 1},6)<0,"none",'
        f"MAX(MIN({years(_OUTLAY)}),MAX({years(below)})+1)))"
        for total, below in ((_TOTAL, _BELOW), (_DISCOUNTED_TOTAL, _DISCOUNTED_BELOW))
    ]
    spread = f"(SUM({standard})-Assumptions!$D${_STANDARD + 2})" if case.inputs.years > 1 else "1"
    formulas = [
        f"SUMPRODUCT({years(_COSTS)},{standard})",
        f"SUMPRODUCT({years(_BENEFITS)},{standard})+SUMPRODUCT({years(_ROWS['health'])},{health})",
        "B4-B3",
        'IF(ROUND(B3,6)>0,B4/B3,"none")',
        f"B5/{spread}",
        *ends,
    ]
    cells = zip((*_MEASURES, *_BACK), formulas, _measure_cells(found), strict=True)
    for row, (name, formula, (_, value)) in enumerate(cells, start=2):
        sheet.text(row, 0, name)
        _write_measure(sheet, row, 1, formula, value)


def _write_streams(sheet: Sheet, case: _Case, each: Appraised) -> None:
    """Write each stream of the option less that of business as usual."""
    for name, row in _ROWS.items():
        amounts = getattr(each.increments, name)
        own, bau = (case.rows_of(option, name) for option in (each.option.option, case.inputs.bau.option))
        for year in case.years:
            column = xl_col_to_name(YEARS_AT + year)
            added, less = (
                "0" if rows is None else f"SUM(Flows!{column}{rows[0] + 1}:{column}{rows[1] + 1})"
                for rows in (own, bau)
            )
            sheet.sum_of(row, YEARS_AT + year, f"{added}-{less}", amounts[year])


def _write_years(sheet: Sheet, case: _Case, streams: Streams) -> None:
    """Write costs, benefits and sums of each year."""
    inputs = case.inputs
    standard, health = inputs.standard.schedule(), inputs.health.schedule()
    costs, benefits, net = streams.costs, streams.benefits, streams.net
    discounted = [
        (benefits[year] - costs[year]) * discount_factor(standard, year)
        + streams.health[year] * discount_factor(health, year)
        for year in case.years
    ]
    sums, discounted_sums = list(accumulate(net)), list(accumulate(discounted))
    for year in case.years:
        column, at = xl_col_to_name(YEARS_AT + year), YEARS_AT + year
        before = xl_col_to_name(at - 1)
        cell = {name: f"{column}{row + 1}" for name, row in _ROWS.items()}
        once, again = cell["one_off"], cell["recurrent"]
        factors = f"Assumptions!{column}{_STANDARD + 2}", f"Assumptions!{column}{_HEALTH + 2}"
        gain = f"({column}{_BENEFITS + 1}-{column}{_COSTS + 1})"
        amounts = (
            (_COSTS, f"MAX({once},0)+MAX({again},0)+{cell['residual']}+{cell['risk']}", costs[year]),
            (_BENEFITS, f"{cell['benefit']}+MAX(-{again},0)+MAX(-{once},0)", benefits[year]),
            (_NET, f"{gain}+{cell['health']}", net[year]),
            (_DISCOUNTED, f"{gain}*{factors[0]}+{cell['health']}*{factors[1]}", discounted[year]),
            (_TOTAL, _so_far(column, before, _NET, _TOTAL, year), sums[year]),
            (_DISCOUNTED_TOTAL, _so_far(column, before, _DISCOUNTED, _DISCOUNTED_TOTAL, year), discounted_sums[year]),
        )
        for row, formula, pence in amounts:
            sheet.sum_of(row, at, formula, pence)
        # Rounded, since amounts that cancel out leave a rest in floating point.
        has_outlay = round(in_pounds(costs[year]), 6) > 0
        outlay = f"IF(ROUND({column}{_COSTS + 1},6)>0,{year},{_NONE})"
        sheet.formula(_OUTLAY, at, outlay, year if has_outlay else _NONE)
        for row, total, value in ((_BELOW, _TOTAL, sums), (_DISCOUNTED_BELOW, _DISCOUNTED_TOTAL, discounted_sums)):
            is_below = round(in_pounds(value[year]), 6) < 0
            sheet.formula(row, at, f"IF(ROUND({column}{total + 1},6)<0,{year},-1)", year if is_below else -1)


def _so_far(column: str, before: str, amount: int, total: int, year: int) -> str:
    return f"{column}{amount + 1}" if year == 0 else f"{before}{total + 1}+{column}{amount + 1}"
