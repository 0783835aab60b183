"""Reads and locks the records around successions of CCGs, from which their mergers follow."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
from sqlalchemy import Text, any_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.temporal.believed import about
from libs.organisations.statements import Facet
from services.registry.core.kinds import Kind
from services.registry.core.recording import COMMAND
from services.registry.imports.mergers import Life, MergerRecords, by_group
from services.registry.mergers.models import WHOLE, Merger
from services.registry.mergers.queries import agreed_mergers_of

# Thousands of codes are joined, not looked for in an array: each row in the whole list took 38 s (November 2026).
_AROUND = """
WITH named AS MATERIALIZED (SELECT unnest($1::text[]) AS code)
SELECT s.code FROM succession_statement s JOIN named ON s.successor = named.code
 UNION SELECT s.successor FROM succession_statement s JOIN named USING (code) WHERE s.code <> s.successor
 UNION SELECT other.code FROM named JOIN succession_statement mine USING (code)
         JOIN succession_statement other USING (successor, effective_on)
"""

_LOCK = "SELECT code FROM organisation WHERE code = ANY($1) ORDER BY code FOR UPDATE"

_CCGS = f"""
SELECT DISTINCT o.code FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id
 WHERE o.code = ANY($1) AND {about("s", Facet.KIND)} AND s.value = $2
"""  # noqa: S608  (only names of ours are put in)

_SAID = """
SELECT DISTINCT code, successor, effective_on, stated_at, source, rank FROM succession_statement
 WHERE holds AND merger = '' AND code <> successor AND code = ANY($1) AND successor = ANY($1) AND source <> $2
"""

_LIVES = f"""
SELECT o.code, s.stated_at, s.source, max(s.rank) AS rank,
       array_agg(lower(s.valid) ORDER BY s.valid, s.value) FILTER (WHERE {about("s", Facet.LIFE)}) AS days,
       array_agg(s.value ORDER BY s.valid, s.value) FILTER (WHERE {about("s", Facet.LIFE)}) AS statuses,
       min(s.value) FILTER (WHERE {about("s", Facet.NAME)} AND s.fills_before) AS name,
       min(lower(s.valid)) FILTER (WHERE {about("s", Facet.NAME)} AND s.fills_before) AS named_on
  FROM organisation o JOIN organisation_statement s ON s.subject_id = o.id AND {about("s", Facet.LIFE, Facet.NAME)}
 WHERE o.code = ANY($1)
 GROUP BY o.code, s.stated_at, s.source ORDER BY o.code, s.stated_at, s.source
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class Around:
    """The codes that mergers of some bodies may concern, and the recorded mergers among them, locked."""

    codes: set[str]
    mergers: list[Merger]


async def around(session: AsyncSession, connection: asyncpg.Connection, codes: Collection[str]) -> Around:
    """Lock the mergers around these codes, before organisations, as every command does."""
    found = {row["code"] for row in await connection.fetch(_AROUND, sorted(codes))} | set(codes)
    # One array, because a file of successions names more codes than a statement can have parameters.
    named = literal(sorted(found), ARRAY(Text))
    mergers = await session.scalars(
        select(Merger)
        .where(or_(Merger.successor == any_(named), Merger.predecessors.overlap(named)))
        .order_by(Merger.reference)
        .options(*WHOLE)
        .with_for_update(of=Merger)
        .execution_options(populate_existing=True)
    )
    return Around(found, list(mergers))


async def lock(connection: asyncpg.Connection, codes: Collection[str]) -> None:
    """Lock those of the bodies that exist, in sorted order."""
    await connection.execute(_LOCK, sorted(codes))


async def records_around(session: AsyncSession, connection: asyncpg.Connection, of: Around) -> MergerRecords:
    """Return what files have stated about the CCGs among these codes."""
    codes = sorted(of.codes)
    ccgs = [row["code"] for row in await connection.fetch(_CCGS, codes, Kind.CCG)]
    by_successor: dict[str, list[Merger]] = defaultdict(list)
    for merger in of.mergers:
        by_successor[merger.successor].append(merger)
    rows: list[tuple[str, str, date, datetime, str, int]] = [
        tuple(row) for row in await connection.fetch(_SAID, ccgs, COMMAND)
    ]
    said = by_group(rows)
    parts = {code for (successor, _), words in said.items() for code in (successor, *(one.code for one in words))}
    return MergerRecords(
        said=said,
        lives=await _lives(connection, parts),
        mergers=by_successor,
        agreed=await agreed_mergers_of(session, parts),
    )


async def _lives(connection: asyncpg.Connection, codes: Collection[str]) -> dict[str, list[Life]]:
    lives: dict[str, list[Life]] = defaultdict(list)
    for row in await connection.fetch(_LIVES, sorted(codes)):
        steps = tuple(zip(row["days"] or (), row["statuses"] or (), strict=True))
        lives[row["code"]].append(
            Life(row["stated_at"], row["source"], row["rank"], steps, row["name"] or "", row["named_on"])
        )
    return lives
