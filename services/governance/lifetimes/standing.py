"""Reads and changes which subjects exist: pieces of a timeline as believed now, and statements after them.

Every function takes the connection of a transaction that holds the lock on the bodies concerned.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.errors import Conflict, Reason
from libs.common.temporal.believed import NOW, as_known
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement, Timeline
from services.governance.core.models import STANDS, WITH_BODY, Facet

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Piece:
    """A belief now about one facet of a subject on some days."""

    subject_id: int
    value: str
    days: Days


def days_of(first_day: date, last_day: date | None) -> Days:
    """Return the days from the first to the last one, both included; no last day means no end."""
    return Days(first_day, LAST_DAY if last_day is None else last_day + timedelta(days=1))


def last_day_of(days: Days) -> date | None:
    """Return the last day of a period, None where it has no end."""
    return None if days.end == LAST_DAY else days.end - timedelta(days=1)


def spelt(days: Days) -> str:
    """Write days as words: `from 2014-01-06 to 2016-03-31`, or `on` without an end."""
    last = last_day_of(days)
    return f"from {days.start.isoformat()} " + (f"to {last.isoformat()}" if last else "on")


async def days_standing(connection: asyncpg.Connection, timeline: Timeline, subject_id: int) -> str:
    """Write the days on which a subject exists as words, for a refusal that names the real days."""
    pieces = await pieces_from(connection, timeline, Facet.STANDS, [subject_id], FIRST_DAY)
    return ", ".join(spelt(piece.days) for piece in pieces) or "on no day"


async def not_standing(
    connection: asyncpg.Connection,
    timeline: Timeline,
    subject_id: int,
    days: Days,
    *,
    refusal: type[Conflict],
    named: str,
    field: str,
) -> list[Conflict]:
    """Return the refusal that names a subject's real days where it does not exist on every one of these days."""
    if await stands_throughout(connection, timeline, subject_id, days):
        return []
    message = f"{named} does not exist {spelt(days)}, but {await days_standing(connection, timeline, subject_id)}"
    return [refusal(message, reasons=[Reason(message, field)])]


async def state(
    connection: asyncpg.Connection, timeline: Timeline, changes: Sequence[NewStatement], *, by: str
) -> list[NewStatement]:
    """Insert the statements and update the beliefs; return the statements as inserted.

    A statement never counts as earlier than one about the same days that it changes: it is then known from a
    microsecond after that one, however late it arrived. One that changes no statement keeps its instant.
    """
    if not changes:
        return []
    rows = await connection.fetch(
        f"""
        SELECT o, (SELECT max(s.stated_at) FROM {timeline.statements} s
                    WHERE s.subject_id = i AND s.facet = f AND s.valid && daterange(b, e)) AS latest
          FROM unnest($1::int[], $2::smallint[], $3::date[], $4::date[]) WITH ORDINALITY AS new (i, f, b, e, o)
        """,  # noqa: S608  (the table name is ours)
        [change.subject_id for change in changes],
        [change.facet for change in changes],
        [_bound(change.days.start) for change in changes],
        [_bound(change.days.end) for change in changes],
    )
    latest: dict[int, datetime] = {row["o"] - 1: row["latest"] for row in rows if row["latest"] is not None}
    placed = [
        change._replace(stated_at=max(change.stated_at, latest[index] + _MOMENT)) if index in latest else change
        for index, change in enumerate(changes)
    ]
    await timeline.state(connection, placed, source="governance", by=by)
    return placed


async def pieces_from(
    connection: asyncpg.Connection, timeline: Timeline, facet: Facet, subjects: Iterable[int], day: date
) -> list[Piece]:
    """Return the beliefs about these subjects from a day, ordered by subject and day, cut off before it."""
    rows = await connection.fetch(
        f"""
        SELECT subject_id, value, lower(span) AS b, upper(span) AS e
          FROM (SELECT subject_id, value, valid * daterange($3, NULL) AS span
                  FROM {timeline.beliefs} b
                 WHERE subject_id = ANY($1) AND facet = $2 AND {as_known("b", NOW)}) AS ahead
         WHERE NOT isempty(span)
         ORDER BY subject_id, b
        """,  # noqa: S608
        list(subjects),
        facet,
        day,
    )
    return [Piece(row["subject_id"], row["value"], Days(row["b"], row["e"] or LAST_DAY)) for row in rows]


async def until_next(
    connection: asyncpg.Connection, timeline: Timeline, facet: Facet, subject_id: int, day: date
) -> date:
    """Return the first day after one from which another value is believed: what is stated now holds up to it."""
    pieces = await pieces_from(connection, timeline, facet, [subject_id], day)
    return min((piece.days.start for piece in pieces if piece.days.start > day), default=LAST_DAY)


async def end(
    connection: asyncpg.Connection,
    timeline: Timeline,
    facet: Facet,
    pieces: Sequence[Piece],
    *,
    stated_at: datetime,
    by: str,
    source: str = "",
) -> list[NewStatement]:
    """State that nothing holds on the days of these pieces."""
    changes = [NewStatement(piece.subject_id, facet, None, piece.days, stated_at, source=source) for piece in pieces]
    return await state(connection, timeline, changes, by=by)


async def ended_with_body(
    connection: asyncpg.Connection,
    timeline: Timeline,
    facet: Facet,
    subjects: Iterable[int],
    day: date,
    *,
    source: str = WITH_BODY,
) -> list[NewStatement]:
    """Return the statements that ended something with its body from a day on, unless a later one changed that."""
    # OFFSET 0 has the later ones looked up for each: the server takes thousands that were just written for a few, and
    # would go through all of them each time.
    rows = await connection.fetch(
        f"""
        SELECT subject_id, lower(valid) AS b, upper(valid) AS e, stated_at
          FROM {timeline.statements} s
         WHERE subject_id = ANY($1) AND facet = $2 AND value IS NULL AND source = $3 AND lower(valid) >= $4
           AND NOT EXISTS (
               SELECT FROM {timeline.statements} later
                WHERE later.subject_id = s.subject_id AND later.facet = s.facet AND later.valid && s.valid
                  AND later.stated_at > s.stated_at OFFSET 0)
         ORDER BY subject_id, b
        """,  # noqa: S608
        list(subjects),
        facet,
        source,
        day,
    )
    return [
        NewStatement(row["subject_id"], facet, None, Days(row["b"], row["e"] or LAST_DAY), row["stated_at"])
        for row in rows
    ]


async def stands_throughout(connection: asyncpg.Connection, timeline: Timeline, subject_id: int, days: Days) -> bool:
    """Whether the subject is believed to exist on every one of these days."""
    covered: bool | None = await connection.fetchval(
        f"""
        SELECT range_agg(valid) @> daterange($3, $4) FROM {timeline.beliefs} b
         WHERE subject_id = $1 AND facet = $2 AND {as_known("b", NOW)}
        """,  # noqa: S608
        subject_id,
        Facet.STANDS,
        _bound(days.start),
        _bound(days.end),
    )
    return bool(covered)


def standing(subject_id: int, days: Days, stated_at: datetime) -> NewStatement:
    """Return the statement that a subject exists on some days."""
    return NewStatement(subject_id, Facet.STANDS, STANDS, days, stated_at)


def _bound(day: date) -> date | None:
    return None if day in (FIRST_DAY, LAST_DAY) else day
