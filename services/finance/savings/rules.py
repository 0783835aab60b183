"""Rules of savings: what reductions are open, who realises them, what plans forecast, how a saving is rated. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from statistics import median

from libs.common.money import apportion, nearest_penny
from libs.common.rulepacks import RulePack, in_force
from services.finance.budgets.rules import part_of_year
from services.finance.core.packs import PACKS
from services.finance.core.years import FIRST_YEAR, LAST_YEAR, FinancialYear, days_of


@dataclass(frozen=True, slots=True)
class LineEntry:
    """What happened to a line: it was `reduced`, `restored`, rose or fell otherwise, or flowed into another (`other`).

    `programme_of` are lines of administration that the line would rename: what it rises by is no saving of theirs.
    """

    id: int
    line: int
    kind: str
    amount_pence: int
    stated_at: datetime
    opening: bool = False
    reverses: int | None = None
    other: int | None = None
    programme_of: tuple[int, ...] = ()


@dataclass(slots=True)
class Reduction:
    """What a line was reduced by, and what is left of it."""

    id: int
    line: int
    stated_at: datetime
    left_pence: int
    restored_pence: int = 0
    taken_pence: int = 0
    """Of what is left, by what was restored: the line may have risen otherwise before."""

    def restore(self, pence: int) -> None:
        """Take back what is restored of it; a restoration that is taken back itself gives back only what it took."""
        self.restored_pence += pence
        taken = min(self.left_pence, pence) if pence > 0 else min(0, self.restored_pence - self.taken_pence)
        self.left_pence -= taken
        self.taken_pence += taken


@dataclass(slots=True)
class _Ledger:
    reductions: dict[int, Reduction] = field(default_factory=dict)
    slack: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    into: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def before(self, line: int) -> set[int]:
        """Return the line and all that flowed into it by now."""
        reached, left = {line}, [line]
        while left:
            new = self.into[left.pop()] - reached
            reached |= new
            left += new
        return reached

    def rises(self, lines: set[int], first: int, pence: int) -> None:
        """Take what a line rises by from what fell before: other falls of its own, then its latest reductions."""
        covered = min(pence, self.slack[first])
        self.slack[first] -= covered
        self.take(lines, first, pence - covered)

    def take(self, lines: set[int], first: int, pence: int) -> None:
        latest = sorted(
            (one for one in self.reductions.values() if one.line in lines),
            key=lambda one: (one.line == first, one.stated_at, one.id),
            reverse=True,
        )
        for one in latest:
            taken = min(pence, one.left_pence)
            one.left_pence -= taken
            pence -= taken


def open_reductions(entries: Iterable[LineEntry]) -> dict[int, Reduction]:
    """Return what is left of each reduction, by its entry.

    A restoration takes its own reduction back. Whatever else a line rises by takes back the latest reduction of it, or
    of a line that a merger made it of, unless it fell otherwise before. What only becomes programme is no reduction.
    """
    ledger = _Ledger()
    for entry in sorted(entries, key=lambda one: (one.stated_at, one.id)):
        if entry.other is not None:
            ledger.into[entry.other].add(entry.line)
        elif entry.kind == "reduced":
            ledger.reductions[entry.id] = Reduction(entry.id, entry.line, entry.stated_at, -entry.amount_pence)
        elif entry.reverses is not None:
            if (reduction := ledger.reductions.get(entry.reverses)) is not None:
                reduction.restore(entry.amount_pence)
        elif entry.amount_pence < 0:
            ledger.slack[entry.line] -= entry.amount_pence
        elif not entry.opening:
            ledger.rises(ledger.before(entry.line), entry.line, entry.amount_pence)
        if entry.amount_pence > 0 and entry.other is None and entry.programme_of:
            ledger.take(set(entry.programme_of), 0, entry.amount_pence)
    return ledger.reductions


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim of a saving on its line, and on those that mergers made of it (`lines`)."""

    id: int
    lines: frozenset[int]
    pence: int
    since: datetime
    stated_at: datetime


def realised(claims: Iterable[Claim], reductions: Mapping[int, Reduction]) -> dict[int, int]:
    """Return what each claim realises, in the order of their statements: of reductions posted after its saving."""
    left = {one.id: one.left_pence for one in reductions.values()}
    found: dict[int, int] = {}
    for claim in sorted(claims, key=lambda one: (one.stated_at, one.id)):
        got = 0
        for one in sorted(reductions.values(), key=lambda one: (one.stated_at, one.id)):
            if one.line in claim.lines and one.stated_at > claim.since:
                taken = min(left[one.id], claim.pence - got)
                left[one.id] -= taken
                got += taken
        found[claim.id] = got
    return found


