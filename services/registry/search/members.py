"""Reads members and trees: the bodies below one on a day, carried along successions, and those above it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, as_known, holds
from libs.common.temporal.history import ALWAYS
from libs.organisations.statements import Facet
from services.registry.core.believed import believed, believed_link
from services.registry.search.views import MOST_IN_A_TREE, AboveView, BranchView, MemberView, TreeView

BELONGING = ("member of", "part of footprint")
"""Relations by which a body is below another, beside its parent."""

# A body whose parent was merged into another belongs to that one, without a statement of its own. A body that closed
# under the old parent stays there. Where a parent has several successors, nothing is carried, because it is unknown to
# which; a parent that continues keeps its own.
_BELOW = f"""
{PLANNED_EACH_TIME}
WITH RECURSIVE carried (code, parent) AS (
    SELECT p, p FROM unnest($3::text[]) AS asked (p)
     UNION
    SELECT s.code, carried.parent
      FROM succession s JOIN carried ON s.successor = carried.code
     WHERE s.effective_on <= $1 AND {as_known("s")} AND s.code <> s.successor
       AND s.shape NOT IN ('boundary_change', 'parent_change')
       AND NOT EXISTS (SELECT 1 FROM succession other
                        WHERE other.code = s.code AND other.successor NOT IN (s.successor, s.code)
                          AND other.effective_on <= $1 AND {as_known("other")})
), below (id, parent, stated_parent, relation) AS (
    SELECT b.subject_id, carried.parent, b.value, 'parent'
      FROM carried JOIN organisation_belief b ON {about("b", Facet.PARENT)} AND b.value = carried.code AND {holds("b")}
     UNION ALL
    SELECT o.id, t.other, t.other, t.sort
      FROM tie t JOIN {believed_link("bond")}
      JOIN organisation o ON o.code = t.code
     WHERE t.other = ANY($3) AND t.sort = ANY($4)
)
SELECT o.code, below.parent, below.stated_parent, below.relation, name.value AS name,
       coalesce(kind.value, 'unknown') AS kind, coalesce(life.value, 'unknown') AS status
  FROM below JOIN organisation o ON o.id = below.id
  LEFT JOIN {believed("life", Facet.LIFE)}
  LEFT JOIN {believed("name", Facet.NAME)}
  LEFT JOIN {believed("kind", Facet.KIND)}
 WHERE (below.stated_parent = below.parent OR coalesce(life.value, 'unknown') <> 'closed')
   AND (o.code, below.relation) > ($5::text, $6::text)
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
