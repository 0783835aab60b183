"""Store who followed whom: statements are immutable, and one pure function leads from them to what is believed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import asyncpg
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    ICBMerged,
    OrganisationSucceeded,
    SuccessionReported,
    SuccessionUndone,
)
from libs.common.temporal import believed
from libs.common.temporal.history import OFFICIAL as OFFICIAL  # what ranks lower is stored, and not believed

COMMAND = "command"
"""The source of a statement whose event names none: a caller of the registry's API stated it."""

_ALWAYS = datetime.max.replace(tzinfo=UTC)


class Shape(StrEnum):
    """How one body follows another."""

    MERGER = "merger"
    """Several are dissolved and a new one is established."""
    SPLIT = "split"
    """One body continues in several, by shares."""
    ACQUISITION = "acquisition"
    """An existing body takes over another."""
    BOUNDARY_CHANGE = "boundary_change"
    """A part goes from one living body to another."""
    ABOLITION = "abolition"
    """One is abolished and another takes its functions."""
    UNKNOWN = ""
    """The source does not say."""


BOTH_CONTINUE = (Shape.BOUNDARY_CHANGE, "parent_change")
"""Shapes after which the predecessor continues for itself."""


@dataclass(frozen=True, slots=True)
class SuccessionStatement:
    """A source states that a succession holds, or that it does not, with its shape and share where it gives them."""

    code: str
    successor: str
    effective_on: date
    stated_at: datetime
    holds: bool = True
    shape: str = ""
    share: str = ""
    merger: str = ""
    rank: int = 0
    source: str = ""

    @property
    def key(self) -> tuple[str, str, date]:
        """Which succession it is about."""
        return self.code, self.successor, self.effective_on

    @property
    def identity(self) -> tuple[object, ...]:
        """What tells it from every other statement: all but its rank, which follows from its source."""
        return *self.key, self.stated_at, self.holds, str(self.shape), self.share, self.merger, self.source


@dataclass(frozen=True, slots=True)
class SuccessionBelief:
    """A succession as it was believed from `known_from` until `known_to` (None: until now)."""

    shape: str
    share: str
    merger: str
    source: str
    known_from: datetime
    known_to: datetime | None


def statements_in(event: Event, source: str = COMMAND) -> Iterable[SuccessionStatement]:
    """Return what an event states of successions, by this source where it names none itself."""
    day, at = event.effective_on, event.stated_at
    match event:
        case CCGMerged() | ICBMerged():
            source = event.source or source
            for code in event.predecessors:
                yield SuccessionStatement(
                    code, event.successor, day, at, True, Shape.MERGER, "1", event.merger, event.rank, source
                )
        case OrganisationSucceeded() | SuccessionReported():
            source = event.source or source
            yield SuccessionStatement(
                event.code, event.successor, day, at, True, event.shape, event.share, "", event.rank, source
            )
        case SuccessionUndone():
            source = event.source or source
            yield SuccessionStatement(event.code, event.successor, day, at, False, rank=event.rank, source=source)


def beliefs_of(statements: Iterable[SuccessionStatement]) -> list[SuccessionBelief]:
    """Return what follows from all statements about one succession: a pure function, whatever arrived first.

    At each instant the latest statement of the highest rank decides whether it holds. Of shape, share and merger the
    latest that gives one decides, back to the last statement that it does not hold. One below `OFFICIAL` decides
    nothing.
    """
    official = (one for one in statements if one.rank >= OFFICIAL)
    ordered = sorted(official, key=lambda one: (one.rank, one.stated_at, one.holds, one.source, one.shape, one.share))
    beliefs: list[SuccessionBelief] = []
    for at in sorted({one.stated_at for one in ordered}):
        state = _after([one for one in ordered if one.stated_at <= at])
        last = beliefs[-1] if beliefs and beliefs[-1].known_to is None else None
        if last is not None:
            if state == (last.shape, last.share, last.merger, last.source):
                continue
            beliefs[-1] = SuccessionBelief(last.shape, last.share, last.merger, last.source, last.known_from, at)
        if state is not None:
            beliefs.append(SuccessionBelief(*state, at, None))
    return beliefs


