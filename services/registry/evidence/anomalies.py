"""Finds anomalies in the statements of sources, which are recorded as they arrive.

Each type is one query over all statements, so that the result does not depend on the order in which they arrived.
Nothing is dropped or corrected because of a finding. The findings as known now are stored: at the end of a transaction
those about the bodies that it touched are computed anew, by the same queries.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS, about, as_known
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import ABOVE, Facet
from services.registry.core.believed import believed
from services.registry.core.kinds import Kind
from services.registry.core.settlement import Touched, one_at_a_time
from services.registry.evidence.views import AnomalyType, AnomalyView, FindingsCountsView, FindingsCountView

MEANINGS: Mapping[AnomalyType, str] = {
    AnomalyType.JOINED_BEFORE_OPENING: "A practice belongs to `other` from `first_day`, before it opens on `last_day`.",
    AnomalyType.JOINED_LATE: (
        "A practice that opened on `first_day`, since CCGs began, has a parent from `last_day` only."
    ),
    AnomalyType.BELONGS_TO_CLOSED: "A body is stated to belong to `other` on days after that had closed.",
    AnomalyType.UNDESCRIBED_PARENT: "Bodies are stated to belong to this code, and no source describes it.",
    AnomalyType.UNDESCRIBED_IN_SUCCESSION: "This code is in a succession, and no source describes it.",
    AnomalyType.MEMBERSHIP_CONTRADICTED: (
        "A practice file names `other`; the dated memberships deny it for all of that month."
    ),
    AnomalyType.RESTATED: (
        "A later source names `other` since the very day since which an earlier one named another parent."
    ),
    AnomalyType.MOVED_WITHOUT_SUCCESSION: "A body moved to the CCG `other` from one that `other` did not succeed.",
    AnomalyType.OPEN_BY_DATES_ALONE: (
        "By a file's dates it operates from `first_day`; by its succession after `last_day`."
    ),
    AnomalyType.FOLLOWS_ITSELF: "A source states that a body follows itself.",
    AnomalyType.FOLLOWED_ON_SEVERAL_DAYS: "`other` is stated to follow it on more than one day.",
    AnomalyType.SEVERAL_SUCCESSORS: "More than one body followed it: `words` says how many others, and who.",
    AnomalyType.STILL_OPEN: "By a source `other` followed it on `first_day`; a file of `last_day` has it open.",
    AnomalyType.CLOSED_BEFORE_FOLLOWED: "It closed on `first_day`; by a source `other` followed it on `last_day`.",
    AnomalyType.CLOSED_WITHOUT_SUCCESSOR: (
        "A trust, CCG, PCT, SHA or hub has closed, and no source names a successor."
    ),
    AnomalyType.LEFT_BY_CLOSED: (
        "An open body was in `other` until that closed, and no source says where it is since: `words` has who followed."
    ),
}


# Each selects code, other, source, first day, last day, words; $1 is the instant as known.
_JOINS = f"""
SELECT o.code, (array_agg(s.value ORDER BY s.valid, s.value))[1] AS other, split_part(s.source, ':', 1) AS source,
       min(lower(s.valid)) AS joined, min(life.opened) AS opened
  FROM organisation_statement s
  JOIN organisation o ON o.id = s.subject_id
 CROSS JOIN LATERAL (SELECT min(lower(b.valid)) AS opened FROM organisation_belief b
                      WHERE b.subject_id = o.id AND {about("b", Facet.LIFE)} AND {as_known("b", "$1")}) life
 WHERE {about("s", Facet.PARENT)} AND s.value IS NOT NULL AND NOT s.fills_before AND s.stated_at <= $1::timestamptz
   AND EXISTS (SELECT 1 FROM organisation_belief k WHERE k.subject_id = s.subject_id AND {about("k", Facet.KIND)}
                  AND {as_known("k", "$1")}
                  AND k.value IN ('gp_practice', 'prescribing_cost_centre'))
 GROUP BY o.code, split_part(s.source, ':', 1)
"""  # noqa: S608  (only names of ours are put in)

_BEFORE = """
SELECT code, other, source, joined AS first_day, opened AS last_day,
       format('joins %s on %s, %s days before it opens', other, joined, opened - joined) AS words
  FROM ({joins}) joins WHERE joined < opened
