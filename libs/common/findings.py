"""Findings: what needs attention, raised once by its key, cleared once, and listed in two times.

A service has a table of them (`finding_table`), its own two event classes, and its kinds; `Findings` does the rest.
Due work finds in the order of days: `in_order_of_days` keeps the last day of each routine (`look_table`).
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import wraps
from typing import Any, Final, NamedTuple, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.events import Event
from libs.common.identity import Caller
from libs.common.messaging import outbox

_AT_ONCE: Final = 1_000
"""Findings raised or cleared by one statement: what is published of them is built in memory."""
_NOW: Final = datetime.max.replace(tzinfo=UTC)
# Lists have no commas between their parts: arrays of arrays must be rectangular in SQL.
_BETWEEN: Final = "\x1f"
_EXPOSURE: Final = "exposure_pence"
FINDING: Final = "finding"
"""The table of findings, where a service names no other."""

_RAISE = """
INSERT INTO {table} (key, kind, about, parties, due_on, text, raised_on, raised_at{column})
SELECT k, s, string_to_array(a, $10), string_to_array(p, $10), d, x, r, $8{value}
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::date[], $9::bigint[])
       WITH ORDINALITY AS new (k, s, a, p, d, x, r, e, n)
 ORDER BY n
    ON CONFLICT (key) WHERE cleared_at IS NULL DO NOTHING
RETURNING key
"""

_CLEAR = """
UPDATE {table} SET cleared_on = $2, cleared_at = greatest($3, raised_at), reason = $4
 WHERE key = ANY($1) AND cleared_at IS NULL
RETURNING key, kind, about, parties, cleared_at
"""

# $1 the day, $2 the instant, $3 the codes that the caller reads through (null: all).
_LIST = """
SELECT id, key, kind, about, parties, due_on, text, raised_on, raised_at{column},
       CASE WHEN cleared_at <= $2 THEN cleared_on END AS cleared_on,
       CASE WHEN cleared_at <= $2 THEN reason END AS reason,
       coalesce(due_on, 'infinity'::date) AS by_day
  FROM {table}
 WHERE raised_at <= $2 AND raised_on <= $1 AND ($3::text[] IS NULL OR parties && $3)
   AND ($4::text IS NULL OR kind = $4)
   AND ($5::text IS NULL OR about @> ARRAY[$5])
   AND ($6::text IS NULL OR parties @> ARRAY[$6])
   AND ($7::bool OR cleared_at IS NULL OR cleared_at > $2 OR cleared_on > $1)
   AND ($8::date IS NULL OR (coalesce(due_on, 'infinity'::date), id) > ($8::date, $9::bigint))
 ORDER BY coalesce(due_on, 'infinity'::date), id LIMIT $10
"""


_LAST_LOOK = "SELECT day FROM finding_look WHERE routine = $1"
_LOOK = """
INSERT INTO finding_look AS look (routine, day) VALUES ($1, $2)
    ON CONFLICT (routine) DO UPDATE SET day = excluded.day WHERE look.day < excluded.day
"""

FindRoutine: TypeAlias = Callable[..., Awaitable[int]]
"""A routine of due work that raises and clears findings so that they are as on `up_to`; it returns how many changed."""


def look_table(metadata: MetaData) -> Table:
    """Return a service's table of the last day as on which each routine of due work found something."""
    return Table(
        "finding_look", metadata, Column("routine", Text, primary_key=True), Column("day", Date, nullable=False)
    )


