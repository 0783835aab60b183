"""Two times for every fact: the days on which it holds, and the instants since which it is known.

What is known is a pure function of the set of statements, in whatever order they arrive: `history` orders them by when
they were stated and gives the rectangles (days x instants) in which each value was believed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

Value = TypeVar("Value")

FIRST_DAY, LAST_DAY = date.min, date.max


@dataclass(frozen=True, slots=True)
class Days:
    """Days from `start` up to, not including, `end`. `date.min` and `date.max` stand for no bound."""

    start: date = FIRST_DAY
    end: date = LAST_DAY

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True, slots=True)
class Statement(Generic[Value]):
    """A source said at `stated_at` that `value` holds on `days`. None says that nothing holds there.

    With `fills_before` the value was only observed: it also holds before, back to the next thing that was stated, since
    nobody said otherwise. `order` breaks the tie of two statements of one instant: the higher one counts as later.
    """

    value: Value | None
    days: Days
    stated_at: datetime
    fills_before: bool = False
    order: int = 0


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
    since: datetime


def history(statements: Iterable[Statement[Value]]) -> list[Belief[Value]]:
    """Return every belief that follows from the statements. No two of them overlap in both times.

    A later statement supersedes earlier ones on its days and nowhere else. Beliefs that did not change keep the instant
    since which they were known. Statements of the same instant count as one: nothing between them was ever believed.
    """
    timeline: list[_Piece[Value]] = []
    beliefs: list[Belief[Value]] = []
    for statement in sorted(statements, key=lambda s: (s.stated_at, s.order)):
        changed = _superseded(timeline, statement)
        kept = set(changed)
        beliefs.extend(
            Belief(piece.value, piece.days, piece.since, statement.stated_at)
            for piece in timeline
            if piece not in kept and piece.value is not None and piece.since < statement.stated_at
        )
        timeline = changed
    beliefs.extend(Belief(piece.value, piece.days, piece.since, None) for piece in timeline if piece.value is not None)
    return beliefs


def _superseded(timeline: list[_Piece[Value]], new: Statement[Value]) -> list[_Piece[Value]]:
    """Return the timeline after one more statement, in the order of its days."""
    start = new.days.start
    if new.fills_before:
        start = max((piece.days.end for piece in timeline if piece.days.start < start), default=FIRST_DAY)
        start = min(start, new.days.start)
    pieces = [_Piece(Days(start, new.days.end), new.value, new.stated_at)]
    for piece in timeline:
        if piece.days.end <= start or piece.days.start >= new.days.end:
            pieces.append(piece)
            continue
        if piece.days.start < start:
            pieces.append(_Piece(Days(piece.days.start, start), piece.value, new.stated_at))
        if piece.days.end > new.days.end:
            pieces.append(_Piece(Days(new.days.end, piece.days.end), piece.value, new.stated_at))
    pieces.sort(key=lambda piece: piece.days.start)
    return _without_change(timeline, _joined(pieces))


def _joined(pieces: list[_Piece[Value]]) -> list[_Piece[Value]]:
    """Join neighbours of equal value, so that a statement that repeats what is known leaves no seam."""
    joined: list[_Piece[Value]] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if last is not None and last.value == piece.value and last.days.end == piece.days.start:
            since = max(last.since, piece.since)
            joined[-1] = _Piece(Days(last.days.start, piece.days.end), piece.value, since)
        else:
            joined.append(piece)
    return joined


def _without_change(before: list[_Piece[Value]], after: list[_Piece[Value]]) -> list[_Piece[Value]]:
    """Let a piece that says what was known already keep the instant since which it was."""
    known = {(piece.days, piece.value): piece for piece in before}
    return [known.get((piece.days, piece.value), piece) for piece in after]
