"""Proposes, agrees to and ends clusters: ICBs that share posts and stay legal bodies, each with its own board.

A cluster stands when all of its ICBs have agreed, each by its own act; one of them ends it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool
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
from services.registry.clusters.errors import (
    ClusterEnded,
    ClusterNotAllowed,
    ClusterNotFound,
    ClusterNotProposed,
)
from services.registry.clusters.models import STANDS, Cluster, ClusterAct, cluster_time
from services.registry.clusters.queries import clusters_of, get_standing
from services.registry.clusters.views import ClusterView
from services.registry.core.change import Change, change
from services.registry.core.codes import Code, Day, Name
from services.registry.core.kinds import Kind
from services.registry.core.links import Relation
from services.registry.core.permissions import acted_for, must_act_for, must_act_for_one_of
from services.registry.core.recording import COMMAND, ONE_FACET
from services.registry.core.standing import Standing

CLUSTER = numbered("CL", "CL-QMJ")
"""The form of a cluster's reference. It is not an ODS code, because a cluster is not an organisation."""
_OWN_ACT = "each ICB agrees for itself, and the cluster stands as long as all of them do"
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


class AgreeToCluster(BaseModel):
    """An ICB's own answer to a cluster that was proposed to it."""

    model_config = ConfigDict(extra="forbid")

    icb: Code = Field(examples=["QRV"])
    agrees: StrictBool = Field(default=True, description="false: it refuses, and the cluster is not formed")


class EndCluster(BaseModel):
    """The end of a cluster."""

    model_config = ConfigDict(extra="forbid")

    effective_on: Day = Field(description="the first day without it", examples=["2027-04-01"])


async def cluster_icbs(session: AsyncSession, command: ClusterICBs, *, by: Caller, stated_at: datetime) -> ClusterView:
    """Propose that ICBs share posts, as those of them that the caller acts for: it stands if that is all of them.

    Nothing else changes: each keeps its board, its functions and its allocation.
    Raises ClusterNotAllowed with every reason, NotYoursToDecide.
    """
    first = command.icbs[0]
    own = await must_act_for_one_of(session, command.icbs, by, because=_OWN_ACT)
    async with change(session, own, by=by, stated_at=stated_at, checks=command.icbs) as now:
        await _must_be_allowed(now, command)
        earlier = await session.scalar(select(func.count()).select_from(Cluster).where(Cluster.icbs[1] == first))
        cluster = Cluster(
            reference=f"CL-{first}-{earlier + 1}" if earlier else f"CL-{first}",
            name=command.name,
            icbs=list(command.icbs),
            shares=list(dict.fromkeys(command.shares)),
            proposed_from=command.effective_on,
        )
        session.add(cluster)
        await session.flush()
        await _agree(now, cluster, own)
        return await get_standing(now.connection, cluster.reference)


async def agree_to_cluster(
    session: AsyncSession, cluster: Cluster, command: AgreeToCluster, *, by: Caller, stated_at: datetime
) -> ClusterView:
    """Let an ICB agree to the locked cluster, which stands when it was the last, or refuse it.

    Raises ClusterNotProposed, ClusterNotAllowed with every reason.
    """
    before = await get_standing(await raw(session), cluster.reference)
    if before.status != "proposed" or command.icb not in set(cluster.icbs) - set(before.agreed):
        message = f"{cluster.reference} is {before.status}, and does not wait for {command.icb}"
        raise ClusterNotProposed(message, reasons=[Reason(message, "icb")])
    async with change(session, [command.icb], by=by, stated_at=stated_at, checks=cluster.icbs) as now:
        cluster.version += 1
        if command.agrees:
            asked = ClusterICBs.model_validate(
                {
                    "name": cluster.name,
                    "icbs": cluster.icbs,
                    "shares": cluster.shares,
                    "effective_on": cluster.proposed_from,
                }
            )
            await _must_be_allowed(now, asked)
            await _agree(now, cluster, [command.icb])
        else:
            session.add(_act(now, cluster, command.icb, agrees=False))
        await session.flush()
        return await get_standing(now.connection, cluster.reference)


async def _agree(now: Change, cluster: Cluster, icbs: Sequence[str]) -> None:
    """Record that these ICBs agree; the cluster stands if they were the last."""
    now.session.add_all([_act(now, cluster, code, agrees=True) for code in icbs])
    await now.session.flush()
    agreed = await now.session.scalar(
        select(func.count()).select_from(ClusterAct).where(ClusterAct.cluster_id == cluster.id, ClusterAct.agrees)
    )
    if agreed == len(cluster.icbs):
        await _state(now, cluster, STANDS, cluster.proposed_from)
        now.publish(*_clustered(cluster, cluster.proposed_from, now.at))


def _act(now: Change, cluster: Cluster, icb: str, *, agrees: bool) -> ClusterAct:
    return ClusterAct(cluster_id=cluster.id, icb=icb, agrees=agrees, stated_at=now.at, stated_by=now.by.subject)


async def _must_be_allowed(now: Change, command: ClusterICBs) -> None:
    taken = {
        code: one.reference
        for one in await clusters_of(now.connection, command.icbs)
        if one.status == "agreed" and (one.ended_on is None or one.ended_on > command.effective_on)
        for code in one.icbs
    }
    reasons = _reasons_against(command, now.standings, taken)
    if reasons:
        raise ClusterNotAllowed("; ".join(reason.message for reason in reasons), reasons=reasons)


async def end_cluster(
    session: AsyncSession, cluster: Cluster, command: EndCluster, *, by: Caller, stated_at: datetime
) -> ClusterView:
    """End the locked cluster, as one of its ICBs or more. Raises ClusterEnded, ClusterNotAllowed."""
    before = await get_standing(await raw(session), cluster.reference)
    if before.status != "agreed":
        message = f"{cluster.reference} is {before.status}: not all of its ICBs have agreed to it"
        raise ClusterNotAllowed(message, reasons=[Reason(message, "effective_on")])
    if before.ended_on is not None:
        raise ClusterEnded(f"{cluster.reference} ended on {before.ended_on}")
    if command.effective_on <= before.first_day:
        message = f"{cluster.reference} begins on {before.first_day}"
        raise ClusterNotAllowed(message, reasons=[Reason(message, "effective_on")])
    own = await acted_for(session, cluster.icbs, by)
    async with change(session, cluster.icbs, by=by, stated_at=stated_at, bound=own) as now:
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


async def get_cluster_to_change(
    session: AsyncSession, reference: str, *, by: Caller, icb: str | None = None
) -> Cluster:
    """Lock a cluster, as this ICB, or else as one of its own. Raises ClusterNotFound, NotYoursToDecide."""
    stated = await session.scalar(select(Cluster).where(Cluster.reference == reference))
    if icb is not None:
        await must_act_for(session, [icb], by)
    elif stated is not None:
        await must_act_for_one_of(session, stated.icbs, by, because=_OWN_ACT)
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
