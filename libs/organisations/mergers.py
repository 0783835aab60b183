"""Read from who followed whom which bodies took over all that others had: mergers, acquisitions and abolitions."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.organisations.successions import Shape, Successions

_IN_PART = frozenset({Shape.SPLIT, Shape.BOUNDARY_CHANGE, "parent_change"})
_WHOLE_SHARE = frozenset({"", "1"})


@dataclass(frozen=True, slots=True)
class Merger:
    """From `effective_on` the successor has all that the predecessors had: known from `stated_at` to `undone_at`.

    `reference` is empty where it is no merger of CCGs or ICBs but an acquisition, an abolition or a succession whose
    source gives no shape; then there is one predecessor.
    """

    reference: str
    predecessors: tuple[str, ...]
    successor: str
    effective_on: date
    stated_at: datetime
    shape: str = Shape.MERGER
    undone_at: datetime | None = None

    @property
    def key(self) -> str:
        """What tells it from every other one: its reference, or who followed whom on which day."""
        return self.reference or f"{self.predecessors[0]}>{self.successor} {self.effective_on}"

    def is_believed_at(self, instant: datetime) -> bool:
        """Whether it was known at an instant, and not undone by then."""
        return self.stated_at <= instant and (self.undone_at is None or instant < self.undone_at)


@dataclass(frozen=True, slots=True)
class BelievedSuccession:
    """One row of what is or was believed: a succession, from when to when."""

    code: str
    successor: str
    effective_on: date
    shape: str
    share: str
    merger: str
    known_from: datetime
    known_to: datetime | None


_LINE = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.successor FROM {table} s JOIN line USING (code)
)
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {table}
 WHERE code IN (SELECT code FROM line)
    OR merger <> '' AND merger IN (SELECT merger FROM {table} JOIN line USING (code))
"""

_FROM = """
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {table} WHERE code = ANY($1)
"""

_BY_REFERENCE = """
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {table} WHERE merger <> ''
"""


async def mergers_following(
    db: Reads,
    successions: Successions,
    codes: Collection[str],
    *,
    after: date = date.min,
    as_known: datetime | None = None,
) -> list[Merger]:
    """Return, as believed and by day, the mergers through which these codes live on, from after a day on.

    However many steps away. What was undone by the instant (None: by now) is left out.
    """
    rows = await db.fetch(_LINE.format(table=successions.beliefs), sorted(codes))
    believed = [
        one
        for one in mergers_of(BelievedSuccession(*row) for row in rows)
        if (one.undone_at is None if as_known is None else one.is_believed_at(as_known))
    ]
    line, following = set(codes), list[Merger]()
    for merger in believed:
        if merger.effective_on > after and line.intersection(merger.predecessors):
            line.add(merger.successor)
            following.append(merger)
    return following


async def mergers_from(
    db: Reads, successions: Successions, codes: Collection[str], *, as_known: datetime
) -> list[Merger]:
    """Return, as believed at an instant and by day, the mergers by which one of these codes was taken over whole."""
    rows = await db.fetch(_FROM.format(table=successions.beliefs), sorted(codes))
    return [one for one in mergers_of(BelievedSuccession(*row) for row in rows) if one.is_believed_at(as_known)]


async def deciders(db: Reads, successions: Successions, codes: Collection[str], *, today: date) -> frozenset[str]:
    """Return these codes with the bodies that have taken one over whole: nothing is decided without them.

    So an account of a body that is gone binds no successor.
    """
    following = await mergers_following(db, successions, codes)
    return frozenset(codes).union(one.successor for one in following if one.effective_on <= today)


async def mergers_by_reference(db: Reads, successions: Successions) -> list[Merger]:
    """Return every merger of CCGs or ICBs that is or was believed, by day: with when it was undone."""
    rows = await db.fetch(_BY_REFERENCE.format(table=successions.beliefs))
    return mergers_of(BelievedSuccession(*row) for row in rows)


