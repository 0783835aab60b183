"""Judges the rows of ERIC's sheets, and sums what each organisation returned: pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from libs.common.codes import as_code
from libs.common.money import pence, pounds

SITES, SCHEMES = "sites", "schemes"
BACKLOG = ("high", "significant", "moderate", "low")
OF_SCHEMES = ("financing", "lifecycle", "debt", "contingent_rent", "declared_saving")
FIGURES = {SITES: BACKLOG, SCHEMES: OF_SCHEMES}
"""The figures of each sheet, in their order."""
MOST_POUNDS = Decimal(10**10)
"""The most that one figure may be: a larger one is a slip of the pen."""

_AMOUNT = re.compile(r"-?£?-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", re.ASCII)
_LONGEST = 40


class RowVerdict(StrEnum):
    """What became of a row."""

    TAKEN = "taken"
    NO_FIGURE = "no_figure"
    """It counts as a site, and none of its figures is one."""
    SUBTOTAL = "subtotal"
    REPEATED = "repeated"
    REFUSED = "refused"


COUNTED = (RowVerdict.TAKEN, RowVerdict.NO_FIGURE)
"""Rows that count."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it was read: a number exactly as text, or a text."""

    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of a sheet with the columns that the pack names; `scheme` is empty on the sheet of sites."""

    line: int
    organisation: str
    name: str
    site: str
    site_name: str
    scheme: str
    figures: tuple[Cell, ...]
    """In the order of the sheet's figures; a column that the pack does not name has an empty cell."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its verdict, its figures in pence, and what is odd about it."""

    sheet: str
    line: int
    verdict: RowVerdict
    organisation: str
    name: str
    site: str
    site_name: str
    scheme: str
    pence: tuple[int | None, ...]
    finding: str = ""

    @property
    def counts(self) -> bool:
        """Whether it is a site or a scheme of its organisation."""
        return self.verdict in COUNTED

    @property
    def total(self) -> int:
        """The sum of its figures."""
        return sum(one or 0 for one in self.pence)

    @property
    def key(self) -> tuple[str, str, str]:
        """What names it: of two rows of one key the first counts."""
        return self.organisation, self.site, self.scheme


@dataclass(frozen=True, slots=True)
class Words:
    """What the texts of a sheet mean, by the rule pack of the year."""

    no_figure: tuple[str, ...]
    subtotal: str
    grand_total: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """Backlog by category, in pence."""

    high: int = 0
    significant: int = 0
    moderate: int = 0
    low: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(*(one + more for one, more in zip(self.each, other.each, strict=True)))

    @property
    def each(self) -> tuple[int, int, int, int]:
        """In the order of BACKLOG."""
        return self.high, self.significant, self.moderate, self.low

    @property
    def total(self) -> int:
        """Of all categories."""
        return sum(self.each)


@dataclass(frozen=True, slots=True)
class Return:
    """What one organisation has in a workbook."""

    organisation: str
    name: str
    sites: int
    without_figure: int
    schemes: int
    amounts: Amounts


def read_sheet(sheet: str, rows: Iterable[RawRow], words: Words) -> list[Row]:
    """Return every row with its verdict. Subtotals are compared with the rows that they sum."""
    read: list[Row] = []
    first: dict[tuple[str, str, str], Row] = {}
    for raw in rows:
        row = _read(sheet, raw, words)
        if row.counts and (earlier := first.setdefault(row.key, row)) is not row:
            row = _again(row, earlier)
        read.append(row)
    sums: dict[str, _Sum] = defaultdict(_Sum)
    for row in read:
        if row.counts:
            sums[row.organisation].add(row)
            sums[words.grand_total].add(row)
    return [_compared(row, sums, words) if row.verdict is RowVerdict.SUBTOTAL else row for row in read]


def _read(sheet: str, raw: RawRow, words: Words) -> Row:
    figures, faults, remarks = _figures(sheet, raw, words)
    label = raw.organisation
    if label == words.grand_total or (label.endswith(words.subtotal) and not raw.site):
        return _row(sheet, raw, RowVerdict.SUBTOTAL, figures, label)
    try:
        code = as_code(label)
    except ValueError:
        faults.insert(0, f"{label!r} is no code of an organisation")
        code = ""
    if not raw.site:
        faults.insert(0, "it names no site")
    if faults:
        return _row(sheet, raw, RowVerdict.REFUSED, (None,) * len(figures), code, "; ".join(faults))
    verdict = RowVerdict.TAKEN if any(one is not None for one in figures) else RowVerdict.NO_FIGURE
    return _row(sheet, raw, verdict, figures, code, "; ".join(remarks))


