"""Reads what takes effect on a day: facets and links of bodies, successions, mergers, cover of areas."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from libs.common.database.connection import Reads
from libs.common.temporal.believed import about, as_known, holds
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.models import area_time, tie_time, timeline
from services.registry.crosswalks.views import ChangeCursor, ChangeView, What


def _turns(beliefs: str, *facets: Facet) -> str:
    """Return SQL that pairs what begins with what ends on the same days, as the row `turn`; of some facets, or all."""
    of_these = f" AND {about('b', *facets)}" if facets else ""
    return f"""
       (SELECT subject_id, facet, value, lower(valid) AS day, lower(known) AS known_from FROM {beliefs} b
         WHERE lower(valid) BETWEEN $1 AND $2 AND {as_known("b", "$3")}{of_these}) now
  FULL JOIN
       (SELECT subject_id, facet, value, upper(valid) AS day, lower(known) AS known_from FROM {beliefs} b
         WHERE upper(valid) BETWEEN $1 AND $2 AND {as_known("b", "$3")}{of_these}) old
       USING (subject_id, facet, day) AS turn
"""  # noqa: S608  (only names of ours are put in)


_NAMES = {
    Facet.NAME: "rename",
    Facet.PARENT: "parent",
    Facet.KIND: "kind",
    Facet.LEGAL: "legal status",
    Facet.ADDRESS: "address",
    Facet.LEGAL_FORM: "legal form",
    Facet.REMIT: "remit",
    Facet.LOCAL_OFFICE: "local office",
    Facet.STP: "STP",
    Facet.ICB: "ICB",
    Facet.REGION: "region",
}


# The first statement about a body is no change, except for its life, its status in law, and a parent that it joins
# after its first day.
def _of_bodies(*facets: Facet) -> str:
    return f"""
SELECT day, CASE {" ".join(f"WHEN {about('turn', facet)} THEN '{name}'" for facet, name in _NAMES.items())}
            WHEN now.value = 'open' THEN 'opening' WHEN now.value = 'closed' THEN 'closure'
            ELSE 'proposal' END,
       o.code, old.value, now.value, '', greatest(now.known_from, old.known_from)
  FROM {_turns(timeline.beliefs, *facets)}
  JOIN organisation o ON o.id = subject_id
 WHERE CASE WHEN {about("turn", Facet.LIFE, Facet.LEGAL)} THEN now.value IS NOT NULL
            WHEN {about("turn", Facet.PARENT)} THEN old.value IS NOT NULL OR EXISTS (
                 SELECT FROM organisation_belief life
                  WHERE life.subject_id = o.id AND {about("life", Facet.LIFE)} AND {holds("life", "(day - 1)", "$3")})
            ELSE old.value IS NOT NULL AND now.value IS NOT NULL END
"""  # noqa: S608  (only names of ours are put in)


_OF_TIES = f"""
SELECT day, CASE WHEN sort LIKE 'code:%' THEN 'identifier' WHEN sort = 'role' THEN 'role' ELSE 'relation' END, code,
       CASE WHEN old.value IS NULL THEN NULL WHEN sort = 'role' OR sort LIKE 'code:%' THEN other
            ELSE concat_ws(' ', sort, nullif(old.value, '*')) END,
       CASE WHEN now.value IS NULL THEN NULL WHEN sort = 'role' OR sort LIKE 'code:%' THEN other
            ELSE concat_ws(' ', sort, nullif(now.value, '*')) END,
       CASE WHEN sort LIKE 'code:%' THEN substr(sort, 6) WHEN sort = 'role' THEN '' ELSE other END,
       greatest(now.known_from, old.known_from)
  FROM {_turns(tie_time.beliefs)}
  JOIN tie ON tie.id = subject_id
"""  # noqa: S608  (only names of ours are put in)

# The first body that covers an area is no change: which one covered it before is not known.
_OF_AREAS = f"""
SELECT day, 'area', area.code, old.value, now.value, '', greatest(now.known_from, old.known_from)
  FROM {_turns(area_time.beliefs)}
  JOIN area ON area.id = subject_id WHERE old.value IS NOT NULL
"""  # noqa: S608  (only names of ours are put in)

_OF_SUCCESSIONS = f"""
SELECT effective_on, 'succession', code, NULL, concat_ws(' ', nullif(shape, ''), nullif(share, '')), successor,
       lower(known)
  FROM succession WHERE effective_on BETWEEN $1 AND $2 AND {as_known("succession", "$3")} AND code <> successor
