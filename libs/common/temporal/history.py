"""Computes beliefs from statements, in valid time (days) and known time (instants).

What is known is a pure function of the set of statements, in whatever order they arrive: `history` orders them by when
they were stated and returns the rectangles (days x instants) in which each value was believed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Generic, TypeVar

from libs.common.process.clock import day_of

ALWAYS = datetime.max.replace(tzinfo=UTC)
"""As known now: later than any statement."""


Value = TypeVar("Value")

FIRST_DAY, LAST_DAY = date.min, date.max

OFFICIAL = -9
"""The lowest rank of a register or an official list. What ranks lower is hearsay."""

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """Days from `start` up to, not including, `end`. `date.min` and `date.max` mean no bound."""

    start: date = FIRST_DAY
    end: date = LAST_DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def within(self, other: "Days") -> "Days | None":
        """Return the days that both have, None where there are none."""
        if self.end <= other.start or other.end <= self.start:  # most often, and sooner than by max and min
            return None
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Days(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Statement(Generic[Value]):
    """A source stated at `stated_at` that `value` holds on `days`; None states that no value holds.

    With `fills_before` the value was only observed: it also holds before, back to the previous statement, as long as
    nothing else is stated. `rank` is the source's precedence. `order` decides between two statements of one instant
    and rank: the higher one counts as later.
    """

    value: Value | None
    days: Days
    stated_at: datetime
    fills_before: bool = False
    order: int = 0
    rank: int = 0

    @property
    def attested(self) -> Days:
        """The days that its source could speak of: up to the day on which it was stated, unless it names an end.

        What it says of later days, and of days before an observation, is inferred from these.
        """
        if self.days.end != LAST_DAY:
            return self.days
        return Days(self.days.start, max(self.days.start, day_of(self.stated_at)) + _A_DAY)


@dataclass(frozen=True, slots=True)
class Belief(Generic[Value]):
    """`value` was believed of `days` from `known_from` until `known_to` (None: until now)."""

    value: Value
    days: Days
    known_from: datetime
    known_to: datetime | None


@dataclass(frozen=True, slots=True)
class Piece(Generic[Value]):
    """Days of a timeline with one value, and the statement that it comes from."""

    days: Days
    value: Value | None
    statement: Statement[Value]


def history(statements: Iterable[Statement[Value]]) -> list[Belief[Value]]:
    """Return every belief that follows from the statements. No two of them overlap in both times.

    A later statement supersedes earlier ones of its own rank or a lower one on its days, and nowhere else. One of a
    lower rank supersedes only what a higher one did not attest: rank decides between statements about the same day, not
    between a statement about a day and an older observation. Beliefs that do not change keep the start of their known
    time. Statements of the same instant count as one: nothing between them was ever believed.
    """
    return beliefs_of(_timelines(statements))


def _timelines(
    statements: Iterable[Statement[Value]],
) -> Iterator[tuple[datetime, Sequence[tuple[Value, Days]]]]:
    timeline: list[Piece[Value]] = []
    for stated_at, at_once in groupby(in_order(statements), key=lambda s: s.stated_at):
        for statement in at_once:
            timeline = superseded(timeline, Piece(statement.days, statement.value, statement))
        yield stated_at, shown(timeline)


def in_order(statements: Iterable[Statement[Value]]) -> list[Statement[Value]]:
    """Return the statements in the order in which they supersede each other."""
    return sorted(statements, key=lambda s: (s.stated_at, s.rank, s.order))


def beliefs_of(timelines: Iterable[tuple[datetime, Sequence[tuple[Value, Days]]]]) -> list[Belief[Value]]:
    """Return the beliefs that follow from what was known at each instant, in the order of instants."""
    believed: dict[tuple[Value, Days], datetime] = {}
    beliefs: list[Belief[Value]] = []
    for known_at, now in timelines:
        beliefs.extend(Belief(*gone, since, known_at) for gone, since in believed.items() if gone not in now)
        believed = {piece: believed.get(piece, known_at) for piece in now}
    beliefs.extend(Belief(*piece, since, None) for piece, since in believed.items())
    return beliefs


def superseded(timeline: Sequence[Piece[Value]], new: Piece[Value], *, floor: date = FIRST_DAY) -> list[Piece[Value]]:
    """Return the timeline with one more piece, in the order of its days. An observation fills back to `floor`."""
    days = new.days
    if new.statement.fills_before:
        start = max((piece.days.end for piece in timeline if piece.days.start < days.start), default=FIRST_DAY)
        days = Days(min(max(start, floor), days.start), days.end)
    pieces: list[Piece[Value]] = []
    kept: list[Days] = []
    for piece in timeline:
        overlap = piece.days.within(days)
        if overlap is None:
            pieces.append(piece)
            continue
        if piece.days.start < overlap.start:
            pieces.append(Piece(Days(piece.days.start, overlap.start), piece.value, piece.statement))
        if (stays := _kept(piece, new, overlap)) is not None:
            pieces.append(Piece(stays, piece.value, piece.statement))
            kept.append(stays)
        if piece.days.end > overlap.end:
            pieces.append(Piece(Days(overlap.end, piece.days.end), piece.value, piece.statement))
    pieces.extend(Piece(left, new.value, new.statement) for left in without(days, kept))
    return sorted(pieces, key=lambda piece: piece.days.start)


def _kept(piece: Piece[Value], new: Piece[Value], overlap: Days) -> Days | None:
    """Return the days of the overlap that a piece keeps, None where a new one supersedes all of them."""
    earlier, later = piece.statement, new.statement
    if earlier.rank <= later.rank:
        return None
    if later.rank < OFFICIAL <= earlier.rank or _plain(piece.value) == _plain(new.value):
        # Hearsay changes nothing that a register leads to; a list that spells a name otherwise says the same.
        return overlap
    return earlier.attested.within(overlap)


def _plain(value: object) -> str | None:
    return None if value is None else "".join(filter(str.isalnum, str(value))).casefold()


def without(days: Days, others: Iterable[Days]) -> Iterator[Days]:
    """Yield what is left of the days without the others, which are in the order of their first days."""
    start = days.start
    for other in others:
        if other.end <= start or other.start >= days.end:
            continue
        if other.start > start:
            yield Days(start, other.start)
        start = other.end
    if start < days.end:
        yield Days(start, days.end)


def shown(timeline: Iterable[Piece[Value]]) -> list[tuple[Value, Days]]:
    """Return the values with their days; neighbours of equal value are merged, so that a repetition leaves no seam."""
    pieces: list[tuple[Value, Days]] = []
    for piece in timeline:
        if piece.value is None:
            continue
        if pieces and pieces[-1][0] == piece.value and pieces[-1][1].end == piece.days.start:
            pieces[-1] = (piece.value, Days(pieces[-1][1].start, piece.days.end))
        else:
            pieces.append((piece.value, piece.days))
    return pieces