def _after(statements: Sequence[SuccessionStatement]) -> tuple[str, str, str, str] | None:
    shape = share = merger = source = ""
    holds = False
    for one in statements:
        if not one.holds:
            shape = share = merger = source = ""
        else:
            shape, share, merger = one.shape or shape, one.share or share, one.merger or merger
            source = source or one.source
        holds = one.holds
    return (shape, share, merger, source) if holds else None


# Names of tables are put in by the class below, from the code.
_STATE = """
INSERT INTO {statements}
       (code, successor, effective_on, stated_at, holds, shape, share, merger, rank, source, recorded_by)
SELECT new.*, $11
  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::bool[], $6::text[], $7::text[], $8::text[],
              $9::smallint[], $10::text[]) AS new
"""

_STATEMENTS = """
SELECT s.code, s.successor, s.effective_on, stated_at, holds, shape, share, merger, rank, source
  FROM {statements} s
  JOIN unnest($1::text[], $2::text[], $3::date[]) AS asked (code, successor, effective_on)
 USING (code, successor, effective_on)
"""

_FORGET = """
DELETE FROM {beliefs} old USING unnest($1::text[], $2::text[], $3::date[]) AS gone (code, successor, effective_on)
 WHERE old.code = gone.code AND old.successor = gone.successor AND old.effective_on = gone.effective_on
"""

_BELIEVE = """
INSERT INTO {beliefs} (code, successor, effective_on, shape, share, merger, source, known)
SELECT c, s, e, shape, share, merger, source, tstzrange(k, t)
  FROM unnest($1::text[], $2::text[], $3::date[], $4::text[], $5::text[], $6::text[], $7::text[],
              $8::timestamptz[], $9::timestamptz[]) AS new (c, s, e, shape, share, merger, source, k, t)
"""

_LINEAGE = """
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.{onto} FROM {beliefs} s JOIN line ON s.{from_} = line.code
     WHERE {known} AND s.shape <> ALL($3){so_far}
)
SELECT code FROM line WHERE code <> ALL($1)
"""

_SUCCESSORS_OF_EACH = """
WITH RECURSIVE line (root, code) AS (
    SELECT code, code FROM unnest($1::text[]) AS given (code)
     UNION
    SELECT line.root, s.successor FROM {beliefs} s JOIN line ON s.code = line.code WHERE {known}
)
SELECT root, code FROM line WHERE code <> root
"""

# Today as `process.clock` has it, from the row that keeps it: rights are asked for where no day is at hand.
TODAY = "coalesce((SELECT moved_to FROM clock), (statement_timestamp() AT TIME ZONE 'Europe/London')::date)"
"""SQL of the service's day: what a succession of a later day means for rights is not yet so."""

_SO_FAR = f"""
       AND s.effective_on <= {TODAY}"""


