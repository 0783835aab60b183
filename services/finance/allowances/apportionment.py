"""Computes how successions move allowances within a financial year: pure arithmetic, by days, to the penny.

A year begins with the allowances set: one part for each body. A merger splits each predecessor's part by days: it keeps
the days before, and releases the rest to the successor. A split or a boundary change moves exact shares of that rest,
by largest remainder. Nothing is lost or added: all parts together always sum to the allowances set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from libs.common.money import apportion
from libs.common.process.clock import start_of
from libs.organisations.mergers import Merger
from services.finance.core.years import FinancialYear, day_before, days_of
from services.finance.lines.successions import BudgetStep


@dataclass(frozen=True, slots=True)
class Part:
    """A body's part of a year, first and last day included: as set (`merger` is None), or by a merger.

    `stated_at` is when the body itself stated it; None where it was counted, on the boundaries of its first day.
    """

    organisation: str
    first_day: date
    last_day: date
    amount_pence: int
    population: int
    pack: str
    merger: str | None = None
    stated_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Restatement:
    """The amount moved by a succession in one year: `released_pence` of the predecessors, in order, sum to it."""

    successor: str
    merger: str
    first_day: date
    last_day: date
    amount_pence: int
    population: int
    predecessors: tuple[str, ...]
    released_pence: tuple[int, ...]
    pack: str


@dataclass(frozen=True, slots=True)
class Year:
    """All parts of a year, and the restatements that led to them, in order."""

    parts: tuple[Part, ...]
    restatements: tuple[Restatement, ...]


def restated(
    year: FinancialYear, allowances: Iterable[Part], mergers: Iterable[Merger], divisions: Iterable[BudgetStep] = ()
) -> Year:
    """Return the year after its successions; `allowances` are as set, at most one for each body.

    A merger from before the year moves everything; one from after it nothing: prior periods are not restated.
    """
    held = {part.organisation: [part] for part in allowances}
    restatements: list[Restatement] = []
    successions: list[Merger | BudgetStep] = [*mergers, *divisions]
    for one in sorted(successions, key=_order):
        if one.effective_on <= year.last_day:
            day = max(one.effective_on, year.first_day)
            if isinstance(one, Merger):
                restatements += _carry_out(one, day, held)
            elif one.effective_on > year.first_day or _was_stated_before(one, day, held):
                restatements += _divide(one, day, held)
    parts = sorted(
        (part for own in held.values() for part in own), key=lambda part: (part.organisation, part.first_day)
    )
    return Year(tuple(parts), tuple(restatements))


def _order(one: Merger | BudgetStep) -> tuple[date, str]:
    return one.effective_on, one.reference if isinstance(one, Merger) else one.key


def _carry_out(merger: Merger, day: date, held: dict[str, list[Part]]) -> list[Restatement]:
    """Move the predecessors' amounts from `day` to the successor; nothing where they have none."""
    released = {code: part for code in sorted({*merger.predecessors}) if (part := _release(code, day, held))}
    return [_receive(merger.successor, merger.reference, day, released, held)] if released else []


def _divide(step: BudgetStep, day: date, held: dict[str, list[Part]]) -> list[Restatement]:
    """Move shares of a body's amount from `day` to its successors; the rest stays with it."""
    part = _release(step.code, day, held)
    if part is None:
        return []
    shares = [share for _, share in step.shares]
    weights = [*shares, 1 - sum(shares)]
    amounts, people = apportion(part.amount_pence, weights), apportion(part.population, weights)
    if weights[-1] > 0:
        held[step.code].append(replace(part, amount_pence=amounts[-1], population=people[-1]))
    return [
        _receive(
            successor,
            f"{step.code}>{successor} {step.effective_on.isoformat()}",
            day,
            {step.code: replace(part, amount_pence=amounts[number], population=people[number])},
            held,
        )
        for number, (successor, _) in enumerate(step.shares)
    ]


def _was_stated_before(step: BudgetStep, day: date, held: dict[str, list[Part]]) -> bool:
    """Whether what all its bodies have for a day was stated before a step from before the year.

    What was stated or counted afterwards is on the boundaries of its own day.
    """
    codes = {step.code, *(successor for successor, _ in step.shares)}
    has = [part for code in codes for part in held.get(code, ()) if part.last_day >= day]
    return all(part.stated_at is not None and part.stated_at < start_of(step.effective_on) for part in has)


