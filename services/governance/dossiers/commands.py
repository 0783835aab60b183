"""Writes the entries of dossiers as acts and events come, seals what is complete, and forgets erased values."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import governance as events
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.governance.dossiers.models import Dossier
from services.governance.dossiers.queries import Decided, find_decided, list_without_dossier, missing_steps
from services.governance.dossiers.rules import Entry, Material, entries_of
from services.governance.dossiers.sources import EVENT, MOST_AT_ONCE, RESULT, conflicts_of, new_materials
from services.governance.dossiers.steps import continues_after

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('dossiers', 0))"
"""One writer at a time: an entry's hash follows from the one before it."""
_ENTRIES = """
INSERT INTO dossier_entry (decision, number, dossier_id, key, kind, line, chain)
SELECT $1, n, $2, k, w, l, c
  FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::bytea[]) AS new (n, k, w, l, c)
"""
_VALUES = """
INSERT INTO dossier_value (decision, number, field, salt, value, person_id)
SELECT $1, n, f, s, v, p
  FROM unnest($2::int[], $3::text[], $4::bytea[], $5::text[], $6::text[]) AS new (n, f, s, v, p)
"""
_REFERENCES = """
INSERT INTO dossier_reference (decision, reference) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
"""
_AT_ONCE = 10_000
"""Marks that one piece of work takes up."""
_MARKS = "SELECT id, reference FROM dossier_mark ORDER BY id LIMIT $1"
_SEEN = "DELETE FROM dossier_mark WHERE id = ANY($1)"
_MARK = "INSERT INTO dossier_mark (reference) SELECT unnest($1::text[])"
_MARKED = "SELECT DISTINCT decision FROM dossier_reference WHERE reference = ANY($1) ORDER BY decision"
# What a decision caused names its event, which is in the log once it is published.
_PUBLISHED = """
INSERT INTO dossier_reference (decision, reference)
SELECT d, l.event_id::text
  FROM unnest($1::text[]) AS asked (d) JOIN event_log l ON l.keys @> ARRAY[d]
 WHERE l.name IN ('DecisionTaken', 'DecisionReversed')
    ON CONFLICT DO NOTHING
"""
_UNPUBLISHED = """
SELECT DISTINCT d FROM unnest($1::text[]) AS asked (d) JOIN outbox o ON o.keys @> ARRAY[d]
 WHERE o.name IN ('DecisionTaken', 'DecisionReversed')
"""
_ATTACHED = """
INSERT INTO dossier_reference (decision, reference)
SELECT $1, unnest(e.attaches) FROM dossier_event e WHERE e.event_id = ANY($2)
    ON CONFLICT DO NOTHING
"""
_LAST = "SELECT number, chain FROM dossier_entry WHERE decision = $1 ORDER BY number DESC LIMIT 1"
_CHANGED = """
SELECT decision FROM dossier WHERE sealed_at IS NULL AND part = 1 AND entries <> checked ORDER BY decision
"""
_CONTINUED = "SELECT decision, pack, opened_on FROM dossier WHERE sealed_at IS NULL AND part > 1 ORDER BY opened_on, id"
# A name that was corrected or erased is stored nowhere any longer, nor is what was said of an interest that was purged.
_FORGET = """
WITH gone AS (
    DELETE FROM dossier_value v
     USING person p, dossier_entry e
     WHERE p.id = ANY($1) AND p.id = v.person_id AND (e.decision, e.number) = (v.decision, v.number)
       AND CASE e.kind WHEN 'interest' THEN NOT EXISTS (
                SELECT FROM declared_interest i WHERE i.reference = e.line::json -> 'fields' ->> 'interest'
                   AND i.purged_on IS NULL)
           ELSE v.value <> p.display_name END
    RETURNING 1)
SELECT count(*) FROM gone
"""


