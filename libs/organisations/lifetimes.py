"""Bounds what is believed of relations by the lives of the bodies that they name, and follows their successions.

A statement that a body belongs to another holds on those of its days on which the other was there. Once the other has
closed, the one body that followed it whole takes its place; where several did, or none, nothing is known. A relation
ends with the body itself. So a later file that writes the new commissioner into an old row moves the body on the day of
the succession, and never into a commissioner that did not exist yet.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from libs.common.temporal.history import (
    FIRST_DAY,
    LAST_DAY,
    Belief,
    Days,
    Piece,
    Statement,
    beliefs_of,
    in_order,
    shown,
    superseded,
    without,
)

ALL_DAYS = Days()
_THERE, _PROPOSED, _UNKNOWN = range(3)
"""The order of precedence of what a statement says: of a body that was open, of one that was only proposed, and of one
of which lists alone speak, on the days before the first list that names it."""

Part = tuple[str | None, Days, int, date]
"""A value, its days, its precedence, and the first day on which the body that it names was there."""


@dataclass(frozen=True, slots=True)
class Successor:
    """A body that followed another whole from a day on, as believed from an instant until another."""

    code: str
    effective_on: date
    known_from: datetime
    known_to: datetime | None


@dataclass(slots=True)
class Lifetimes:
    """What is believed of the lives and the successors of bodies, by code, in both times."""

    lives: Mapping[str, Sequence[Belief[str]]]
    successors: Mapping[str, Sequence[Successor]]
    dated: Mapping[str, datetime] = field(default_factory=dict)
    """When a register, and not only a list that names it, first gave a body's first day; lives without it begin when
    they were first seen."""
    _parts: dict[tuple[str, Days, datetime], tuple[Part, ...]] = field(default_factory=dict)
    _lives_at: dict[tuple[str, datetime], tuple[tuple[Days, str], ...]] = field(default_factory=dict)

    def at(self, code: str, known: datetime) -> tuple[tuple[Days, str], ...]:
        """Return the life of a body as known at an instant, in the order of days; empty where none is known."""
        if (life := self._lives_at.get((code, known))) is None:
            believed = [(one.days, one.value) for one in self.lives.get(code, ()) if _is_known(one, known)]
            life = self._lives_at[code, known] = tuple(sorted(believed, key=lambda one: one[0].start))
        return life

    def successor(self, code: str, known: datetime) -> tuple[str, date] | None:
        """Return the one body that followed it, with the day, as known at an instant; None of several or none."""
        followed = [one for one in self.successors.get(code, ()) if _is_known(one, known)]
        if len({one.code for one in followed}) != 1:
            return None
        return followed[0].code, min(one.effective_on for one in followed)

    def parts(self, code: str, days: Days, known: datetime) -> tuple[Part, ...]:
        """Return what a statement that names a body says of the days on which it was there, and of its successor after.

        A body of whose life nothing is known was there: nothing contradicts the statement.
        """
        # Thousands of practices joined the same commissioners on the same days.
        if (parts := self._parts.get((code, days, known))) is None:
            parts = self._parts[code, days, known] = tuple(self._said(code, days, known))
        return parts

    def _said(self, code: str, days: Days, known: datetime) -> Iterator[Part]:
        seen = {code}
        while True:
            life = self.at(code, known)
            if not life:
                yield code, days, _THERE, FIRST_DAY
                return
            if not self._is_dated(code, known) and (before := Days(end=life[0][0].start).within(days)) is not None:
                yield code, before, _UNKNOWN, before.start
            for period, status in life:
                if status in ("open", "proposed") and (there := period.within(days)) is not None:
                    yield code, there, _THERE if status == "open" else _PROPOSED, period.start
            closed = next(
                (period.start for period, status in life if status == "closed" and period.end == LAST_DAY), None
            )
            followed = self.successor(code, known)
            if closed is None or followed is None or followed[0] in seen:
                return
            after = Days(max(closed, followed[1])).within(days)
            if after is None:
                return
            code, days = followed[0], after
            seen.add(code)

    def _is_dated(self, code: str, known: datetime) -> bool:
        return code in self.dated and self.dated[code] <= known

    def instants(self, codes: Iterable[str]) -> set[datetime]:
        """Return the instants at which what is known of these bodies, or of those that followed them, changed."""
        changed: set[datetime] = set()
        left, seen = list(codes), set(codes)
        while left:
            code = left.pop()
            known: list[Belief[str] | Successor] = [*self.lives.get(code, ()), *self.successors.get(code, ())]
            for one in known:
                changed.add(one.known_from)
                if one.known_to is not None:
                    changed.add(one.known_to)
            if code in self.dated:
                changed.add(self.dated[code])
            for successor in self.successors.get(code, ()):
                if successor.code not in seen:
                    seen.add(successor.code)
                    left.append(successor.code)
        return changed


def relation_beliefs(
    statements: Sequence[Statement[str]],
    lifetimes: Lifetimes,
    *,
    of: Collection[str],
    names_bodies: bool = True,
    rules: Days = ALL_DAYS,
    before: Sequence[Statement[str]] = (),
) -> list[Belief[str]]:
    """Return every belief that follows from the statements about one relation, within the lives of the bodies.

    `of` are the bodies whose closing ends the relation. `names_bodies`: the values are codes of bodies too. `rules` are
    the days on which there is such a relation at all. `before` are statements about the relation that this one took the
    place of: they count only where nothing else is known.
    """
    if not statements and not before:
        return []
    ordered, earlier = in_order(statements), in_order(before)
    named = {one.value for one in (*ordered, *earlier) if one.value is not None} if names_bodies else set()
    first = min(one.stated_at for one in (*ordered, *earlier))
    instants = {one.stated_at for one in (*ordered, *earlier)}
    instants.update(at for at in lifetimes.instants({*named, *of}) if at > first)

    def timelines() -> Iterator[tuple[datetime, Sequence[tuple[str, Days]]]]:
        before: object = None
        layered = _Layered(), _Layered()
        timeline: Sequence[tuple[str, Days]] = ()
        for known in sorted(instants):
            closed = [days for code in of for days, status in lifetimes.at(code, known) if status == "closed"]
            parts = [_parts(one, lifetimes if names_bodies else None, known) for one in (ordered, earlier)]
            # Most of what becomes known of other bodies changes nothing for this one.
            if (now := (closed, parts)) != before:
                layers = [layer for some, of in zip(parts, layered, strict=True) if some for layer in of.with_all(some)]
                timeline = shown(_within(_joined(layers), closed, rules))
                before = now
            yield known, timeline

    return beliefs_of(timelines())


_Parts = list[tuple[Statement[str], tuple[Part, ...]]]


def _parts(statements: Sequence[Statement[str]], lifetimes: Lifetimes | None, known: datetime) -> _Parts:
    parts: _Parts = []
    for one in statements:
        if one.stated_at > known:
            break
        if lifetimes is None or one.value is None:
            parts.append((one, ((one.value, one.days, _THERE, FIRST_DAY),)))
        else:
            parts.append((one, lifetimes.parts(one.value, one.days, known)))
    return parts


class _Layered:
    """The timelines of what statements say, one for each precedence; only what is new since last time is added."""

    def __init__(self) -> None:
        self._parts: _Parts = []
        self._layers: tuple[list[Piece[str]], ...] = ([], [], [])

    def with_all(self, parts: _Parts) -> tuple[list[Piece[str]], ...]:
        """Return the timelines of these statements, which mostly are those of last time and one more."""
        if parts[: len(self._parts)] != self._parts:
            self._parts, self._layers = [], ([], [], [])
        for one, of in parts[len(self._parts) :]:
            for value, days, precedence, since in of:
                self._layers[precedence][:] = superseded(self._layers[precedence], Piece(days, value, one), floor=since)
        self._parts = parts
        return self._layers


def _joined(layers: Sequence[Sequence[Piece[str]]]) -> list[Piece[str]]:
    """Return one timeline: each layer on the days of which those before it say nothing."""
    timeline: list[Piece[str]] = list(layers[0])
    for layer in layers[1:]:
        taken = [piece.days for piece in timeline]
        added = [Piece(left, piece.value, piece.statement) for piece in layer for left in without(piece.days, taken)]
        timeline = sorted([*timeline, *added], key=lambda piece: piece.days.start)
    return timeline


def _within(timeline: Iterable[Piece[str]], closed: Sequence[Days], rules: Days) -> Iterator[Piece[str]]:
    """Yield the timeline without the days on which a body was closed, unless its source names an end after that."""
    ends = sorted(closed, key=lambda days: days.start)
    for piece in timeline:
        ruled = piece.days.within(rules)
        if ruled is None:
            continue
        stated_end = piece.statement.days.end != LAST_DAY
        for left in (ruled,) if stated_end else without(ruled, ends):
            yield Piece(left, piece.value, piece.statement)


def _is_known(one: Belief[str] | Successor, known: datetime) -> bool:
    return one.known_from <= known and (one.known_to is None or known < one.known_to)