"""

_LATE = """
SELECT code, other, source, opened AS first_day, joined AS last_day,
       format('opens on %s, and joins %s %s days later', opened, other, joined - opened) AS words
  FROM ({joins}) joins WHERE joined > opened AND opened >= DATE '2013-04-01'
"""

_TO_CLOSED = f"""
SELECT o.code, s.value AS other, split_part(s.source, ':', 1) AS source, lower(closed.valid) AS first_day,
       upper(s.valid) - 1 AS last_day,
       format('stays in %s to %s, which closed on %s', s.value, upper(s.valid) - 1, lower(closed.valid) - 1) AS words
  FROM organisation_statement s
  JOIN organisation o ON o.id = s.subject_id
  JOIN organisation p ON p.code = s.value
  JOIN {believed("closed", Facet.LIFE, subject="p.id", day=ALL_DAYS, known="$1")} AND closed.value = 'closed'
   AND lower(closed.valid) < upper(s.valid)
 WHERE {about("s", Facet.PARENT)} AND s.stated_at <= $1::timestamptz AND NOT s.fills_before AND NOT upper_inf(s.valid)
 GROUP BY o.code, s.value, split_part(s.source, ':', 1), s.valid, closed.valid
"""  # noqa: S608  (only names of ours are put in)

_PARENTS = f"""
SELECT s.value AS code, '' AS other, split_part(s.source, ':', 1) AS source, min(lower(s.valid)) AS first_day,
       nullif(max(coalesce(upper(s.valid) - 1, 'infinity')), 'infinity') AS last_day,
       format('%s bodies belong to it by a source', count(DISTINCT s.subject_id)) AS words
  FROM organisation_statement s LEFT JOIN organisation p ON p.code = s.value
 WHERE {about("s", Facet.PARENT)} AND s.value IS NOT NULL AND s.stated_at <= $1::timestamptz
   AND NOT EXISTS (SELECT 1 FROM organisation_belief n WHERE n.subject_id = p.id AND {about("n", Facet.NAME)}
                     AND {as_known("n", "$1")})
 GROUP BY s.value, split_part(s.source, ':', 1)
"""  # noqa: S608  (only names of ours are put in)

_FOLLOWING = f"""
SELECT c.code, '' AS other, '' AS source, min(day) AS first_day, max(day) AS last_day,
       format('named in %s successions', count(*)) AS words
  FROM (SELECT code, effective_on AS day FROM succession WHERE {as_known("succession", "$1")}
         UNION ALL
        SELECT successor, effective_on FROM succession WHERE {as_known("succession", "$1")} AND successor <> code) c
  LEFT JOIN organisation o ON o.code = c.code
 WHERE NOT EXISTS (SELECT 1 FROM organisation_belief n WHERE n.subject_id = o.id AND {about("n", Facet.NAME)}
                     AND {as_known("n", "$1")})
 GROUP BY c.code
"""  # noqa: S608  (only names of ours are put in)

# A file named for a month was made on some day of it, so it is contradicted only where no day of it agrees.
_CONTRADICTED = f"""
SELECT o.code, s.value AS other, s.source, lower(s.valid) AS first_day, s.stated_at::date AS last_day,
       format('%s names %s since %s; the dated memberships say %s', s.source, s.value, lower(s.valid),
              string_agg(DISTINCT m.value, ', ' ORDER BY m.value)) AS words
  FROM organisation_statement s
  JOIN organisation o ON o.id = s.subject_id
 CROSS JOIN LATERAL (SELECT daterange(CASE WHEN s.source ~ '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' THEN s.stated_at::date
                                           ELSE date_trunc('month', s.stated_at AT TIME ZONE 'UTC')::date END,
                                      (s.stated_at AT TIME ZONE 'UTC')::date, '[]') AS days) seen
  JOIN organisation_statement m
    ON m.subject_id = s.subject_id AND {about("m", Facet.PARENT)} AND m.stated_at <= $1::timestamptz
   AND m.valid && seen.days AND m.source LIKE 'ods-epcmem:%' AND m.stated_at >= s.stated_at
 WHERE {about("s", Facet.PARENT)} AND s.value IS NOT NULL AND s.stated_at <= $1::timestamptz
   AND s.source LIKE 'ods-epraccur:%'
   AND s.valid && seen.days
 GROUP BY o.code, s.value, s.source, s.valid, s.stated_at
