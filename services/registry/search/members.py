"""Reads members and trees: the bodies below one on a day, carried along successions, and those above it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, holds
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_link
from services.registry.search.views import MOST_IN_A_TREE, AboveView, BranchView, MemberView, TreeView

BELONGING = ("member of", "part of footprint")
"""Relations by which a body is below another, beside its parent."""

# A body whose parent was followed whole by another belongs to that one without a statement of its own: its belief says
# so already (`libs.organisations.lifetimes`). What has closed belongs to none.
_BELOW = f"""
{PLANNED_EACH_TIME}
WITH below (id, parent, relation) AS (
    SELECT b.subject_id, b.value, 'parent'
      FROM organisation_belief b WHERE {about("b", Facet.PARENT)} AND b.value = ANY($3) AND {holds("b")}
     UNION ALL
    SELECT o.id, t.other, t.sort
      FROM tie t JOIN {believed_link("bond")}
      JOIN organisation o ON o.code = t.code
     WHERE t.other = ANY($3) AND t.sort = ANY($4)
)
SELECT o.code, below.parent, below.relation, name.value AS name,
       coalesce(kind.value, 'unknown') AS kind, coalesce(life.value, 'unknown') AS status,
       CASE below.relation WHEN 'parent' THEN stated.value ELSE below.parent END AS stated_parent
  FROM below JOIN organisation o ON o.id = below.id
  LEFT JOIN LATERAL (
       SELECT s.value FROM organisation_statement s
        WHERE s.subject_id = o.id AND {about("s", Facet.PARENT)} AND s.value IS NOT NULL
          AND s.stated_at <= $2::timestamptz
        ORDER BY s.value = below.parent DESC, s.stated_at DESC LIMIT 1) stated ON true
  LEFT JOIN {believed("life", Facet.LIFE)}
  LEFT JOIN {believed("name", Facet.NAME)}
  LEFT JOIN {believed("kind", Facet.KIND)}
 WHERE (o.code, below.relation) > ($5::text, $6::text)
   AND ($7::text IS NULL OR coalesce(life.value, 'unknown') = $7)
   AND ($8::text IS NULL OR coalesce(kind.value, 'unknown') = $8)
 ORDER BY o.code, below.relation LIMIT $9
"""  # noqa: S608  (all words are ours)

_ABOVE = f"""
WITH RECURSIVE above (code, relation, parent, level) AS (
    SELECT o.code, 'parent', b.value, 1
      FROM organisation o JOIN {believed("b", Facet.PARENT)}
     WHERE o.code = $3
     UNION
    SELECT o.code, 'parent', b.value, above.level + 1
      FROM above JOIN organisation o ON o.code = above.parent
      JOIN {believed("b", Facet.PARENT)}
     WHERE above.level < 10
)
SELECT code, relation, parent FROM above
 UNION
SELECT t.code, t.sort, t.other
  FROM tie t JOIN {believed_link("bond")}
 WHERE t.code = $3 AND t.sort = ANY($4)
 ORDER BY 1, 2, 3
"""  # noqa: S608  (all words are ours)


async def list_members(
    db: Reads,
    codes: Collection[str],
    *,
    as_at: date,
    as_known: datetime | None,
    status: str | None = None,
    kind: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> list[MemberView]:
    """Return a page of the direct members of these bodies on a day, ordered by code; merged parents are followed."""
    asked = (list(codes), list(BELONGING))
    rows = await db.fetch(_BELOW, as_at, as_known or ALWAYS, *asked, *after, status, kind, limit)
    return [MemberView(**dict(row), carried=row["stated_parent"] != row["parent"]) for row in rows]


async def get_tree(db: Reads, code: str, *, as_at: date, as_known: datetime | None, depth: int) -> TreeView:
    """Return the bodies above one and `depth` levels of those below it, by one query a level.

    A body is shown below each that it belongs to, but expanded only once, which ends circles in the sources.
    """
    rows = await db.fetch(_ABOVE, as_at, as_known or ALWAYS, code, list(BELONGING))
    levels: list[list[MemberView]] = []
    asked, opened, left, whole = [code], {code}, MOST_IN_A_TREE, True
    for _ in range(depth):
        below = await list_members(db, asked, as_at=as_at, as_known=as_known, limit=left + 1)
        levels.append(below[:left])
        whole = len(below) <= left
        left -= len(below)
        asked = sorted({member.code for member in below} - opened)
        opened.update(asked)
        if not asked or not whole:
            break
    return TreeView(
        code=code,
        as_at=as_at,
        as_known=as_known,
        above=[AboveView.model_validate(dict(row)) for row in rows],
        members=_grown(code, levels),
        whole=whole,
    )


def _grown(code: str, levels: Sequence[Sequence[MemberView]]) -> list[BranchView]:
    """Return the members of a body with their members, built from the lowest level up."""
    below: dict[str, list[BranchView]] = {}
    for level in reversed(levels):
        at_this_level: dict[str, list[BranchView]] = defaultdict(list)
        for member in level:
            at_this_level[member.parent].append(BranchView(**dict(member), members=below.get(member.code, [])))
        below = at_this_level
    return below.get(code, [])
