"""Reads the relations of an organisation, as at a day, as known at an instant."""

from datetime import date, datetime, timedelta
from typing import Literal

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS, LAST_DAY
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_link
from services.registry.core.links import Relation
from services.registry.relations.views import RelatedView

Direction = Literal["from", "to", "both"]

_SOME = f"""
SELECT t.code, t.sort, t.other, nullif(b.value, '*'), lower(b.valid), upper(b.valid)
  FROM tie t
  JOIN {believed_link("b", day="$2", known="$3")}
 WHERE (($4 AND t.code = $1) OR ($5 AND t.other = $1))
   AND t.sort = ANY($6) AND ($7::text IS NULL OR (t.sort, t.code, t.other) > ($7, $8, $9))
   AND NOT EXISTS (
       SELECT FROM organisation o JOIN {believed("life", Facet.LIFE, day="$2", known="$3")}
        WHERE o.code IN (t.code, t.other) AND life.value = 'closed')
 ORDER BY t.sort, t.code, t.other LIMIT $10
"""  # noqa: S608  (only names of ours are put in)


async def list_relations(
    db: Reads,
    code: str,
    *,
    relation: Relation | None,
    direction: Direction,
    as_at: date,
    as_known: datetime | None,
    after: tuple[str, str, str] | None,
    limit: int,
) -> list[RelatedView]:
    """Return a page of the relations from an organisation, to it, or both, ordered by relation, code and other.

    `after` is the cursor. An organisation that has closed has no relations, whatever was stated before it closed.
    """
    sorts = [relation] if relation else list(Relation)
    rows = await db.fetch(
        _SOME,
        code,
        as_at,
        as_known or ALWAYS,
        direction in {"from", "both"},
        direction in {"to", "both"},
        sorts,
        *(after or (None, None, None)),
        limit,
    )
    return [
        RelatedView(
            code=one,
            relation=Relation(sort),
            other=other,
            share=share,
            since=start,
            last_day=None if end in (None, LAST_DAY) else end - timedelta(days=1),
        )
        for one, sort, other, share, start, end in rows
    ]