HAVING bool_and(m.value <> s.value)
"""  # noqa: S608  (only names of ours are put in)

_RESTATED = f"""
SELECT o.code, s.value AS other, split_part(s.source, ':', 1) AS source, lower(s.valid) AS first_day,
       min(s.stated_at)::date AS last_day,
       format('since %s in %s, says %s; %s was stated before', lower(s.valid), s.value, min(s.source),
              string_agg(DISTINCT e.value, ', ' ORDER BY e.value)) AS words
  FROM organisation_statement s
  JOIN organisation o ON o.id = s.subject_id
  JOIN organisation_statement e
    ON e.subject_id = s.subject_id AND {about("e", Facet.PARENT)} AND lower(e.valid) = lower(s.valid)
   AND e.value <> s.value AND e.stated_at < s.stated_at AND NOT e.fills_before
 WHERE {about("s", Facet.PARENT)} AND s.value IS NOT NULL AND NOT s.fills_before AND s.stated_at <= $1::timestamptz
 GROUP BY o.code, s.value, split_part(s.source, ':', 1), lower(s.valid)
"""  # noqa: S608  (only names of ours are put in)


def _was_ccg(code: str) -> str:
    was = believed("k", Facet.KIND, subject="c.id", day=ALL_DAYS, known="$1")
    return f"EXISTS (SELECT FROM organisation c JOIN {was} AND k.value = 'ccg' WHERE c.code = {code})"


# Few pairs of CCGs account for thousands of moves: the lineage is followed once for each pair and day.
_MOVED = f"""
WITH RECURSIVE moves AS MATERIALIZED (
    SELECT b.subject_id, a.value AS gone_from, b.value AS gone_to, lower(b.valid) AS day
      FROM organisation_belief b
      JOIN {believed("a", Facet.PARENT, subject="b.subject_id", day=ALL_DAYS, known="$1")}
       AND upper(a.valid) = lower(b.valid)
     WHERE {about("b", Facet.PARENT)} AND {as_known("b", "$1")}
       AND {_was_ccg("a.value")} AND {_was_ccg("b.value")}{{only}}
), line (gone_from, gone_to, day, code) AS (
    SELECT DISTINCT gone_from, gone_to, day, gone_from FROM moves
     UNION
    SELECT gone_from, gone_to, day, f.successor FROM line JOIN succession f ON f.code = line.code
     WHERE {as_known("f", "$1")} AND f.effective_on <= day
)
SELECT o.code, gone_to AS other, '' AS source, day AS first_day, NULL::date AS last_day,
       format('goes from %s to %s on %s, and no succession says so', gone_from, gone_to, day) AS words
  FROM moves JOIN organisation o ON o.id = subject_id
 WHERE NOT EXISTS (SELECT 1 FROM line WHERE line.gone_from = moves.gone_from AND line.gone_to = moves.gone_to
                      AND line.day = moves.day AND line.code = moves.gone_to)
"""  # noqa: S608  (only names of ours are put in)

_BY_DATES = f"""
SELECT o.code, '' AS other, split_part(s.source, ':', 1) AS source, lower(s.valid) AS first_day,
       upper(b.valid) - 1 AS last_day,
       format('by its dates it operates from %s, by the succession from %s', lower(s.valid), upper(b.valid)) AS words
  FROM organisation_statement s
  JOIN organisation o ON o.id = s.subject_id
  JOIN {believed("b", Facet.LIFE, subject="s.subject_id", day="lower(s.valid)", known="$1")} AND b.value = 'proposed'
 WHERE {about("s", Facet.LIFE)} AND s.value = 'open' AND s.stated_at <= $1::timestamptz AND s.source LIKE 'ods-%'
 GROUP BY o.code, split_part(s.source, ':', 1), s.valid, b.valid
"""  # noqa: S608  (only names of ours are put in)

_ITSELF = f"""
SELECT code, successor AS other, '' AS source, effective_on AS first_day, NULL::date AS last_day,
       format('succeeded itself on %s by a source', effective_on) AS words
  FROM succession WHERE {as_known("succession", "$1")} AND code = successor
