"""Forms and ends clusters: ICBs that share posts and stay separate legal bodies, each with its own board."""

from datetime import date, datetime
from itertools import combinations
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.codes import numbered
from libs.common.database.connection import raw
from libs.common.errors import Reason
from libs.common.events import Event
from libs.common.events.registry import ICBClusterEnded, ICBsClustered, OrganisationRelated, OrganisationUnrelated
from libs.common.identity import Caller
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.registry.clusters.errors import ClusterEnded, ClusterNotAllowed, ClusterNotFound
from services.registry.clusters.models import STANDS, Cluster, cluster_time
from services.registry.clusters.queries import clusters_of, get_standing
from services.registry.clusters.views import ClusterView
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day, Name
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.core.permissions import must_act_for
from services.registry.core.recording import COMMAND, ONE_FACET
from services.registry.core.standing import Standing

CLUSTER = numbered("CL", "CL-QMJ")
"""The form of a cluster's reference. It is not an ODS code, because a cluster is not an organisation."""
Shared = Literal["chair", "chief_executive", "executives"]


class ClusterICBs(BaseModel):
    """ICBs that share posts from a day."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["North West and North Central London"])
    icbs: list[Code] = Field(
        description="two or more open ICBs", min_length=1, max_length=20, examples=[["QMJ", "QRV"]]
    )
    shares: list[Shared] = Field(min_length=1, max_length=3, examples=[["chair", "chief_executive"]])
    effective_on: Day = Field(description="the first day on which they share them", examples=["2025-10-01"])


class EndCluster(BaseModel):
    """The end of a cluster."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day without it", examples=["2027-04-01"])


async def cluster_icbs(session: AsyncSession, command: ClusterICBs, *, by: Caller, stated_at: datetime) -> ClusterView:
    """Let ICBs share posts. Nothing else changes: each keeps its board, its functions and its allocation.

    Raises ClusterNotAllowed with every reason, NotYoursToDecide.
    """
    first = command.icbs[0]
    async with change(session, command.icbs, by=by, stated_at=stated_at) as now:
        taken = {
            code: one.reference
            for one in await clusters_of(now.connection, command.icbs)
            if one.ended_on is None or one.ended_on > command.effective_on
            for code in one.icbs
        }
        reasons = _reasons_against(command, now.standings, taken)
        if reasons:
            raise ClusterNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)
        earlier = await session.scalar(select(func.count()).select_from(Cluster).where(Cluster.icbs[1] == first))
        cluster = Cluster(
            reference=f"CL-{first}-{earlier + 1}" if earlier else f"CL-{first}",
            name=command.name,
            icbs=list(command.icbs),
            shares=list(dict.fromkeys(command.shares)),
        )
        session.add(cluster)
        await _state(now, cluster, STANDS, command.effective_on)
        now.publish(*_clustered(cluster, command.effective_on, now.at))
        return await get_standing(now.connection, cluster.reference)


async def end_cluster(
    session: AsyncSession, cluster: Cluster, command: EndCluster, *, by: Caller, stated_at: datetime
) -> ClusterView:
    """End the locked cluster. Raises ClusterEnded, ClusterNotAllowed."""
    before = await get_standing(await raw(session), cluster.reference)
    if before.ended_on is not None:
        raise ClusterEnded(f"{cluster.reference} ended on {before.ended_on}")
    if command.effective_on <= before.first_day:
        message = f"{cluster.reference} begins on {before.first_day}"
        raise ClusterNotAllowed(message, reasons=[Reason(message, "effective_on")])
    async with change(session, cluster.icbs, by=by, stated_at=stated_at) as now:
        cluster.version += 1
        await _state(now, cluster, None, command.effective_on)
        when = {"effective_on": command.effective_on, "stated_at": now.at}
        now.publish(ICBClusterEnded(cluster=cluster.reference, icbs=tuple(cluster.icbs), **when))
        for code, other in combinations(cluster.icbs, 2):
            now.publish(OrganisationUnrelated(code=code, relation=Relation.CLUSTERED_WITH, other=other, **when))
        return await get_standing(now.connection, cluster.reference)


async def _state(now: Change, cluster: Cluster, value: str | None, day: date) -> None:
    """State that the cluster stands, or does not, from a day on."""
    await now.session.flush()
    stated = NewStatement(cluster.id, ONE_FACET, value, Days(day), now.at)
    await cluster_time.state(now.connection, [stated], source=COMMAND, by=now.by.subject)


async def get_cluster_to_change(session: AsyncSession, reference: str, *, by: Caller) -> Cluster:
    """Lock a cluster, as who acts for all of its ICBs. Raises ClusterNotFound, NotYoursToDecide."""
    stated = await session.scalar(select(Cluster).where(Cluster.reference == reference))
    if stated is not None:
        await must_act_for(session, stated.icbs, by)
    found: Cluster | None = await session.scalar(
        select(Cluster)
        .where(Cluster.reference == reference)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise ClusterNotFound(f"no cluster has the reference {reference}")
    return found


def _clustered(cluster: Cluster, day: date, at: datetime) -> list[Event]:
    """Return the events of a new cluster: that there is one, and that its ICBs are clustered with each other."""
    clustered = ICBsClustered(
        cluster=cluster.reference,
        name=cluster.name,
        icbs=tuple(cluster.icbs),
        shares=tuple(cluster.shares),
        effective_on=day,
        stated_at=at,
    )
    related = [
        OrganisationRelated(code=code, relation=Relation.CLUSTERED_WITH, other=other, effective_on=day, stated_at=at)
        for code, other in combinations(cluster.icbs, 2)
    ]
    return [clustered, *related]


def _reasons_against(command: ClusterICBs, standing: dict[str, Standing], taken: dict[str, str]) -> list[Reason]:
    reasons = []
    if len(set(command.icbs)) < max(2, len(command.icbs)):
        reasons.append(Reason("a cluster needs two or more ICBs, each once", "icbs"))
    for number, code in enumerate(command.icbs):
        at, field = standing[code], f"icbs.{number}"
        if not at.exists:
            reasons.append(Reason(f"{code} is not known", field))
        elif at.kind is not Kind.ICB:
            reasons.append(Reason(f"{code} is no ICB but of the kind {at.kind}", field))
        elif at.on(command.effective_on) != "open":
            reasons.append(Reason(f"{code} is {at.on(command.effective_on)} on {command.effective_on}", field))
        if code in taken:
            reasons.append(Reason(f"{code} is in the cluster {taken[code]}", field))
    return reasons