def in_order_of_days(routine: str) -> Callable[[FindRoutine], FindRoutine]:
    """Let a routine do nothing on a day before the last one as on which it found something.

    What was so on an earlier day would raise again what is settled, and clear what is not: a clock is moved back, or an
    operator names a day of the past.
    """

    def in_order(find: FindRoutine) -> FindRoutine:
        @wraps(find)
        async def find_in_order(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
            last = await (await raw(session)).fetchval(_LAST_LOOK, routine)
            if last is not None and last > up_to:
                return 0
            found = await find(session, up_to=up_to, stated_at=stated_at, by=by)
            if found:
                await (await raw(session)).execute(_LOOK, routine, up_to)
            return found

        return find_in_order

    return in_order


def finding_table(metadata: MetaData, *, with_exposure: bool = False, name: str = FINDING) -> Table:
    """Return a service's table of findings: one row from when a finding was raised until it was cleared.

    `key` names what was found; of one key at most one row is open. Days say from when it was so, instants since when
    it is known. `with_exposure`: it has what missing the day costs too. `name` is another where a service has a table
    of that name.
    """
    exposure = [Column(_EXPOSURE, BigInteger)] if with_exposure else []
    return Table(
        name,
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("key", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("about", ARRAY(Text), nullable=False),
        Column("parties", ARRAY(Text), nullable=False),
        Column("due_on", Date),
        *exposure,
        Column("text", Text, nullable=False),
        Column("raised_on", Date, nullable=False),
        Column("raised_at", DateTime(timezone=True), nullable=False),
        Column("cleared_on", Date),
        Column("cleared_at", DateTime(timezone=True)),
        Column("reason", Text),
        CheckConstraint("(cleared_on IS NULL) = (cleared_at IS NULL)", name="cleared_whole"),
        Index(f"uq_{name}_open", "key", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index(f"ix_{name}_parties", "parties", postgresql_using="gin"),
        Index(f"ix_{name}_about", "about", postgresql_using="gin"),
        Index(f"ix_{name}_order", text("coalesce(due_on, 'infinity'::date)"), "id"),
    )


class NewFinding(NamedTuple):
    """Something that needs attention, so from `effective_on`; the same `key` is the same finding.

    `about` are references and codes, `parties` the bodies whom it concerns: they alone read it. `exposure_pence` is
    what missing `due_on` costs, None where that is not known. `text` is a sentence of codes, names and figures, without
    anything that a person typed.
    """

    key: str
    kind: StrEnum
    about: Sequence[str]
    parties: Sequence[str]
    text: str
    effective_on: date
    due_on: date | None = None
    exposure_pence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Filters of the list of findings; None leaves a filter out."""

    kind: str | None = None
    about: str | None = None
    party: str | None = None
    with_cleared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """A service's findings, with the events that publish them; see `finding_table` for `with_exposure`."""

    raised: type[Event]
    cleared: type[Event]
    with_exposure: bool = False
    table: str = FINDING

    async def raise_all(self, session: AsyncSession, findings: Sequence[NewFinding], *, stated_at: datetime) -> int:
        """Raise the findings that are not open; publish each. Return how many are new."""
        ordered = list({one.key: one for one in findings}.values())
        raised = 0
        for start in range(0, len(ordered), _AT_ONCE):
            raised += await self._raise(session, ordered[start : start + _AT_ONCE], stated_at)
        return raised

    async def _raise(self, session: AsyncSession, ordered: Sequence[NewFinding], stated_at: datetime) -> int:
        by_key = {one.key: one for one in ordered}
        extra = {"column": f", {_EXPOSURE}", "value": ", e"} if self.with_exposure else {"column": "", "value": ""}
        rows = await (await raw(session)).fetch(
            _RAISE.format(table=self.table, **extra),
            [one.key for one in ordered],
            [one.kind.value for one in ordered],
            [_BETWEEN.join(one.about) for one in ordered],
            [_BETWEEN.join(sorted(set(one.parties))) for one in ordered],
            [one.due_on for one in ordered],
            [one.text for one in ordered],
            [one.effective_on for one in ordered],
            stated_at,
            [one.exposure_pence for one in ordered],
            _BETWEEN,
        )
        new = [by_key[row["key"]] for row in rows]
        await outbox.add_all(session, [self._raised(one, stated_at) for one in new])
        return len(new)

    async def clear_all(
        self, session: AsyncSession, keys: Collection[str], *, on: date, reason: str, stated_at: datetime
    ) -> int:
        """Clear the open findings of these keys as of a day; publish each. Return how many were open.

        `reason` is a code, such as `signed`.
        """
        ordered, cleared = sorted(set(keys)), 0
        for start in range(0, len(ordered), _AT_ONCE):
            cleared += await self._clear(session, ordered[start : start + _AT_ONCE], on, reason, stated_at)
        return cleared

    async def _clear(
        self, session: AsyncSession, keys: Sequence[str], on: date, reason: str, stated_at: datetime
    ) -> int:
        rows = await (await raw(session)).fetch(_CLEAR.format(table=self.table), keys, on, stated_at, reason)
        events = [
            self.cleared.model_validate(
                {
                    "effective_on": on,
                    "stated_at": row["cleared_at"],
                    "finding": row["key"],
                    "about": tuple(row["about"]),
                    "parties": tuple(row["parties"]),
                    "kind": row["kind"],
                    "reason": reason,
                }
            )
            for row in sorted(rows, key=lambda row: str(row["key"]))
        ]
        await outbox.add_all(session, events)
        return len(events)

    async def list_all(
        self,
        db: Reads,
        filters: FindingFilter,
        *,
        codes: Sequence[str] | None,
        as_at: date,
        as_known: datetime | None,
        after: tuple[date, int] | None,
        limit: int,
    ) -> Sequence[Mapping[str, Any]]:
        """Return what was open on the day, as known at the instant, of what concerns these codes (None: of all).

        The one that is due first comes in front, those without a day last.
        """
        rows: Sequence[Mapping[str, Any]] = await db.fetch(
            _LIST.format(table=self.table, column=f", {_EXPOSURE}" if self.with_exposure else ""),
            as_at,
            as_known or _NOW,
            codes,
            filters.kind,
            filters.about,
            filters.party,
            filters.with_cleared,
            after[0] if after else None,
            after[1] if after else None,
            limit,
        )
        return rows

    def _raised(self, finding: NewFinding, stated_at: datetime) -> Event:
        fields: dict[str, Any] = {
            "effective_on": finding.effective_on,
            "stated_at": stated_at,
            "finding": finding.key,
            "about": tuple(finding.about),
            "parties": tuple(sorted(set(finding.parties))),
            "kind": finding.kind.value,
            "due_on": finding.due_on,
            "text": finding.text,
        }
        if self.with_exposure:
            fields[_EXPOSURE] = finding.exposure_pence
        return self.raised.model_validate(fields)