"""  # noqa: S608  (only names of ours are put in)

_DAYS = f"""
SELECT code, successor AS other, '' AS source, min(effective_on) AS first_day, max(effective_on) AS last_day,
       format('followed by %s on %s', successor, string_agg(effective_on::text, ', ' ORDER BY effective_on)) AS words
  FROM succession WHERE {as_known("succession", "$1")} GROUP BY code, successor HAVING count(DISTINCT effective_on) > 1
"""  # noqa: S608  (only names of ours are put in)

_SEVERAL = f"""
SELECT code, '' AS other, '' AS source, min(effective_on) AS first_day, max(effective_on) AS last_day,
       format('%s others: %s', count(DISTINCT successor) FILTER (WHERE successor <> code),
              string_agg(DISTINCT successor, ', ' ORDER BY successor) FILTER (WHERE successor <> code)) AS words
  FROM succession WHERE {as_known("succession", "$1")} GROUP BY code HAVING count(DISTINCT successor) > 1
"""  # noqa: S608  (only names of ours are put in)

# As `lineage.lives` has it: a part that leaves a body does not end it, nor does a row that names the body itself.
_WHOLE = f"""
SELECT f.code, f.successor, f.effective_on, split_part(f.source, ':', 1) AS source, o.id
  FROM succession f JOIN organisation o ON o.code = f.code
 WHERE {as_known("f", "$1")} AND f.shape NOT IN ('boundary_change', 'parent_change')
   AND NOT EXISTS (SELECT FROM succession itself WHERE itself.code = f.code AND itself.successor = f.code
                      AND itself.effective_on = f.effective_on AND {as_known("itself", "$1")})
"""  # noqa: S608  (only names of ours are put in)

_STILL_OPEN = f"""
SELECT f.code, f.successor AS other, f.source, f.effective_on AS first_day, seen.on AS last_day,
       format('followed by %s on %s, and open in a file of %s', f.successor, f.effective_on, seen.on) AS words
  FROM ({_WHOLE}) f
  JOIN {believed("life", Facet.LIFE, subject="f.id", day="f.effective_on", known="$1")}
   AND life.value = 'open' AND lower(life.valid) < f.effective_on
 CROSS JOIN LATERAL (SELECT max((s.stated_at AT TIME ZONE 'UTC')::date) AS on FROM organisation_statement s
                      WHERE s.subject_id = f.id AND {about("s", Facet.LIFE)} AND s.value = 'open'
                        AND s.source <> 'command' AND s.stated_at <= $1::timestamptz
                        AND life.valid @> (s.stated_at AT TIME ZONE 'UTC')::date) seen
 WHERE seen.on > f.effective_on
   AND NOT EXISTS (SELECT FROM organisation_belief k WHERE k.subject_id = f.id AND {about("k", Facet.KIND)}
                      AND {as_known("k", "$1")} AND lower(k.valid) = f.effective_on)
"""  # noqa: S608  (only names of ours are put in)

_CLOSED_BEFORE = f"""
SELECT f.code, f.successor AS other, f.source, lower(life.valid) AS first_day, f.effective_on AS last_day,
       format('closed on %s, and followed by %s on %s', lower(life.valid), f.successor, f.effective_on) AS words
  FROM ({_WHOLE}) f
  JOIN {believed("life", Facet.LIFE, subject="f.id", day="f.effective_on", known="$1")}
   AND life.value = 'closed' AND lower(life.valid) < f.effective_on
"""  # noqa: S608  (only names of ours are put in)

_NO_SUCCESSOR = f"""
SELECT o.code, '' AS other, '' AS source, lower(b.valid) AS first_day, NULL::date AS last_day,
       format('closed on %s; no source says who followed', lower(b.valid) - 1) AS words
  FROM organisation_belief b
  JOIN organisation o ON o.id = b.subject_id
 WHERE {about("b", Facet.LIFE)} AND b.value = 'closed' AND {as_known("b", "$1")} AND upper_inf(b.valid)
   AND EXISTS (SELECT 1 FROM organisation_belief k WHERE k.subject_id = o.id AND {about("k", Facet.KIND)}
                  AND {as_known("k", "$1")}
                  AND k.value IN ('nhs_trust', 'foundation_trust', 'ccg', 'pct', 'sha', 'commissioning_hub'))
   AND NOT EXISTS (SELECT 1 FROM succession f WHERE f.code = o.code AND {as_known("f", "$1")})
