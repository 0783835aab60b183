"""Computes how mergers move allowances within a financial year: pure arithmetic, by days, to the penny.

A year begins with the allowances set: one part for each body. A merger splits each predecessor's part by days: it keeps
the days before, and releases the rest to the successor. Nothing is lost or added: all parts together always sum to the
allowances set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from libs.common.money import apportion
from libs.organisations.mergers import Merger
from services.finance.core.years import FinancialYear, day_before, days_of


@dataclass(frozen=True, slots=True)
class Part:
    """A body's part of a year, first and last day included: as set (`merger` is None), or by a merger."""

    organisation: str
    first_day: date
    last_day: date
    amount_pence: int
    population: int
    pack: str
    merger: str | None = None


@dataclass(frozen=True, slots=True)
class Restatement:
    """The amount moved by a merger in one year: `released_pence` of the predecessors, in order, sum to it."""

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


def restated(year: FinancialYear, allowances: Iterable[Part], mergers: Iterable[Merger]) -> Year:
    """Return the year after its mergers; `allowances` are as set, at most one for each body.

    A merger from before the year moves everything; one from after it nothing: prior periods are not restated.
    """
    held = {part.organisation: [part] for part in allowances}
    restatements = []
    for merger in sorted(mergers, key=lambda merger: (merger.effective_on, merger.reference)):
        if merger.effective_on <= year.last_day:
            restatement = _carry_out(merger, max(merger.effective_on, year.first_day), held)
            restatements += [restatement] if restatement else []
    parts = sorted(
        (part for own in held.values() for part in own), key=lambda part: (part.organisation, part.first_day)
    )
    return Year(tuple(parts), tuple(restatements))


def _carry_out(merger: Merger, day: date, held: dict[str, list[Part]]) -> Restatement | None:
    """Move the predecessors' amounts from `day` to the successor; None where they have none."""
    released = {code: part for code in sorted({*merger.predecessors}) if (part := _release(code, day, held))}
    if not released:
        return None
    # A successor's own amount for these days is included, so that it never has two parts for one day.
    if merger.successor not in released and (own := _release(merger.successor, day, held)):
        released[merger.successor] = own
    given = list(released.values())
    received = Part(
        organisation=merger.successor,
        first_day=day,
        last_day=max(part.last_day for part in given),
        amount_pence=sum(part.amount_pence for part in given),
        population=sum(part.population for part in given),
        pack=", ".join(sorted({part.pack for part in given})),
        merger=merger.reference,
    )
    held.setdefault(merger.successor, []).append(received)
    return Restatement(
        successor=merger.successor,
        merger=merger.reference,
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
    """An allowance as set by a statement of `stated_at`; it holds until a later statement about the same body."""

    part: Part
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class KnownAmount:
    """A part or a restatement, with the instants from and until (None: until now) which it was believed."""

    what: Part | Restatement
    known_from: datetime
    known_to: datetime | None


def beliefs(year: FinancialYear, stated: Iterable[Stated], mergers: Iterable[Merger]) -> list[KnownAmount]:
    """Return everything that was believed about a year, in the order in which it became known.

    It is a function of the set of statements and mergers alone: their order of arrival makes no difference.
    """
    statements = sorted(stated, key=lambda statement: statement.stated_at)
    merged = list(mergers)
    instants = {statement.stated_at for statement in statements} | {merger.stated_at for merger in merged}
    instants |= {merger.undone_at for merger in merged if merger.undone_at}
    found: list[KnownAmount] = []
    current: Mapping[Part | Restatement, datetime] = {}
    for instant in sorted(instants):
        allowances = {s.part.organisation: s.part for s in statements if s.stated_at <= instant}
        state = restated(year, allowances.values(), [merger for merger in merged if merger.is_believed_at(instant)])
        now: list[Part | Restatement] = [*state.restatements, *state.parts]
        found += [KnownAmount(what, since, instant) for what, since in current.items() if what not in now]
        current = {what: current.get(what, instant) for what in now}
    found += [KnownAmount(what, since, None) for what, since in current.items()]
    return sorted(found, key=lambda belief: belief.known_from)
