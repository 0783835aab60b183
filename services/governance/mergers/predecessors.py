"""Reads the bodies and posts that predecessors have on their last day, and which of them continue in a successor."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from libs.common.database.connection import Reads
from services.governance.bodies.commands import LEADING_TITLES
from services.governance.core.believed import believed
from services.governance.core.models import BodyKind, Facet, body_time, post_time
from services.governance.mergers.rules import PredecessorPost

_NOW = datetime.max.replace(tzinfo=UTC)

_INSTANT = "$3"
_LAST_DAY = "($2::date - 1)"
_LAST_DAY_BODIES = f"""
SELECT b.id, b.organisation, b.kind, b.title,
       CASE WHEN b.within_id IS NULL THEN '' ELSE substr(b.reference, length(b.organisation) + 2) END AS slug,
       CASE WHEN w.within_id IS NULL THEN '' ELSE substr(w.reference, length(w.organisation) + 2) END AS within
  FROM body b
  LEFT JOIN body w ON w.id = b.within_id
  LEFT JOIN {believed(body_time, "t", Facet.STANDS, "b.id", day=_LAST_DAY, known=_INSTANT)}
 WHERE b.organisation = ANY($1) AND (t.value IS NOT NULL OR b.within_id IS NULL)
 ORDER BY b.reference
"""  # noqa: S608  (only names of ours are put in)
_LAST_DAY_POSTS = f"""
SELECT p.body_id, p.slug, p.title, a.person_id, seat.value AS seat
  FROM post p
  JOIN {believed(post_time, "s", Facet.STANDS, "p.id", day=_LAST_DAY, known=_INSTANT)}
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "p.id", day=_LAST_DAY, known=_INSTANT)}
  LEFT JOIN appointment a ON a.id = h.value
  LEFT JOIN {believed(post_time, "seat", Facet.SEAT, "p.id", day=_LAST_DAY, known=_INSTANT)}
 WHERE p.body_id = ANY($1)
"""  # noqa: S608  (only names of ours are put in)


@dataclass(slots=True)
class BodyLeft:
    """A body that predecessors had on their last day, with its posts by predecessor (None: no body of it is known).

    `within` are the slugs of the bodies within which it stood, one or more; empty: of the one that leads.
    """

    slug: str
    kind: str
    title: str
    posts: dict[str, list[PredecessorPost] | None]
    within: set[str] = field(default_factory=set[str])


def above(left: BodyLeft, there: Collection[str]) -> str:
    """Return within which body one continues: as in all predecessors, if that one continues too, or the leading one."""
    return next(iter(left.within)) if len(left.within) == 1 and left.within <= set(there) else ""


async def bodies_left(
    db: Reads, predecessors: Collection[str], on: date, *, as_known: datetime | None = None
) -> list[BodyLeft]:
    """Return what led the predecessors on their last day, then each body that stood within it in all of them.

    A body comes after the one within which it continues. What led them was a board if it was one in each.
    """
    instant = as_known or _NOW
    none: dict[str, list[PredecessorPost] | None] = dict.fromkeys(predecessors)
    rows = await db.fetch(_LAST_DAY_BODIES, list(predecessors), on, instant)
    boards = {row["kind"] for row in rows if not row["slug"]} == {BodyKind.BOARD}
    kind = BodyKind.BOARD if boards else BodyKind.GOVERNING_BODY
    left = {"": BodyLeft("", kind, LEADING_TITLES[kind], none)}
    of_body: dict[int, list[PredecessorPost]] = {row["id"]: [] for row in rows}
    for post in await db.fetch(_LAST_DAY_POSTS, list(of_body), on, instant):
        of_body[post["body_id"]].append(PredecessorPost(post["slug"], post["title"], post["person_id"], post["seat"]))
    for row in rows:
        body = left.setdefault(row["slug"], BodyLeft(row["slug"], row["kind"], row["title"], {}))
        body.posts[row["organisation"]] = of_body[row["id"]]
        body.within.add(row["within"])
    going_on = {slug: body for slug, body in left.items() if not slug or len(body.posts) == len(predecessors)}

    def depth(slug: str) -> int:
        return 1 + depth(above(going_on[slug], going_on)) if slug else 0

    return sorted(going_on.values(), key=lambda body: (depth(body.slug), body.slug))
