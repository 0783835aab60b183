"""Reads clusters of ICBs, as at a day, as known at an instant."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from libs.common.database.connection import Reads
from libs.common.temporal.believed import as_known as known_at
from libs.common.temporal.history import ALWAYS
from services.registry.clusters.errors import ClusterNotFound
from services.registry.clusters.models import cluster_time
from services.registry.clusters.views import ClusteredView, ClusterInFullView, ClusterView
from services.registry.core.codes import ByCode
from services.registry.core.queries import get_organisation
from services.registry.populations.queries import people_of

# A cluster is known from the instant of the first act for it. From before acts were recorded, all of its ICBs agreed.
_CLUSTERS = f"""
SELECT c.reference, c.name, c.icbs, c.shares, coalesce(stood.first_day, c.proposed_from) AS first_day, stood.ended_on,
       c.version, coalesce(acts.agreed, c.icbs) AS agreed,
       CASE WHEN stood.first_day IS NOT NULL THEN 'agreed' WHEN acts.refused THEN 'refused' ELSE 'proposed' END
       AS status
  FROM cluster c
  LEFT JOIN LATERAL (SELECT array_agg(a.icb ORDER BY array_position(c.icbs, a.icb)) FILTER (WHERE a.agrees) AS agreed,
                       NOT bool_and(a.agrees) AS refused
                  FROM cluster_act a WHERE a.cluster_id = c.id AND a.stated_at <= $1
                HAVING count(*) > 0) acts ON true
  LEFT JOIN LATERAL (SELECT min(lower(s.valid)) AS first_day,
                       CASE WHEN NOT bool_or(upper_inf(s.valid)) THEN max(upper(s.valid)) END AS ended_on
                  FROM {cluster_time.beliefs} s WHERE s.subject_id = c.id AND {known_at("s", "$1")}
                HAVING count(*) > 0) stood ON true
 WHERE (acts.agreed IS NOT NULL OR stood.first_day IS NOT NULL)
   AND ($2::text[] IS NULL OR c.reference = ANY($2))
   AND ($3::text[] IS NULL OR c.icbs && $3)
   AND ($4::text IS NULL OR c.reference > $4)
   AND ($6::date IS NULL OR stood.first_day <= $6 AND (stood.ended_on <= $6) IS NOT TRUE)
 ORDER BY c.reference LIMIT $5
"""  # noqa: S608  (only names of ours are put in)

_OF = """
SELECT reference, icbs FROM cluster WHERE reference = ANY($1)
"""


async def get_cluster(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> ClusterInFullView:
    """Return a cluster with its ICBs as at a day, as known at an instant. Raises ClusterNotFound."""
    cluster = await get_standing(db, reference, as_known=as_known)
    members = await _members(db, cluster.icbs, as_at=as_at, as_known=as_known)
    begun = cluster.first_day <= as_at and (cluster.ended_on is None or as_at < cluster.ended_on)
    return ClusterInFullView(
        **dict(cluster),
        legal_person=False,
        works=cluster.status == "agreed" and begun and sum(member.status == "open" for member in members) >= 2,
        members=members,
        as_at=as_at,
        as_known=as_known,
    )


async def list_clusters(
    db: Reads, *, icb: str | None, as_at: date | None, as_known: datetime | None, after: str | None, limit: int
) -> list[ClusterView]:
    """Return a page of clusters, of one day or of all (None), ordered by reference. `after` is the cursor."""
    rows = await db.fetch(_CLUSTERS, as_known or ALWAYS, None, [icb] if icb else None, after, limit, as_at)
    return [ClusterView(**row) for row in rows]


async def get_standing(db: Reads, reference: str, *, as_known: datetime | None = None) -> ClusterView:
    """Return a cluster with its days, as known at an instant. Raises ClusterNotFound."""
    rows = await db.fetch(_CLUSTERS, as_known or ALWAYS, [reference], None, None, 1, None)
    if not rows:
        raise ClusterNotFound(f"no cluster has the reference {reference}, or none was known then")
    return ClusterView(**rows[0])


async def clusters_of(db: Reads, icbs: Collection[str]) -> list[ClusterView]:
    """Return every cluster that one of these ICBs is or was in, as known now."""
    rows = await db.fetch(_CLUSTERS, ALWAYS, None, sorted(set(icbs)), None, None, None)
    return [ClusterView(**row) for row in rows]


async def _members(db: Reads, icbs: Sequence[str], *, as_at: date, as_known: datetime | None) -> list[ClusteredView]:
    people = await people_of(db, icbs, as_at=as_at, as_known=as_known)
    bodies = [await get_organisation(db, code, as_at=as_at, as_known=as_known) for code in icbs]
    return [ClusteredView(code=one.code, name=one.name, status=one.status, people=people[one.code]) for one in bodies]


async def clusters_named(db: Reads, references: Collection[str]) -> ByCode[list[str]]:
    """Return the ICBs of each of these references that is a cluster's."""
    return {row["reference"]: list(row["icbs"]) for row in await db.fetch(_OF, list(references))}
