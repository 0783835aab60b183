"""Restates codes, or a series of figures, onto the bodies of another day, exact to the unit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.http.csv_text import Cell
from services.registry.crosswalks.rows import DayPair, Row
from services.registry.crosswalks.tables import CrosswalkFilter, Line, Raised, System, lines
from services.registry.crosswalks.views import (
    RESTATED_HEADER,
    Basis,
    Finding,
    Outcome,
    RestatedView,
    RestatementView,
    SeriesShareView,
    SeriesView,
    TotalView,
    as_text,
    cells_of,
    shown,
)
from services.registry.lineage.tracing import WHOLE


@dataclass(frozen=True, slots=True)
class Figure:
    """One line to restate: a body, its day, and an amount if the line has one."""

    line: int
    code: str
    day: date
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Restated:
    """The result of a line, or of a part of it. `reason` says why it cannot be carried."""

    line: int
    code: str
    day: date
    to_code: str | None
    share: Fraction | None
    amount: Decimal | None
    reason: Outcome
    because: str
    findings: tuple[Finding, ...] = ()
    by: Basis = Basis.SUCCESSIONS

    @property
    def carried(self) -> bool:
        """Whether it was carried to a body of the other day."""
        return self.to_code is not None and not (self.reason and self.amount is not None)


@dataclass(frozen=True, slots=True)
class Restatement:
    """Every line, carried or not, with totals: the amount in is the amount out plus the amount left."""

    lines: tuple[Restated, ...]
    totals: Mapping[str, Decimal]
    """Totals by body of the other day."""
    amount_in: Decimal
    amount_carried: Decimal
    amount_left: Decimal
    so_far: tuple[SeriesView, ...] = ()


Crosswalk = Mapping[tuple[str, date], Sequence[Row]]
"""The rows of each code and day of a series of figures."""


def restate(figures: Sequence[Figure], rows: Crosswalk, *, before: Iterable[SeriesView] = ()) -> Restatement:
    """Restate figures by the rows of the crosswalk for each code and day.

    An amount that goes to several is divided by their exact shares, as the sum of its series is (`Series`). Where the
    share of any of them is not stated, or where a part went to no body, that is not carried, with the reason.
    """
    series, sums = Series.going_on(before), Sums()
    for figure in figures:
        series.expect(figure)
    lines = [line for figure in figures for line in sums.of(figure, restated_lines(figure, rows, series))]
    return Restatement(
        tuple(lines),
        dict(sorted(sums.totals.items())),
        sums.amount_in,
        sums.amount_carried,
        sums.amount_left,
        tuple(series.views()),
    )


class Sums:
    """The sums of a restatement: what goes in is what is carried and what is left."""

    def __init__(self) -> None:
        self.totals: dict[str, Decimal] = defaultdict(Decimal)
        self.amount_in = self.amount_carried = self.amount_left = Decimal(0)

    def of(self, figure: Figure, lines: Sequence[Restated]) -> Sequence[Restated]:
        """Add what became of a figure, and return it."""
        self.amount_in += figure.amount or 0
        for line in lines:
            if line.amount is None:
                continue
            if line.carried and line.to_code is not None:
                self.totals[line.to_code] += line.amount
                self.amount_carried += line.amount
            else:
                self.amount_left += line.amount
        return lines


class Series:
    """Divides the amounts of each code, one after the other, so that they sum to what their sum is divided into.

    Each line gets the difference between the sum so far, divided by largest remainder, and the sum before it. So every
    line is exact, no part of a line is off by two units, and the parts of any beginning of the series are those of its
    sum, however small its lines are. The unit is the last decimal place of the code's amounts that have most of them,
    so that `0.01` and `0.010` are divided alike. With three successors or more a line of a few units can take one back
    from a successor, as largest remainders do when a sum grows.
    """

    def __init__(self) -> None:
        self._exponents: dict[str, int] = defaultdict(int)
        self._so_far: dict[tuple[str, tuple[tuple[str | None, Fraction], ...]], Decimal] = defaultdict(Decimal)

    @classmethod
    def going_on(cls, before: Iterable[SeriesView]) -> "Series":
        """Return the series that an earlier part of a table left off with."""
        series = cls()
        for one in before:
            shares = tuple((part.to_code, Fraction(part.share)) for part in one.shares)
            amount = Decimal(one.amount)
            series._exponents[one.code] = min(series._exponents[one.code], _exponent(amount))
            series._so_far[one.code, shares] += amount
        return series

    def views(self) -> list[SeriesView]:
        """Return the sums so far, with which the next part of a table continues."""
        return [
            SeriesView(
                code=code,
                shares=[SeriesShareView(to_code=to_code, share=str(share)) for to_code, share in shares],
                amount=f"{amount:f}",
            )
            for (code, shares), amount in sorted(self._so_far.items(), key=lambda one: one[0][0])
        ]

    def expect(self, figure: Figure) -> None:
        """Note the decimal places of a figure that is to come."""
        if figure.amount is not None:
            self._exponents[figure.code] = min(self._exponents[figure.code], _exponent(figure.amount))

    def parts(self, code: str, amount: Decimal, shares: Sequence[tuple[str | None, Fraction]]) -> list[Decimal]:
        """Return the parts of the next amount of a code, by shares that sum to 1."""
        unit, series = Decimal(1).scaleb(self._exponents[code]), (code, tuple(shares))
        before = self._so_far[series]
        after = self._so_far[series] = before + amount
        fractions = [share for _, share in shares]
        pairs = zip(divided(after, fractions, unit), divided(before, fractions, unit), strict=True)
        return [now - then for now, then in pairs]


def _exponent(amount: Decimal) -> int:
    return min(int(amount.as_tuple().exponent), 0)


def restated_lines(figure: Figure, crosswalk: Crosswalk, series: Series) -> list[Restated]:
    """Return what becomes of a figure, the next one of its series."""
    rows = crosswalk[figure.code, figure.day]
    if figure.amount is None:
        return [_line(figure, row, None) for row in rows]
    shares = [(row.to_code, row.share) for row in rows if row.share is not None]
    if len(shares) < len(rows) or sum((share for _, share in shares), Fraction(0)) != WHOLE:
        because = "; ".join(dict.fromkeys(row.because for row in rows if row.reason)) or rows[0].because
        reason = next((row.reason for row in rows if row.reason), Outcome.SHARE_NOT_STATED)
        findings = tuple(dict.fromkeys(finding for row in rows for finding in row.findings))
        return [
            Restated(
                figure.line, figure.code, figure.day, None, None, figure.amount, reason, because, findings, rows[0].by
            )
        ]
    if len(rows) == 1:
        return [_line(figure, rows[0], figure.amount)]
    parts = series.parts(figure.code, figure.amount, shares)
    return [_line(figure, row, part) for row, part in zip(rows, parts, strict=True)]


def _line(figure: Figure, row: Row, amount: Decimal | None) -> Restated:
    return Restated(
        figure.line,
        figure.code,
        figure.day,
        row.to_code,
        row.share,
        amount,
        row.reason,
        row.because,
        row.findings,
        row.by,
    )


def divided(amount: Decimal, shares: Sequence[Fraction], unit: Decimal | None = None) -> list[Decimal]:
    """Divide an amount by shares that sum to 1, by largest remainder, in units (default: its last decimal place).

    The parts sum to the amount. Among equal remainders the first ones get the left-over units.
    """
    unit = unit or Decimal(1).scaleb(_exponent(amount))
    units = abs(int(amount / unit))
    exact = [units * share for share in shares]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda number: (parts[number] - exact[number], number))
    for number in by_remainder[: units - sum(parts)]:
        parts[number] += 1
    sign = -1 if amount < 0 else 1
    return [sign * part * unit for part in parts]


async def restate_figures(
    db: Reads,
    figures: Sequence[Figure],
    *,
    to_day: date,
    as_known: datetime | None,
    system: System,
    by: Basis = Basis.SUCCESSIONS,
    to_level: Raised | None = None,
    before: Iterable[SeriesView] = (),
) -> Restatement:
    """Restate figures, each of its own day, onto the bodies of one day, as known at an instant.

    `before` is where an earlier part of the same table left off, so that the parts are divided as the whole is.
    """
    target = Target(to_day, as_known, system, by, to_level)
    crosswalk = await crosswalk_of(db, {(figure.code, figure.day) for figure in figures}, target)
    return restate(figures, crosswalk, before=before)


@dataclass(frozen=True, slots=True)
class Target:
    """Onto what figures are restated: the bodies of a day, as known, in a system, and by what."""

    to_day: date
    as_known: datetime | None = None
    system: System = "ods"
    by: Basis = Basis.SUCCESSIONS
    to_level: Raised | None = None


async def crosswalk_of(db: Reads, codes: Iterable[tuple[str, date]], target: Target) -> Crosswalk:
    """Return the rows of each code, of its day."""
    by_day: dict[date, set[str]] = defaultdict(set)
    for code, day in codes:
        by_day[day].add(code)
    rows: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for day, some in by_day.items():
        days = DayPair(day, target.to_day, target.as_known)
        async for part in lines(
            db, CrosswalkFilter(days, some, system=target.system, by=target.by, to_level=target.to_level)
        ):
            for line in part:
                rows[line.asked, day].append(_row(line))
    return rows


def _row(line: Line) -> Row:
    """Return the row with codes of the requested system."""
    row = line.row
    return replace(row, code=line.asked, to_code=line.to_code, reason=line.reason, because=line.because)


def restated(line: Restated, to_day: date) -> RestatedView:
    """Return the view of one line of a restatement."""
    return RestatedView(
        line=line.line,
        code=line.code,
        day=line.day,
        to_code=line.to_code if line.carried else None,
        to_day=to_day,
        share=as_text(line.share),
        amount=None if line.amount is None else shown(line.amount),
        reason=line.reason,
        because=line.because,
        findings=list(line.findings),
        by=line.by,
    )


def restated_cells(line: Restated, to_day: date) -> list[Cell]:
    """Return one line of a restatement as the cells of a table."""
    shown = cells_of(restated(line, to_day))
    # A negative number is a number, not a formula.
    shown[RESTATED_HEADER.index("amount")] = line.amount
    return shown


def restatement(found: Restatement, *, to_day: date, as_known: datetime | None, system: str) -> RestatementView:
    """Return the view of a whole restatement."""
    return RestatementView(
        to_day=to_day,
        as_known=as_known,
        system=system,
        carried=[restated(line, to_day) for line in found.lines if line.carried],
        not_carried=[restated(line, to_day) for line in found.lines if not line.carried],
        totals=[TotalView(to_code=code, amount=shown(amount)) for code, amount in found.totals.items()],
        amount_in=shown(found.amount_in),
        amount_carried=shown(found.amount_carried),
        amount_not_carried=shown(found.amount_left),
        so_far=list(found.so_far),
    )