def _row(
    sheet: str, raw: RawRow, verdict: RowVerdict, figures: tuple[int | None, ...], organisation: str, finding: str = ""
) -> Row:
    return Row(
        sheet=sheet,
        line=raw.line,
        verdict=verdict,
        organisation=organisation,
        name=raw.name,
        site=raw.site.upper(),
        site_name=raw.site_name,
        scheme=raw.scheme,
        pence=figures,
        finding=finding,
    )


def _figures(sheet: str, raw: RawRow, words: Words) -> tuple[tuple[int | None, ...], list[str], list[str]]:
    """Return the figures of a row in pence, why it cannot be taken, and what is odd but taken."""
    figures: list[int | None] = []
    faults: list[str] = []
    remarks: list[str] = []
    for name, cell in zip(FIGURES[sheet], raw.figures, strict=True):
        if not cell.text or cell.text in words.no_figure:
            figures.append(None)
            continue
        amount = _amount(cell.text)
        lowest = 0 if sheet == SITES else -MOST_POUNDS
        is_sound = amount is not None and lowest <= amount <= MOST_POUNDS
        figures.append(pence(amount) if amount is not None and is_sound else None)
        if amount is None:
            faults.append(f"{name}: {cell.text!r} is no amount")
        elif not is_sound:
            faults.append(f"{name}: {cell.text} is {'less than nothing' if amount < 0 else 'more than any site has'}")
        elif amount < 0:
            remarks.append(f"{name} is less than nothing: {cell.text}")
        elif not cell.is_number:
            remarks.append(f"{name} is written as text: {cell.text!r}")
    missing = sum(figure is None for figure in figures)
    if sheet == SITES and 0 < missing < len(figures) and not faults:
        remarks.append(f"{missing} of its {len(figures)} figures are none")
    return tuple(figures), faults, remarks


def _amount(text: str) -> Decimal | None:
    if len(text) > _LONGEST or _AMOUNT.fullmatch(text) is None:
        return None
    try:
        return Decimal(text.replace("£", "").replace(",", ""))
    except InvalidOperation:  # two signs
        return None


def _again(row: Row, earlier: Row) -> Row:
    if row.pence == earlier.pence:
        return replace(row, verdict=RowVerdict.REPEATED, finding=f"the same as row {earlier.line}: counted once")
    return replace(
        row, verdict=RowVerdict.REFUSED, finding=f"row {earlier.line} states other figures of it, which count"
    )


@dataclass(slots=True)
class _Sum:
    """What rows sum to, and the first row of each amount."""

    pence: int = 0
    first: dict[int, Row] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        self.pence += row.total
        self.first.setdefault(row.total, row)


def _compared(row: Row, sums: Mapping[str, _Sum], words: Words) -> Row:
    """Say whether a subtotal is the sum of its rows, and which one row it misses where that is so."""
    summed = sums.get(row.organisation.removesuffix(words.subtotal), _Sum())
    difference = row.total - summed.pence
    label = f"{row.organisation}: left out"
    if not difference:
        return replace(row, verdict=RowVerdict.SUBTOTAL, finding=f"{label}; its rows sum to it")
    missed = summed.first.get(-difference)
    why = "" if missed is None else f": as much as row {missed.line}, {missed.organisation} {missed.site}"
    less = "less" if difference < 0 else "more"
    return replace(
        row, verdict=RowVerdict.SUBTOTAL, finding=f"{label}; it is {pounds(abs(difference))} {less} than its rows{why}"
    )


def returns_of(rows: Iterable[Row]) -> list[Return]:
    """Return what each organisation has in a workbook, by code."""
    by_code: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.counts:
            by_code[row.organisation].append(row)
    return [_return(code, by_code[code]) for code in sorted(by_code)]


def _return(code: str, rows: Sequence[Row]) -> Return:
    sites = [row for row in rows if row.sheet == SITES]
    return Return(
        organisation=code,
        name=next((row.name for row in rows if row.name), ""),
        sites=len(sites),
        without_figure=sum(row.verdict is RowVerdict.NO_FIGURE for row in sites),
        schemes=len(rows) - len(sites),
        amounts=summed(Amounts(*(one or 0 for one in row.pence)) for row in sites),
    )


def summed(amounts: Iterable[Amounts]) -> Amounts:
    """Return the sum by category."""
    total = Amounts()
    for one in amounts:
        total += one
    return total