"""  # noqa: S608  (only names of ours are put in)

_OF_MERGERS = """
SELECT plan.effective_on, 'merger', m.successor, array_to_string(coalesce(plan.predecessors, m.predecessors), ' '),
       plan.status, m.reference, plan.stated_at
  FROM merger m
 CROSS JOIN LATERAL (SELECT * FROM merger_plan plan WHERE plan.merger_id = m.id AND plan.stated_at <= $3
                      ORDER BY plan.stated_at DESC, plan.number DESC LIMIT 1) plan
 WHERE plan.effective_on BETWEEN $1 AND $2 AND plan.status <> 'withdrawn'
"""

_OF_ONE: Mapping[str, str] = {
    "area": _OF_AREAS,
    "identifier": _OF_TIES,
    "relation": _OF_TIES,
    "role": _OF_TIES,
    "merger": _OF_MERGERS,
    "succession": _OF_SUCCESSIONS,
}
"""Where changes of one type are that are not of one facet of a body."""
_OF_FACET = {name: _of_bodies(facet) for facet, name in _NAMES.items()}
_OF_LIVES = _of_bodies(Facet.LIFE)

_FACET_OF = ", ".join(
    f"('{what}', {facet:d})"
    for what, facet in [
        *((name, facet) for facet, name in _NAMES.items()),
        *((turn, Facet.LIFE) for turn in ("opening", "closure", "proposal")),
    ]
)

# Of the page alone: whether its day is the one since which a source states the new value, or on which it was seen.
_SEEN = f"""
SELECT day, what, code, before, after, other, known_from,
       after IS NOT NULL AND EXISTS (SELECT FROM organisation_statement s WHERE {{first}} AND s.fills_before)
       AND NOT EXISTS (SELECT FROM organisation_statement s WHERE {{first}} AND NOT s.fills_before) AS observed
  FROM page
  LEFT JOIN (VALUES {_FACET_OF}) named (what, facet) USING (what)
  LEFT JOIN organisation o USING (code)
 ORDER BY day, what, code, other, coalesce(before, ''), coalesce(after, '')
""".format(  # noqa: S608  (only names of ours are put in)
    first="s.subject_id = o.id AND s.facet = named.facet AND s.value = page.after AND lower(s.valid) = page.day"
    " AND s.stated_at <= $3::timestamptz"
)

_CHANGES = f"""
WITH changed (day, what, code, before, after, other, known_from) AS ({{of_them}}), page AS (
SELECT day, what, code, before, after, other, known_from FROM changed
 WHERE ($4::text IS NULL OR what = $4) AND ($5::text IS NULL OR code = $5)
   AND ($6::date IS NULL
        OR (day, what, code, other, coalesce(before, ''), coalesce(after, '')) > ($6, $7, $8, $9, $10, $11))
 ORDER BY day, what, code, other, coalesce(before, ''), coalesce(after, '') LIMIT $12
)
{_SEEN}"""  # noqa: S608  (only names of ours are put in)
_OF_ALL = " UNION ALL ".join((_of_bodies(), _OF_TIES, _OF_AREAS, _OF_SUCCESSIONS, _OF_MERGERS))

_AT_ONCE = 2_000
_FIRST_WINDOW = 31


@dataclass(frozen=True, slots=True)
class ChangePeriod:
    """Filters of the list of changes. The last day is included."""

    first: date
    last: date
    what: What | None = None
    code: str | None = None


async def changes(
    db: Reads, span: ChangePeriod, *, as_known: datetime | None, after: ChangeCursor | None, limit: int
) -> list[ChangeView]:
    """Return what takes effect on these days, as known at an instant, ordered by day, type and code."""
    cursor = after or (None,) * 6
    first = after[0] if after else span.first
    sql = _CHANGES.format(
        of_them=_OF_ALL if span.what is None else _OF_ONE.get(span.what) or _OF_FACET.get(span.what, _OF_LIVES)
    )
    rows = await db.fetch(sql, first, span.last, as_known or ALWAYS, span.what, span.code, *cursor, limit)
    return [ChangeView(**dict(row)) for row in rows]


async def all_changes(db: Reads, span: ChangePeriod, *, as_known: datetime | None) -> AsyncIterator[list[ChangeView]]:
    """Yield all of it in parts, the first one soon: window by window of days, wider where little happens.

    A page of the whole period sorts the whole period: fifty pages of it take fifty times as long.
    """
    first, width = span.first, _FIRST_WINDOW
    while first <= span.last:
        last = first + timedelta(days=min(width, (span.last - first).days))
        window, after, number = replace(span, first=first, last=last), None, 0
        while found := await changes(db, window, as_known=as_known, after=after, limit=_AT_ONCE):
            yield found
            number, after = number + len(found), found[-1].cursor
            if len(found) < _AT_ONCE:
                break
        width = width * 4 if number < _AT_ONCE // 4 else max(1, width // 2) if number > _AT_ONCE else width
        if last == span.last:
            return
        first = last + timedelta(days=1)
