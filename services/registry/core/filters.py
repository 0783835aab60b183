"""Builds the SQL of a list of organisations: its conditions, and what is believed of those on the page."""

from datetime import date, datetime
from typing import Any

from libs.common.database.connection import PLANNED_EACH_TIME
from libs.common.temporal.believed import about, holds
from libs.organisations.statements import UNKNOWN, Facet
from services.registry.core.believed import IN_ONE_LOOK
from services.registry.core.levels import ABOVE, COLUMNS, OWN, InLevels, within

# For the bodies of one page only, each by one look at the index of subjects: a join for each facet would read the
# beliefs about all bodies. LIMIT in the subquery makes the planner use that order.
_SHOWN = f"""
{PLANNED_EACH_TIME}
SELECT o.code, coalesce(seen.kind, 'unknown') AS kind, o.version, seen.status, seen.name, seen.parent,
       seen.since, seen.until, seen.address, o.matched, o.rank, {COLUMNS}
  FROM (SELECT o.id, o.code, o.version, {{matched}} AS matched, {{rank}} AS rank
          FROM {{bodies}} WHERE {{conditions}} ORDER BY rank, o.code LIMIT {{limit}}) o
 CROSS JOIN LATERAL (
       SELECT {IN_ONE_LOOK}, {OWN}
         FROM organisation_belief b WHERE b.subject_id = o.id AND {holds("b")}) seen
{ABOVE}
 ORDER BY o.rank, o.code
"""  # noqa: S608  (only constants of ours are put in)


class Conditions:
    """The conditions of one list, with their arguments after the day ($1) and the instant ($2).

    Only filters that are set become conditions, so that PostgreSQL can plan the query once.
    """

    def __init__(self, as_at: date, known: datetime, *, bodies: str = "organisation o") -> None:
        self.arguments: list[Any] = [as_at, known]
        self.bodies = bodies
        # The day and the instant are always arguments, whether a condition uses them or not.
        self._conditions = ["$1::date IS NOT NULL AND $2::timestamptz IS NOT NULL"]

    def of(self, argument: Any) -> str:
        """Add an argument and return its placeholder."""
        self.arguments.append(argument)
        return f"${len(self.arguments)}"

    def where(self, condition: str) -> None:
        """Add a condition."""
        self._conditions.append(condition)

    def believed(self, facet: Facet, condition: str) -> None:
        """Require that the condition, about `b.value`, is true of a facet's value on the day."""
        asked = f"{about('b', facet)} AND {condition} AND {holds('b')}"
        self.where(f"o.id IN (SELECT b.subject_id FROM organisation_belief b WHERE {asked})")  # noqa: S608  (values are arguments)

    def equals(self, facet: Facet, value: str | None) -> None:
        """Require the value of a facet on the day, unless it is None. `unknown`: that none is known."""
        if value == UNKNOWN:
            other = f"b.subject_id = o.id AND {about('b', facet)} AND b.value <> '{UNKNOWN}' AND {holds('b')}"
            self.where(f"NOT EXISTS (SELECT 1 FROM organisation_belief b WHERE {other})")  # noqa: S608  (values are arguments)
        elif value is not None:
            self.believed(facet, f"b.value = {self.of(value)}::text")

    def within(self, levels: InLevels) -> None:
        """Require that the body is in these bodies of the levels on the day."""
        for level, code in levels.items():
            self.where(f"o.id IN ({within(level, f'{self.of(code)}::text')})")

    def sql(
        self,
        limit: int,
        *,
        after: str | None,
        matched: str = "NULL::text[]",
        rank: str = "0",
        after_rank: int = 0,
    ) -> str:
        """Return the SELECT of the first of them, by rank and code, behind a cursor; `arguments` go with it."""
        if after is not None and rank == "0":
            self.where(f"o.code > {self.of(after)}")
        elif after is not None:
            self.where(f"({rank}, o.code) > ({self.of(after_rank)}::bigint, {self.of(after)}::text)")
        conditions = " AND ".join(self._conditions)
        return _SHOWN.format(
            matched=matched, rank=rank, bodies=self.bodies, conditions=conditions, limit=self.of(limit)
        )
