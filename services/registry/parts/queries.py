"""Reads what parts of bodies consist of on a day: locations below them, and who covers what they list."""

from collections.abc import Collection
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, holds
from libs.common.temporal.history import ALWAYS, Days
from libs.organisations.statements import Facet
from services.registry.core.believed import believed
from services.registry.core.codes import ByCode
from services.registry.core.kinds import Kind
from services.registry.core.standing import Standing
from services.registry.cover.checks import records_of
from services.registry.cover.rules import after_a_succession
from services.registry.parts.part import Part, PartsPlan, listed_in
from services.registry.parts.rules import Passing

# By the relation to its board; where none is stated, by the register's own column.
_BELOW = f"""
SELECT DISTINCT o.code, coalesce(board.value, parent.value) AS above
  FROM organisation_belief named
  JOIN {believed("life", Facet.LIFE, subject="named.subject_id")} AND life.value = 'open'
  JOIN {believed("kind", Facet.KIND, subject="named.subject_id")} AND kind.value = '{Kind.SUB_ICB_LOCATION}'
  LEFT JOIN {believed("board", Facet.ICB, subject="named.subject_id")}
  LEFT JOIN {believed("parent", Facet.PARENT, subject="named.subject_id")}
  JOIN organisation o ON o.id = named.subject_id
 WHERE {about("named", Facet.ICB, Facet.PARENT)} AND named.value = ANY($3) AND {holds("named")}
   AND coalesce(board.value, parent.value) = ANY($3)
"""  # noqa: S608  (only names of ours are put in)


async def passing(connection: asyncpg.Connection, parts: Collection[Part], plan: PartsPlan) -> Passing:
    """Read who has what the parts list on the plan's day. The caller has locked the organisations."""
    day, codes = plan.effective_on, {part.code for part in parts}
    lists, others = {plan.successor: listed_in(parts)}, {plan.successor, *plan.predecessors, *codes}
    records = await records_of(connection, lists, day, others=others)
    after = after_a_succession(
        records.commissioners(),
        day,
        closed=plan.predecessors,
        successors=[Standing(plan.successor, plan.kind, ((Days(day), "open"),))],
    )
    return Passing(records, after, await locations_below(connection, codes, as_at=day), day)


async def locations_below(
    db: Reads, codes: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> ByCode[str]:
    """Return the open sub-ICB locations of these bodies on a day, each with the body above it."""
    return dict(await db.fetch(_BELOW, as_at, as_known or ALWAYS, sorted(codes)))
