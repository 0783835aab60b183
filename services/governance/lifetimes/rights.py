"""Ends decision rights, and returns the events about them: granted, granted again, and ended."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import asyncpg

from libs.common.events import Event
from libs.common.events.governance import DecisionRightEnded, DecisionRightGranted
from libs.common.temporal.believed import NOW, about, holds
from libs.common.temporal.history import LAST_DAY, Days
from libs.common.temporal.timeline import NewStatement
from services.governance.core.catalogue import TERM_ENDED, reasons_on
from services.governance.core.models import Facet, right_time
from services.governance.findings.models import FindingKind
from services.governance.lifetimes.standing import end, pieces_from, state

_RIGHTS = """
SELECT r.id, coalesce(nullif(r.member, ''), b.organisation) AS organisation,
       coalesce(p.reference, b.reference) AS holder, r.action, r.scope, r.value_limit_pence,
       r.limit_basis, r.recurrent, r.conditions, r.delegated_from, r.power
  FROM decision_right r JOIN body b ON b.id = r.body_id LEFT JOIN post p ON p.id = r.post_id
 WHERE r.id = ANY($1)
 ORDER BY r.id
"""
_REASONS = f"""
SELECT ended.subject_id, b.value
  FROM unnest($1::int[], $2::date[]) AS ended (subject_id, day)
  JOIN {right_time.beliefs} b USING (subject_id)
 WHERE {about("b", Facet.BECAUSE)} AND {holds("b", "ended.day", NOW)}
"""  # noqa: S608  (only names of ours are put in)
_CHANGED = "UPDATE decision_right SET version = version + 1 WHERE id = ANY($1)"


async def granted_rights(connection: asyncpg.Connection, stand: Sequence[NewStatement]) -> list[Event]:
    """Return the events of rights that stand on these days, one a right, ordered by right, then of their ends."""
    first = {one.subject_id: one for one in sorted(stand, key=lambda one: one.days.start, reverse=True)}
    last = {one.subject_id: one for one in sorted(stand, key=lambda one: one.days.end)}
    ends = [one._replace(days=Days(one.days.end)) for one in last.values() if one.days.end != LAST_DAY]
    told: list[Event] = [
        DecisionRightGranted(
            right=right_reference(row["id"]),
            organisation=row["organisation"],
            holder=row["holder"],
            action=row["action"],
            scope=row["scope"],
            limit_pence=row["value_limit_pence"],
            limit_basis=row["limit_basis"],
            recurrent=row["recurrent"],
            conditions=tuple(row["conditions"]),
            delegated_from=right_reference(row["delegated_from"]) if row["delegated_from"] else "",
            power=row["power"],
            effective_on=first[row["id"]].days.start,
            stated_at=first[row["id"]].stated_at,
        )
        for row in await _rows(connection, first)
    ]
    return told + await _ended(connection, ends, await _codes(connection, ends))


async def end_rights(
    connection: asyncpg.Connection, rights: Collection[int], on: date, *, reason: str, stated_at: datetime, by: str
) -> list[Event]:
    """End these rights from a day for a reason, by its code; return the events to publish."""
    pieces = await pieces_from(connection, right_time, Facet.STANDS, rights, on)
    gone = await end(connection, right_time, Facet.STANDS, pieces, stated_at=stated_at, by=by)
    if not gone:
        return []
    title = reasons_on(on - timedelta(days=1), subject="decision-right-endings")[reason]
    ended = sorted({change.subject_id for change in gone})
    why = [NewStatement(right, Facet.BECAUSE, title, Days(on), stated_at) for right in ended]
    await state(connection, right_time, why, by=by)
    await connection.execute(_CHANGED, ended)
    return await ended_rights(connection, gone, reason=reason)


async def ended_rights(connection: asyncpg.Connection, ends: Sequence[NewStatement], *, reason: str) -> list[Event]:
    """Return the events of rights that ended for a reason, by its code, one a right, ordered by right."""
    return await _ended(connection, ends, {one.subject_id: reason for one in ends})


def right_reference(right: int) -> str:
    """Return how events name a right: `R-12`."""
    return f"R-{right}"


def remake_finding(right: int, successor: str) -> str:
    """Return the key of the finding that a right waits for a successor, which has to make it again."""
    return f"{FindingKind.RIGHT_TO_REMAKE}:{right_reference(right)}:{successor}"


async def _ended(connection: asyncpg.Connection, ends: Sequence[NewStatement], codes: Mapping[int, str]) -> list[Event]:
    first = {one.subject_id: one for one in sorted(ends, key=lambda one: one.days.start, reverse=True)}
    return [
        DecisionRightEnded(
            right=right_reference(row["id"]),
            organisation=row["organisation"],
            holder=row["holder"],
            until=first[row["id"]].days.start - timedelta(days=1),
            reason=codes[row["id"]],
            effective_on=first[row["id"]].days.start,
            stated_at=first[row["id"]].stated_at,
        )
        for row in await _rows(connection, first)
    ]


async def _codes(connection: asyncpg.Connection, ends: Sequence[NewStatement]) -> dict[int, str]:
    """Return why each right ends, as a code: what was stated of its end, else that its term ended."""
    if not ends:
        return {}
    days = {one.subject_id: one.days.start for one in ends}
    rows = await connection.fetch(_REASONS, list(days), list(days.values()))
    stated = {row["subject_id"]: row["value"] for row in rows}
    codes = {}
    for right, day in days.items():
        listed = reasons_on(day - timedelta(days=1), subject="decision-right-endings")
        codes[right] = next((code for code, title in listed.items() if title == stated.get(right)), TERM_ENDED)
    return codes


async def _rows(connection: asyncpg.Connection, rights: Collection[int]) -> list[asyncpg.Record]:
    return await connection.fetch(_RIGHTS, list(rights)) if rights else []
