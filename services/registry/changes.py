"""What takes effect on which day: bodies that open and close, names, kinds and parents, successions and mergers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from libs.common.known import Reads
from services.registry.lineage import ALWAYS

What = Literal["closure", "kind", "merger", "opening", "parent", "proposal", "rename", "succession"]

# Of a name, a kind and a parent what comes first is no change. What was only observed has no first day, and is none.
_CHANGES = """
WITH began AS (
    SELECT b.subject_id, b.facet, b.value, lower(b.valid) AS day, lower(b.known) AS known_from
      FROM organisation_belief b
     WHERE lower(b.valid) BETWEEN $1 AND $2 AND b.facet IN (1, 2, 3, 4) AND b.known @> $3::timestamptz
), stopped AS (
    SELECT b.subject_id, b.facet, b.value, upper(b.valid) AS day, lower(b.known) AS known_from
      FROM organisation_belief b
     WHERE upper(b.valid) BETWEEN $1 AND $2 AND b.facet IN (1, 2, 3, 4) AND b.known @> $3::timestamptz
), changed AS (
    SELECT day, CASE facet WHEN 2 THEN 'rename' WHEN 3 THEN 'parent' WHEN 4 THEN 'kind'
                           ELSE CASE now.value WHEN 'open' THEN 'opening' WHEN 'closed' THEN 'closure'
                                               ELSE 'proposal' END END AS what,
           o.code, old.value AS before, now.value AS after, '' AS other, greatest(now.known_from, old.known_from) AS at
      FROM began now FULL JOIN stopped old USING (subject_id, facet, day) JOIN organisation o ON o.id = subject_id
     WHERE (facet = 1 AND now.value IS NOT NULL) OR (facet <> 1 AND old.value IS NOT NULL AND facet IN (2, 4)
            AND now.value IS NOT NULL) OR (facet = 3 AND old.value IS NOT NULL)
     UNION ALL
    SELECT effective_on, 'succession', code, NULL, concat_ws(' ', nullif(shape, ''), nullif(share, '')), successor,
           lower(known)
      FROM succession WHERE effective_on BETWEEN $1 AND $2 AND known @> $3::timestamptz AND code <> successor
     UNION ALL
    SELECT plan.effective_on, 'merger', m.successor, array_to_string(m.predecessors, ' '), plan.status, m.reference,
           plan.stated_at
      FROM merger m
     CROSS JOIN LATERAL (SELECT * FROM merger_plan said WHERE said.merger_id = m.id AND said.stated_at <= $3
                          ORDER BY said.stated_at DESC, said.number DESC LIMIT 1) plan
     WHERE plan.effective_on BETWEEN $1 AND $2 AND plan.status <> 'withdrawn'
)
SELECT day, what, code, before, after, other, at FROM changed
 WHERE ($4::text IS NULL OR what = $4) AND ($5::text IS NULL OR code = $5)
   AND ($6::date IS NULL OR (day, what, code, other) > ($6, $7, $8, $9))
 ORDER BY day, what, code, other LIMIT $10
"""

Place = tuple[date, str, str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that takes effect on a day. `other`: the successor of a succession, the reference of a merger.

    A merger stands under its successor, with its predecessors before and how far it is after.
    """

    day: date
    what: What
    code: str
    before: str | None
    after: str | None
    other: str
    known_from: datetime

    @property
    def place(self) -> Place:
        """Where it stands among all changes."""
        return self.day, self.what, self.code, self.other


@dataclass(frozen=True, slots=True)
class Span:
    """Which changes are asked for: those of these days, the last one included."""

    first: date
    last: date
    what: What | None = None
    code: str | None = None


async def changes(db: Reads, span: Span, *, as_known: datetime | None, after: Place | None, limit: int) -> list[Change]:
    """Return what takes effect on these days, as known at an instant, in the order of days, sorts and codes."""
    place = after or (None, None, None, None)
    known = as_known or ALWAYS
    rows = await db.fetch(_CHANGES, span.first, span.last, known, span.what, span.code, *place, limit)
    return [Change(*row) for row in rows]