"""  # noqa: S608  (only names of ours are put in)

_ABOVE = {
    Facet.PARENT: "belonged to",
    Facet.LOCAL_OFFICE: "in local office",
    Facet.STP: "in STP",
    Facet.ICB: "in ICB",
    Facet.REGION: "in region",
}
# Where one body followed whole, its members are carried there (`libs.organisations`): these are those left over.
_RELATIONS = "CASE b.facet " + " ".join(f"WHEN {facet:d} THEN '{name}'" for facet, name in _ABOVE.items()) + " END"
_LEFT = f"""
SELECT o.code, b.value AS other, '' AS source, upper(b.valid) AS first_day, NULL::date AS last_day,
       format('%s %s to %s, which closed then; followed by %s',
              string_agg({_RELATIONS}, ' and ' ORDER BY b.facet), b.value, upper(b.valid) - 1,
              coalesce(followed.by, 'no body that a source names')) AS words
  FROM organisation_belief b
  JOIN organisation o ON o.id = b.subject_id
  JOIN {believed("life", Facet.LIFE, day=ALL_DAYS, known="$1")} AND life.value = 'open' AND upper_inf(life.valid)
   AND life.valid @> upper(b.valid)
  JOIN organisation p ON p.code = b.value
  JOIN {believed("closed", Facet.LIFE, subject="p.id", day=ALL_DAYS, known="$1")} AND closed.value = 'closed'
   AND lower(closed.valid) = upper(b.valid) AND upper_inf(closed.valid)
 CROSS JOIN LATERAL (SELECT string_agg(DISTINCT f.successor, ', ' ORDER BY f.successor) AS by FROM succession f
                      WHERE f.code = b.value AND f.successor <> b.value AND {as_known("f", "$1")}) followed
 WHERE {about("b", *_ABOVE)} AND {as_known("b", "$1")}
   AND NOT EXISTS (SELECT FROM organisation_belief later WHERE later.subject_id = b.subject_id
                      AND later.facet = b.facet AND {as_known("later", "$1")} AND later.valid >> b.valid)
 GROUP BY o.code, b.value, upper(b.valid), followed.by
"""  # noqa: S608  (only names of ours are put in)

_SQL: Mapping[AnomalyType, str] = {
    AnomalyType.JOINED_BEFORE_OPENING: _BEFORE.format(joins=_JOINS),
    AnomalyType.JOINED_LATE: _LATE.format(joins=_JOINS),
    AnomalyType.BELONGS_TO_CLOSED: _TO_CLOSED,
    AnomalyType.UNDESCRIBED_PARENT: _PARENTS,
    AnomalyType.UNDESCRIBED_IN_SUCCESSION: _FOLLOWING,
    AnomalyType.MEMBERSHIP_CONTRADICTED: _CONTRADICTED,
    AnomalyType.RESTATED: _RESTATED,
    AnomalyType.MOVED_WITHOUT_SUCCESSION: _MOVED.format(only=""),
    AnomalyType.OPEN_BY_DATES_ALONE: _BY_DATES,
    AnomalyType.FOLLOWS_ITSELF: _ITSELF,
    AnomalyType.FOLLOWED_ON_SEVERAL_DAYS: _DAYS,
    AnomalyType.SEVERAL_SUCCESSORS: _SEVERAL,
    AnomalyType.STILL_OPEN: _STILL_OPEN,
    AnomalyType.CLOSED_BEFORE_FOLLOWED: _CLOSED_BEFORE,
    AnomalyType.CLOSED_WITHOUT_SUCCESSOR: _NO_SUCCESSOR,
    AnomalyType.LEFT_BY_CLOSED: _LEFT,
}

# The kind that a body has, or had last.
_OF_KIND = f"""
$6 = (SELECT k.value FROM organisation o JOIN {believed("k", Facet.KIND, day=ALL_DAYS, known="$1")}
       WHERE o.code = found.code ORDER BY k.valid DESC LIMIT 1)