class Successions:
    """The statements and beliefs of who succeeded whom, in two tables under `name` in a service's metadata.

    The registry and its subscribers store them alike, so that a copy equals the registry's own for any order and any
    batches of events.
    """

    def __init__(self, metadata: MetaData, name: str) -> None:
        self.statements = f"{name}_statement"
        self.beliefs = name
        Table(
            self.statements,
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("code", Text, nullable=False),
            Column("successor", Text, nullable=False),
            Column("effective_on", Date, nullable=False),
            Column("holds", Boolean, nullable=False),
            Column("shape", Text, nullable=False),
            Column("share", Text, nullable=False),
            Column("merger", Text, nullable=False),
            Column("stated_at", DateTime(timezone=True), nullable=False),
            Column("rank", SmallInteger, nullable=False),
            Column("source", Text, nullable=False),
            Column("recorded_by", Text, nullable=False),
            Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
            UniqueConstraint(
                "code",
                "successor",
                "effective_on",
                "stated_at",
                "source",
                "holds",
                "shape",
                "share",
                "merger",
                name=f"uq_{self.statements}",
            ),
        )
        belief = Table(
            self.beliefs,
            metadata,
            Column("id", BigInteger, Identity(always=True), primary_key=True),
            Column("code", Text, nullable=False),
            Column("successor", Text, nullable=False),
            Column("effective_on", Date, nullable=False),
            # Empty where no source gives them; `share` is the exact fraction of `code` (`1/3`).
            Column("shape", Text, nullable=False),
            Column("share", Text, nullable=False),
            Column("merger", Text, nullable=False),
            Column("source", Text, nullable=False),
            Column("known", TSTZRANGE, nullable=False),
        )
        Index(
            f"uq_{self.beliefs}",
            belief.c.code,
            belief.c.successor,
            belief.c.effective_on,
            func.lower(belief.c.known),
            unique=True,
        )
        Index(None, belief.c.successor)

    async def state(
        self, connection: asyncpg.Connection, statements: Sequence[SuccessionStatement], *, by: str
    ) -> set[SuccessionStatement]:
        """Insert the statements, let what is believed follow, and return those that were new.

        The caller has locked the bodies, so that nothing is stated of them meanwhile.
        """
        if not statements:
            return set()
        by_key: dict[tuple[str, str, date], list[SuccessionStatement]] = defaultdict(list)
        keys = _columns(sorted({one.key for one in statements}), width=3)
        for row in await connection.fetch(self._sql(_STATEMENTS), *keys):
            one = SuccessionStatement(*row)
            by_key[one.key].append(one)
        earlier = {one.identity for about in by_key.values() for one in about}
        first = {one.identity: one for one in reversed(statements) if one.identity not in earlier}
        new = [one for one in statements if first.get(one.identity) is one]
        if not new:
            return set()
        # Most of an import's successions are stated for the first time: nothing was believed of those.
        if stated_again := sorted({one.key for one in new if one.key in by_key}):
            await connection.execute(self._sql(_FORGET), *_columns(stated_again, width=3))
        for one in new:
            by_key[one.key].append(one)
        await connection.execute(self._sql(_STATE), *_columns([(*one.key, *_rest(one)) for one in new], width=10), by)
        follows = [
            (*key, one.shape, one.share, one.merger, one.source, one.known_from, one.known_to)
            for key in {one.key for one in new}
            for one in beliefs_of(by_key[key])
        ]
        await connection.execute(self._sql(_BELIEVE), *_columns(follows, width=9))
        return set(new)

    async def successors(
        self, db: Reads, codes: Collection[str], *, as_known: datetime | None = None
    ) -> frozenset[str]:
        """Return every code that the given ones live on in, however many steps away, as known (default: now)."""
        return await self._line(db, codes, as_known, from_="code", onto="successor")

    async def successors_of_each(
        self, db: Reads, codes: Collection[str], *, as_known: datetime | None = None
    ) -> dict[str, frozenset[str]]:
        """Return for each of the codes every one that it lives on in, however many steps away, by one query."""
        sql = _SUCCESSORS_OF_EACH.format(beliefs=self.beliefs, known=believed.as_known("s"))
        found: dict[str, set[str]] = {code: set() for code in codes}
        for row in await db.fetch(sql, sorted(found), as_known or _ALWAYS):
            found[row["root"]].add(row["code"])
        return {code: frozenset(several) for code, several in found.items()}

    async def predecessors(
        self, db: Reads, codes: Collection[str], *, as_known: datetime | None = None, ahead: bool = False
    ) -> frozenset[str]:
        """Return every code that lives on in the given ones today, however many steps away, as known (default: now).

        Whoever acts for a successor acts for these. A body that gave up a part, or has another parent, continues and
        is none of them. `ahead` adds those that are to live on in them from a later day.
        """
        return await self._line(db, codes, as_known, from_="successor", onto="code", but=BOTH_CONTINUE, ahead=ahead)

    async def _line(
        self,
        db: Reads,
        codes: Collection[str],
        as_known: datetime | None,
        *,
        from_: str,
        onto: str,
        but: Collection[str] = (),
        ahead: bool = True,
    ) -> frozenset[str]:
        names = {"beliefs": self.beliefs, "from_": from_, "onto": onto, "known": believed.as_known("s")}
        sql = _LINEAGE.format(**names, so_far="" if ahead else _SO_FAR)
        rows = await db.fetch(sql, list(codes), as_known or _ALWAYS, list(but))
        return frozenset(row["code"] for row in rows)

    def _sql(self, template: str) -> str:
        return template.format(statements=self.statements, beliefs=self.beliefs)


def _rest(one: SuccessionStatement) -> tuple[object, ...]:
    return one.stated_at, one.holds, str(one.shape), one.share, one.merger, one.rank, one.source


def _columns(rows: Sequence[tuple[object, ...]], *, width: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