def _receive(
    successor: str, reference: str, day: date, released: dict[str, Part], held: dict[str, list[Part]]
) -> Restatement:
    # A successor's own amount for these days is included, so that it never has two parts for one day.
    if successor not in released and (own := _release(successor, day, held)):
        released[successor] = own
    given = list(released.values())
    stated = [part.stated_at for part in given if part.stated_at is not None]
    received = Part(
        organisation=successor,
        first_day=day,
        last_day=max(part.last_day for part in given),
        amount_pence=sum(part.amount_pence for part in given),
        population=sum(part.population for part in given),
        pack=", ".join(sorted({part.pack for part in given})),
        merger=reference,
        stated_at=max(stated) if len(stated) == len(given) else None,
    )
    held.setdefault(successor, []).append(received)
    return Restatement(
        successor=successor,
        merger=reference,
        first_day=received.first_day,
        last_day=received.last_day,
        amount_pence=received.amount_pence,
        population=received.population,
        predecessors=tuple(released),
        released_pence=tuple(part.amount_pence for part in given),
        pack=received.pack,
    )


def _release(code: str, day: date, held: dict[str, list[Part]]) -> Part | None:
    """Take a body's part from `day`; it keeps the days before. A body has at most one such part."""
    for part in held.get(code, ()):
        if part.last_day >= day:
            kept, rest = split(part, day)
            held[code].remove(part)
            held[code] += [kept] if kept else []
            return rest
    return None


def split(part: Part, day: date) -> tuple[Part | None, Part]:
    """Split a part at `day`; the amounts are in proportion to the days."""
    if part.first_day >= day:
        return None, part
    weights = [days_of(part.first_day, day_before(day)), days_of(day, part.last_day)]
    before, after = apportion(part.amount_pence, weights)
    return replace(part, last_day=day_before(day), amount_pence=before), replace(
        part, first_day=day, amount_pence=after
    )


@dataclass(frozen=True, slots=True)
class Stated:
    """An allowance as set by a statement of `stated_at`; it holds until a later one of its rank or a higher one."""

    part: Part
    stated_at: datetime
    rank: int = 0

    @property
    def dated_part(self) -> Part:
        """The part, with when it was stated where the body itself did so."""
        return self.part if self.rank else replace(self.part, stated_at=self.stated_at)


@dataclass(frozen=True, slots=True)
class KnownAmount:
    """A part or a restatement, with the instants from and until (None: until now) which it was believed."""

    what: Part | Restatement
    known_from: datetime
    known_to: datetime | None


def beliefs(
    year: FinancialYear, stated: Iterable[Stated], mergers: Iterable[Merger], divisions: Iterable[BudgetStep] = ()
) -> list[KnownAmount]:
    """Return everything that was believed about a year, in the order in which it became known.

    It is a function of the set of statements and successions alone: their order of arrival makes no difference.
    """
    statements = sorted(stated, key=lambda statement: (statement.rank, statement.stated_at))
    merged, divided = list(mergers), list(divisions)
    instants = {statement.stated_at for statement in statements} | {merger.stated_at for merger in merged}
    instants |= {merger.undone_at for merger in merged if merger.undone_at}
    instants |= {one for step in divided for one in (step.known_from, step.known_to) if one}
    found: list[KnownAmount] = []
    current: Mapping[Part | Restatement, datetime] = {}
    for instant in sorted(instants):
        allowances = {s.part.organisation: s.dated_part for s in statements if s.stated_at <= instant}
        state = restated(
            year,
            allowances.values(),
            [merger for merger in merged if merger.is_believed_at(instant)],
            [step for step in divided if step.is_believed_at(instant)],
        )
        now: list[Part | Restatement] = [*state.restatements, *state.parts]
        found += [KnownAmount(what, since, instant) for what, since in current.items() if what not in now]
        current = {what: current.get(what, instant) for what in now}
    found += [KnownAmount(what, since, None) for what, since in current.items()]
    return sorted(found, key=lambda belief: belief.known_from)