"""  # noqa: S608  (only names of ours are put in)

_PAGE = """
SELECT code, other, source, first_day, last_day, words FROM ({sql}) found
 WHERE ($2::text IS NULL OR source = $2 OR source LIKE $2 || ':%') AND ($3::text IS NULL OR $3 IN (code, other))
   AND ($4::text[] IS NULL OR ARRAY[code, other, source, coalesce(first_day::text, '')] > $4)
   AND ($6::text IS NULL OR {kind})
 ORDER BY code, other, source, coalesce(first_day::text, '') LIMIT $5
"""

_COUNT = "SELECT count(*) FROM ({sql}) found"

# The first column of the index is the type, and the others are the order of a page.
_PAGE_STORED = f"""
SELECT code, other, source, first_day, last_day, words FROM finding found
 WHERE sort = $1 AND ($2::text IS NULL OR source = $2 OR source LIKE $2 || ':%')
   AND ($3::text IS NULL OR code = $3 OR other = $3)
   AND ($4::text IS NULL OR (code, other, source, coalesce(first_day, '-infinity')) > ($4, $5, $6, $7::date))
   AND ($9::text IS NULL OR {_OF_KIND.replace("$6", "$9").replace("$1", "$10")})
 ORDER BY code, other, source, coalesce(first_day, '-infinity') LIMIT $8
"""  # noqa: S608  (only names of ours are put in)

_COUNT_STORED = "SELECT sort, count(*) FROM finding GROUP BY sort"

# Whose findings may be others than before, besides the bodies ($1, ids) and the codes ($2) about which something was
# stated: who followed those ($2), the parents that they name, and those who moved from or to a body whose kind ($3,
# ids) was stated. Who names a body whose life or succession changed is among $1 already.
_CONCERNED = f"""
SELECT code FROM organisation WHERE id = ANY($1)
 UNION
SELECT unnest($2::text[])
 UNION
SELECT successor FROM succession_statement WHERE code = ANY($2)
 UNION
SELECT s.value FROM organisation_statement s
 WHERE s.subject_id = ANY($1) AND {about("s", Facet.PARENT)} AND s.value IS NOT NULL
 UNION
SELECT o.code
  FROM organisation k JOIN organisation_belief b ON b.value = k.code AND {about("b", Facet.PARENT)}
  JOIN organisation o ON o.id = b.subject_id
 WHERE k.id = ANY($3)