async def write_dossiers(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (due work's signature)
    """Begin the dossiers of new decisions and add what came; once nothing is new, seal those that are complete.

    Personal values that are gone elsewhere go here too.
    Only dossiers about which something was recorded are looked at. What is an entry already is known by its key, so
    that nothing is repeated whenever this runs.
    """
    connection = await raw(session)
    await connection.execute(_LOCK)
    marks = await connection.fetch(_MARKS, _AT_ONCE)
    references = sorted({row["reference"] for row in marks})
    done = int(await connection.fetchval(_FORGET, references))
    for decided in await list_without_dossier(connection, references):
        done += await _begin(session, decided, up_to)
    decisions = [row["decision"] for row in await connection.fetch(_MARKED, references)]
    await connection.execute(_PUBLISHED, decisions)
    found = await new_materials(connection, decisions)
    for decision, materials in found.items():
        done += await _add(session, decision, materials, up_to)
    # What was added may attach more, what is not published yet will, and of more than is read at once the rest waits.
    full = sum(map(len, found.values())) == MOST_AT_ONCE
    again = set(decisions) if full else {*found, *(row["d"] for row in await connection.fetch(_UNPUBLISHED, decisions))}
    await connection.execute(_MARK, sorted(again))
    await connection.execute(_SEEN, [row["id"] for row in marks])
    more = len(marks) == _AT_ONCE
    return done or int(more) or await _seal_complete(session, up_to=up_to, stated_at=stated_at)


async def _begin(session: AsyncSession, decided: Decided, day: date) -> int:
    """Begin a decision's dossier where it has none: return whether it did."""
    if await session.scalar(select(Dossier.id).where(Dossier.decision == decided.decision).limit(1)):
        return 0
    expected = decided.expected
    session.add(
        Dossier(
            decision=decided.decision,
            part=1,
            opened_on=day,
            pack=expected.pack if expected else "",
            events=sorted(expected.events) if expected else [],
        )
    )
    await session.flush()
    own = sorted({decided.decision, decided.proposal, decided.subject, decided.case} - {""})
    await (await raw(session)).execute(_REFERENCES, decided.decision, own)
    return 1


async def _latest(session: AsyncSession, decision: str) -> Dossier:
    found = select(Dossier).where(Dossier.decision == decision).order_by(Dossier.part.desc()).limit(1)
    return (await session.scalars(found.with_for_update())).one()


async def _add(session: AsyncSession, decision: str, materials: Sequence[Material], day: date) -> int:
    """Add entries to the open part of a dossier, or to a further one where the last is sealed; return how many."""
    part = await _latest(session, decision)
    connection = await raw(session)
    if part.sealed_at is not None:
        assert part.head is not None
        part = Dossier(
            decision=decision,
            part=part.part + 1,
            opened_on=day,
            pack=part.pack,
            events=part.events,
            previous=part.head,
            entries=part.entries,
        )
        session.add(part)
        await session.flush()
    last = await connection.fetchrow(_LAST, decision)
    materials = await _with_conflicts(connection, materials)
    added = entries_of(materials, after=part.entries, previous=last["chain"] if last else b"")
    await _write(connection, part, added)
    part.entries += len(added)
    await session.flush()
    return len(added)


async def _with_conflicts(connection: asyncpg.Connection, materials: Sequence[Material]) -> list[Material]:
    """Return materials with the conflicts of an item before its result."""
    found: list[Material] = []
    for one in materials:
        if one.kind == RESULT:
            found += await conflicts_of(connection, one)
        found.append(one)
    return found


async def _write(connection: asyncpg.Connection, part: Dossier, added: Sequence[Entry]) -> None:
    rows = [(one.number, one.material.key, one.material.kind, one.line.decode(), one.digest) for one in added]
    await connection.execute(_ENTRIES, part.decision, part.id, *map(list, zip(*rows, strict=True)))
    values = [(one.number, v.field, v.salt, v.value, v.person) for one in added for v in one.values]
    if values:
        await connection.execute(_VALUES, part.decision, *map(list, zip(*values, strict=True)))
    events = [one.material.key.removeprefix(EVENT) for one in added if one.material.key.startswith(EVENT)]
    await connection.execute(_ATTACHED, part.decision, events)


async def _seal_complete(session: AsyncSession, *, up_to: date, stated_at: datetime) -> int:
    """Seal what is complete, and further parts once their time is over; return how many."""
    connection = await raw(session)
    decisions = [row["decision"] for row in await connection.fetch(_CHANGED)]
    decisions += [
        row["decision"]
        for row in await connection.fetch(_CONTINUED)
        if row["opened_on"] + timedelta(days=continues_after(row["pack"])) <= up_to
    ]
    sealed = 0
    for decision in decisions:
        decided = await find_decided(connection, decision)
        assert decided is not None
        part = await _latest(session, decision)
        part.checked = part.entries
        if not await missing_steps(connection, decided):
            await _seal(session, decided, part, stated_at=stated_at)
            sealed += 1
    await session.flush()
    return sealed


async def _seal(session: AsyncSession, decided: Decided, part: Dossier, *, stated_at: datetime) -> None:
    last = await (await raw(session)).fetchrow(_LAST, decided.decision)
    assert last is not None
    part.head, part.sealed_at = last["chain"], stated_at
    await session.flush()
    await outbox.add(
        session,
        events.DossierSealed(
            effective_on=day_of(stated_at),
            stated_at=stated_at,
            decision=decided.decision,
            organisation=decided.organisation,
            organisations=tuple(decided.parties),
            entries=part.entries,
            head=part.head.hex(),
            previous=part.previous.hex(),
        ),
    )