def mergers_of(rows: Iterable[BelievedSuccession]) -> list[Merger]:
    """Return which of these successions were whole, and from when to when that was known, ordered by day.

    On one day a merger comes after those whose successors it dissolves, so that a chain is followed in one pass.

    A merger of CCGs or ICBs is. Any other succession is where its body is known to have no second successor on that
    day, its share is not less than one, and its shape is not that of a split or a boundary change.
    """
    of_body: dict[tuple[str, date], list[BelievedSuccession]] = defaultdict(list)
    for row in rows:
        of_body[row.code, row.effective_on].append(row)
    whole = _Wholes(of_body)
    found: list[Merger] = []
    current: dict[_Key, Merger] = {}
    for instant in sorted({one for rows in of_body.values() for row in rows for one in _bounds(row)}):
        for key, now in whole.move_to(instant).items():
            if (merger := current.get(key)) and now != (merger.predecessors, merger.shape):
                found.append(_ended(current.pop(key), instant))
            if now:
                current.setdefault(key, Merger(key[0], now[0], *key[2:], instant, now[1]))
    found += current.values()
    establishing: dict[tuple[str, date], list[Merger]] = defaultdict(list)
    for merger in found:
        establishing[merger.successor, merger.effective_on].append(merger)

    def steps_before(merger: Merger, seen: frozenset[str] = frozenset()) -> int:
        seen = seen | {merger.key}
        before = [one for code in merger.predecessors for one in establishing.get((code, merger.effective_on), ())]
        return max((1 + steps_before(one, seen) for one in before if one.key not in seen), default=0)

    return sorted(found, key=lambda one: (one.effective_on, steps_before(one), one.key, one.stated_at))


_Key = tuple[str, str, str, date]  # reference, predecessor where there is none, successor, effective_on
_Whole = tuple[tuple[str, ...], str]  # predecessors, shape
_Body = tuple[str, date]  # a code, and the day on which it ends


class _Wholes:
    """The whole successions as they are believed from instant to instant; each step looks at those that change.

    There are as many instants as commands: looking at every body for each of them is quadratic.
    """

    def __init__(self, of_body: Mapping[_Body, Sequence[BelievedSuccession]]) -> None:
        self._of_body = of_body
        self._changing: dict[datetime, list[_Body]] = defaultdict(list)
        for body, rows in of_body.items():
            for instant in {one for row in rows for one in _bounds(row)}:
                self._changing[instant].append(body)
        self._order = {body: number for number, body in enumerate(of_body)}
        self._members: dict[_Key, dict[_Body, list[str]]] = defaultdict(dict)
        self._keys: dict[_Body, dict[_Key, None]] = defaultdict(dict)

    def move_to(self, instant: datetime) -> dict[_Key, _Whole | None]:
        """Return what is believed from this instant on of each succession that may change then; None: it is not."""
        touched: dict[_Key, None] = {}
        for body in self._changing[instant]:
            for key in self._keys.pop(body, ()):
                del self._members[key][body]
                touched[key] = None
            for key, shape in self._whole_of(body, instant):
                self._members[key].setdefault(body, []).append(shape)
                self._keys[body][key] = None
                touched[key] = None
        return {key: self._joined(self._members[key]) for key in touched}

    def _whole_of(self, body: _Body, instant: datetime) -> Iterator[tuple[_Key, str]]:
        code, day = body
        believed = [
            row
            for row in self._of_body[body]
            if row.known_from <= instant and (row.known_to is None or instant < row.known_to)
        ]
        others = {row.successor for row in believed}
        for row in believed:
            is_whole = row.shape not in _IN_PART and row.share in _WHOLE_SHARE and len(others) == 1
            if row.merger or (is_whole and code != row.successor):
                yield (row.merger, "" if row.merger else code, row.successor, day), row.shape

    def _joined(self, members: Mapping[_Body, Sequence[str]]) -> _Whole | None:
        if not members:
            return None
        bodies = sorted(members, key=self._order.__getitem__)
        return tuple(sorted(code for code, day in bodies for _ in members[code, day])), members[bodies[-1]][-1]


def _bounds(row: BelievedSuccession) -> tuple[datetime, ...]:
    return (row.known_from,) if row.known_to is None else (row.known_from, row.known_to)


def _ended(merger: Merger, instant: datetime) -> Merger:
    return Merger(
        merger.reference,
        merger.predecessors,
        merger.successor,
        merger.effective_on,
        merger.stated_at,
        merger.shape,
        undone_at=instant,
    )