"""  # noqa: S608  (only names of ours are put in)

_FORGET = "DELETE FROM finding WHERE code = ANY($1) AND sort = ANY($2)"

_OF_PARENTS = (Facet.PARENT, Facet.LIFE, Facet.KIND)
_OF_FOLLOWING = (None, Facet.LIFE, Facet.KIND)
# What each type depends on: facets, and None for successions.
_DEPENDS_ON: Mapping[AnomalyType, Collection[Facet | None]] = {
    AnomalyType.JOINED_BEFORE_OPENING: _OF_PARENTS,
    AnomalyType.JOINED_LATE: _OF_PARENTS,
    AnomalyType.BELONGS_TO_CLOSED: _OF_PARENTS,
    AnomalyType.UNDESCRIBED_PARENT: (Facet.PARENT, Facet.NAME),
    AnomalyType.UNDESCRIBED_IN_SUCCESSION: (None, Facet.NAME),
    AnomalyType.MEMBERSHIP_CONTRADICTED: (Facet.PARENT,),
    AnomalyType.RESTATED: (Facet.PARENT,),
    AnomalyType.MOVED_WITHOUT_SUCCESSION: (None, *_OF_PARENTS),
    AnomalyType.OPEN_BY_DATES_ALONE: (Facet.LIFE,),
    AnomalyType.FOLLOWS_ITSELF: (None,),
    AnomalyType.FOLLOWED_ON_SEVERAL_DAYS: (None,),
    AnomalyType.SEVERAL_SUCCESSORS: (None,),
    AnomalyType.STILL_OPEN: _OF_FOLLOWING,
    AnomalyType.CLOSED_BEFORE_FOLLOWED: _OF_FOLLOWING,
    AnomalyType.CLOSED_WITHOUT_SUCCESSOR: _OF_FOLLOWING,
    AnomalyType.LEFT_BY_CLOSED: (None, Facet.LIFE, *ABOVE),
}

_ONLY = " AND b.subject_id IN (SELECT id FROM organisation WHERE code = ANY($2))"


@lru_cache(maxsize=100)
def _store(sorts: frozenset[AnomalyType]) -> str:
    """Return the SQL that stores the findings of these types about the codes $2."""
    found = {
        sort: _MOVED.format(only=_ONLY) if sort is AnomalyType.MOVED_WITHOUT_SUCCESSION else _SQL[sort]
        for sort in sorted(sorts)
    }
    selected = [
        f"SELECT '{sort}', code, other, source, first_day, last_day, words FROM ({sql}) found WHERE code = ANY($2)"  # noqa: S608  (only names of ours are put in)
        for sort, sql in found.items()
    ]
    return f"INSERT INTO finding (sort, code, other, source, first_day, last_day, words) {' UNION ALL '.join(selected)}"


async def find(
    db: Reads,
    sort: AnomalyType,
    *,
    as_known: datetime | None = None,
    source: str | None = None,
    code: str | None = None,
    kind: Kind | None = None,
    after: tuple[str, ...] | None = None,
    limit: int | None = None,
) -> list[AnomalyView]:
    """Return a page of anomalies of one type, as known at an instant; `after` is the cursor.

    `source` limits it to one family of sources, `code` to one body, `kind` to bodies of it. What is known now is stored
    as it arises; of an earlier instant it is computed.
    """
    if as_known is not None:
        sql = _PAGE.format(sql=_SQL[sort], kind=_OF_KIND)
        rows = await db.fetch(sql, as_known, source, code, None if after is None else list(after), limit, kind)
    else:
        *start, day = after or (None, None, None, None)
        first = date.min if not day else date.fromisoformat(day)
        rows = await db.fetch(_PAGE_STORED, sort, source, code, *start, first, limit, kind, ALWAYS)
    return [AnomalyView(sort=sort, **dict(row)) for row in rows]


async def count(db: Reads, *, as_known: datetime | None = None) -> FindingsCountsView:
    """Return the number of anomalies of each type, as known at an instant, and what each type means."""
    found: dict[str, int] = {}
    if as_known is None:
        found = dict(await db.fetch(_COUNT_STORED))
    else:
        for sort, sql in _SQL.items():
            [row] = await db.fetch(_COUNT.format(sql=sql), as_known)
            found[sort] = row[0]
    counts = [FindingsCountView(sort=sort, meaning=MEANINGS[sort], findings=found.get(sort, 0)) for sort in _SQL]
    return FindingsCountsView(as_known=as_known, sorts=counts)


async def store(connection: asyncpg.Connection, touched: Touched) -> None:
    """Compute and store the findings about what a transaction touched."""
    about: set[int | None] = {facet for _, facet in touched.stated}
    if touched.followed:
        about.add(None)
    sorts = frozenset(sort for sort, depends in _DEPENDS_ON.items() if about.intersection(depends))
    if not sorts:
        return
    # The findings about a parent or a successor follow from what others state too, and nothing else locks that body.
    await one_at_a_time(connection)
    subjects = {subject for subject, _ in touched.stated}
    of_kind = {subject for subject, facet in touched.stated if facet == Facet.KIND}
    rows = await connection.fetch(_CONCERNED, sorted(subjects), sorted(touched.followed), sorted(of_kind))
    codes = sorted(row["code"] for row in rows)
    await connection.execute(_FORGET, codes, sorted(sorts))
    await connection.execute(_store(sorts), ALWAYS, codes)


async def store_all(connection: asyncpg.Connection) -> None:
    """Compute and store every finding anew, from all statements."""
    rows = await connection.fetch(
        "SELECT code FROM organisation UNION SELECT code FROM succession_statement"
        " UNION SELECT successor FROM succession_statement"
    )
    await connection.execute("DELETE FROM finding")
    await connection.execute(_store(frozenset(AnomalyType)), ALWAYS, sorted(row["code"] for row in rows))
