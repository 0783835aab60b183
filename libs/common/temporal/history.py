"""Computes beliefs from statements, in valid time (days) and known time (instants).

What is known is a pure function of the set of statements, in whatever order they arrive: `history` orders them by when
they were stated and returns the rectangles (days x instants) in which each value was believed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Generic, TypeVar

ALWAYS = datetime.max.replace(tzinfo=UTC)
"""As known now: later than any statement."""


Value = TypeVar("Value")

FIRST_DAY, LAST_DAY = date.min, date.max


@dataclass(frozen=True, slots=True)
class Days:
    """Days from `start` up to, not including, `end`. `date.min` and `date.max` mean no bound."""

    start: date = FIRST_DAY
    end: date = LAST_DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True)
class Statement(Generic[Value]):
    """A source stated at `stated_at` that `value` holds on `days`; None states that no value holds.

    With `fills_before` the value was only observed: it also holds before, back to the previous statement, as long as
    nothing else is stated. `rank` is the source's precedence: a lower rank does not change days on which a higher one
    made a statement. `order` decides between two statements of one instant and rank: the higher one counts as later.
    """

    value: Value | None
    days: Days
    stated_at: datetime
    fills_before: bool = False
    order: int = 0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Belief(Generic[Value]):
    """`value` was believed of `days` from `known_from` until `known_to` (None: until now)."""

    value: Value
    days: Days
    known_from: datetime
    known_to: datetime | None


@dataclass(frozen=True, slots=True)
class _Piece(Generic[Value]):
    days: Days
    value: Value | None
    rank: int


def history(statements: Iterable[Statement[Value]]) -> list[Belief[Value]]:
    """Return every belief that follows from the statements. No two of them overlap in both times.

    A later statement supersedes earlier ones of its own rank or a lower one on its days, and nowhere else. Beliefs that
    do not change keep the start of their known time. Statements of the same instant count as one: nothing between them
    was ever believed.
    """
    timeline: list[_Piece[Value]] = []
    believed: dict[tuple[Value, Days], datetime] = {}
    beliefs: list[Belief[Value]] = []
    in_order = sorted(statements, key=lambda s: (s.stated_at, s.rank, s.order))
    for stated_at, at_once in groupby(in_order, key=lambda s: s.stated_at):
        for statement in at_once:
            timeline = _superseded(timeline, statement)
        now = _shown(timeline)
        beliefs.extend(Belief(*gone, since, stated_at) for gone, since in believed.items() if gone not in now)
        believed = {piece: believed.get(piece, stated_at) for piece in now}
    beliefs.extend(Belief(*piece, since, None) for piece, since in believed.items())
    return beliefs


def _superseded(timeline: list[_Piece[Value]], new: Statement[Value]) -> list[_Piece[Value]]:
    """Return the timeline after one more statement, in the order of its days."""
    start = new.days.start
    if new.fills_before:
        start = max((piece.days.end for piece in timeline if piece.days.start < start), default=FIRST_DAY)
        start = min(start, new.days.start)
    pieces: list[_Piece[Value]] = []
    for piece in timeline:
        if piece.rank > new.rank or piece.days.end <= start or piece.days.start >= new.days.end:
            pieces.append(piece)
            continue
        if piece.days.start < start:
            pieces.append(_Piece(Days(piece.days.start, start), piece.value, piece.rank))
        if piece.days.end > new.days.end:
            pieces.append(_Piece(Days(new.days.end, piece.days.end), piece.value, piece.rank))
    higher = sorted((piece.days for piece in timeline if piece.rank > new.rank), key=lambda days: days.start)
    pieces.extend(_Piece(days, new.value, new.rank) for days in _without(Days(start, new.days.end), higher))
    return sorted(pieces, key=lambda piece: piece.days.start)


def _without(days: Days, others: Iterable[Days]) -> Iterator[Days]:
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


def _shown(timeline: Iterable[_Piece[Value]]) -> list[tuple[Value, Days]]:
    """Return the values with their days; neighbours of equal value are merged, so that a repetition leaves no seam."""
    shown: list[tuple[Value, Days]] = []
    for piece in timeline:
        if piece.value is None:
            continue
        if shown and shown[-1][0] == piece.value and shown[-1][1].end == piece.days.start:
            shown[-1] = (piece.value, Days(shown[-1][1].start, piece.days.end))
        else:
            shown.append((piece.value, piece.days))
    return shown