@dataclass(frozen=True, slots=True)
class PlanStatement:
    """What an event of contracts says of a plan for a shared service."""

    what: str
    initiative: str
    customers: tuple[str, ...]
    shares: tuple[str, ...]
    functions: tuple[str, ...]
    effective_on: date
    annual_pence: int
    previous_annual_pence: int
    revision: int
    stated_at: datetime


FigureKey = tuple[str, str, str, int, str]
"""Initiative, body, function, the year's first calendar year, stage."""


def plan_figures(statements: Sequence[PlanStatement], years: int) -> dict[FigureKey, int]:
    """Return what a plan is to save, by stage: by the latest statement, nothing where the plan ended.

    The difference of the charges is divided among the customers by their shares, equal where none are stated, and
    equally among the functions; in the first year by days.
    """
    ordered = sorted(statements, key=lambda one: (one.stated_at, one.revision, one.what))
    plans = [one for one in ordered if one.what == "planned" or (one.what == "withdrawn" and not one.revision)]
    agreed = [one for one in ordered if one.what in ("agreed", "consolidated")]
    figures: dict[FigureKey, int] = {}
    forecast = agreed[-1] if agreed else (plans[-1] if plans and plans[-1].what == "planned" else None)
    if forecast is not None:
        figures |= _figures(forecast, "forecast", years)
    if agreed:
        figures |= _figures(agreed[-1], "contracted", years)
    return figures


def _figures(statement: PlanStatement, stage: str, years: int) -> dict[FigureKey, int]:
    annual = max(0, statement.previous_annual_pence - statement.annual_pence)
    weights = [Fraction(share) for share in statement.shares] or [Fraction(1)] * len(statement.customers)
    first = FinancialYear.of(statement.effective_on)
    figures: dict[FigureKey, int] = {}
    for start in range(max(first.start, FIRST_YEAR), min(first.start + years - 1, LAST_YEAR) + 1):
        year = FinancialYear(start)
        amount = part_of_year(annual, year, max(statement.effective_on, year.first_day))
        for customer, part in zip(statement.customers, apportion(amount, weights), strict=True):
            parts = apportion(part, [1] * len(statement.functions)) if statement.functions else []
            for function, pence in zip(statement.functions, parts, strict=True):
                figures[statement.initiative, customer, function, start, stage] = pence
    return figures


def savings_pack(day: date) -> RulePack | None:
    """Return the rules of savings of a day."""
    return next(iter(in_force(PACKS, day, subject="savings")), None)


def planned_to_date(amount_pence: int, year: FinancialYear, phasing: Sequence[int], as_at: date) -> int:
    """Return what of a year's saving is due by the end of a day: by days, or by the parts of its months."""
    if as_at < year.first_day:
        return 0
    if as_at >= year.last_day:
        return amount_pence
    if not phasing:
        return nearest_penny(Fraction(amount_pence * days_of(year.first_day, as_at), year.days))
    month = (as_at.month - 4) % 12
    first = as_at.replace(day=1)
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    of_month = Fraction((as_at - first).days + 1, (after - first).days)
    parts = sum(phasing[:month]) + phasing[month] * of_month
    return nearest_penny(amount_pence * parts / sum(phasing))


def rating(realised_pence: int, due_pence: int, pack: RulePack | None) -> str:
    """Return `green`, `amber` or `red` from what is realised of what is due; `not_due` where nothing is."""
    if due_pence <= 0:
        return "not_due"
    part = Fraction(realised_pence, due_pence)
    if pack is None or part >= Fraction(pack.values["green_from"]):
        return "green"
    return "amber" if part >= Fraction(pack.values["amber_from"]) else "red"


@dataclass(frozen=True, slots=True)
class RealisationRate:
    """What of forecast savings of a function was realised, over ended years."""

    function: str
    count: int
    rate: Fraction
    lowest: Fraction
    median: Fraction
    highest: Fraction


def learned_rates(outcomes: Iterable[tuple[str, int, int]]) -> list[RealisationRate]:
    """Return the rates by function from (function, forecast, realised); a forecast of nothing teaches nothing."""
    of_function: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for function, forecast, got in outcomes:
        if forecast > 0:
            of_function[function].append((forecast, got))
    rates = []
    for function, pairs in sorted(of_function.items()):
        each = [Fraction(got, forecast) for forecast, got in pairs]
        pooled = Fraction(sum(got for _, got in pairs), sum(forecast for forecast, _ in pairs))
        rates.append(RealisationRate(function, len(each), pooled, min(each), Fraction(median(each)), max(each)))
    return rates
