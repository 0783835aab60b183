"""Reads clusters of ICBs, as at a day, as known at an instant."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.clusters.errors import ClusterNotFound
from services.registry.clusters.views import ClusteredView, ClusterInFullView, ClusterView
from services.registry.core.codes import ByCode
from services.registry.core.queries import get_organisation
from services.registry.populations.queries import people_of

_CLUSTERS = """
SELECT c.reference, c.name, c.icbs, c.shares, c.first_day,
       CASE WHEN c.ended_at <= $1 THEN c.ended_on END AS ended_on, c.version
  FROM cluster c
 WHERE c.stated_at <= $1
   AND ($2::text IS NULL OR c.reference = $2)
   AND ($3::text IS NULL OR c.icbs @> ARRAY[$3])
   AND ($4::text IS NULL OR c.reference > $4)
   AND ($6::date IS NULL OR c.first_day <= $6 AND (c.ended_at <= $1 AND c.ended_on <= $6) IS NOT TRUE)
 ORDER BY c.reference LIMIT $5
"""

_OF = """
SELECT reference, icbs FROM cluster WHERE reference = ANY($1)
"""


async def get_cluster(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> ClusterInFullView:
    """Return a cluster with its ICBs as at a day, as known at an instant. Raises ClusterNotFound."""
    rows = await db.fetch(_CLUSTERS, as_known or ALWAYS, reference, None, None, 1, None)
    if not rows:
        raise ClusterNotFound(f"no cluster has the reference {reference}, or none was known then")
    cluster = ClusterView(**rows[0])
    members = await _members(db, cluster.icbs, as_at=as_at, as_known=as_known)
    begun = cluster.first_day <= as_at and (cluster.ended_on is None or as_at < cluster.ended_on)
    return ClusterInFullView(
        **rows[0],
        legal_person=False,
        works=begun and sum(member.status == "open" for member in members) >= 2,
        members=members,
        as_at=as_at,
        as_known=as_known,
    )


async def list_clusters(
    db: Reads, *, icb: str | None, as_at: date | None, as_known: datetime | None, after: str | None, limit: int
) -> list[ClusterView]:
    """Return a page of clusters, of one day or of all (None), ordered by reference. `after` is the cursor."""
    rows = await db.fetch(_CLUSTERS, as_known or ALWAYS, None, icb, after, limit, as_at)
    return [ClusterView(**row) for row in rows]


async def _members(db: Reads, icbs: Sequence[str], *, as_at: date, as_known: datetime | None) -> list[ClusteredView]:
    people = await people_of(db, icbs, as_at=as_at, as_known=as_known)
    bodies = [await get_organisation(db, code, as_at=as_at, as_known=as_known) for code in icbs]
    return [ClusteredView(code=one.code, name=one.name, status=one.status, people=people[one.code]) for one in bodies]


async def clusters_named(db: Reads, references: Collection[str]) -> ByCode[list[str]]:
    """Return the ICBs of each of these references that is a cluster's."""
    return {row["reference"]: list(row["icbs"]) for row in await db.fetch(_OF, list(references))}
