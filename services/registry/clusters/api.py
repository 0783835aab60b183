"""Routes about clusters of integrated care boards, which are no legal persons."""

from datetime import date, datetime
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import Field

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from services.registry.clusters import commands
from services.registry.clusters.errors import ClusterEnded, ClusterNotAllowed, ClusterNotFound
from services.registry.clusters.models import Cluster
from services.registry.core.codes import CODE
from services.registry.edge import EDIT_REFUSALS, OfDay, View

router = commands_router(tags=["Clusters"])

Reference = Annotated[
    str, Path(pattern=commands.CLUSTER, description="the reference that it was given", examples=["CL-QMJ"])
]
Leading = Annotated[Caller, allowed(Role.GOVERNANCE_LEAD, Role.REGISTRAR, Role.NHS_ENGLAND)]


class ClusterView(View):
    """ICBs that share posts, each a legal body with a board of its own."""

    reference: str = Field(examples=["CL-QMJ"])
    name: str
    icbs: list[str] = Field(examples=[["QMJ", "QRV"]])
    shares: list[str] = Field(examples=[["chair", "chief_executive"]])
    first_day: date
    ended_on: date | None = Field(description="the first day without it, where one is known")
    version: int


class ClusteredView(View):
    """One ICB of a cluster: a legal body of its own."""

    code: str
    name: str | None
    status: str
    people: int | None = Field(description="its registered population; null: unknown")


class ClusterInFullView(ClusterView):
    """A cluster with its ICBs as at a day."""

    legal_person: bool = Field(description="never: a cluster can apply for nothing and own nothing")
    works: bool = Field(description="on that day it has begun, not ended, and two of its ICBs at least are open")
    members: list[ClusteredView]
    as_at: date
    as_known: datetime | None = Field(description="null: as known now")


@router.get(
    "/clusters", response_model=Page[ClusterView], summary="Find clusters", responses=problems(UnreadableCursor)
)
async def list_clusters(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    icb: Annotated[str | None, Query(description="only those that this ICB is in", pattern=CODE)] = None,
    as_at: OfDay = None,
) -> Page[ClusterView]:
    """Clusters, those that had begun and not ended on a day or all, as known at an instant, by their references."""
    [after] = paging.key(str) or (None,)
    found = await commands.list_clusters(rows, icb=icb, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page([ClusterView.model_validate(one) for one in found], key=lambda one: one.reference, request=request)


@router.get(
    "/clusters/{reference}",
    response_model=ClusterInFullView,
    summary="A cluster and its ICBs on a day",
    responses=problems(ClusterNotFound),
)
async def get_cluster(
    reference: Reference, rows: Rows, _: By, response: Response, as_at: AsAt, as_known: AsKnown
) -> ClusterInFullView:
    """Who shares which posts since when; the ICBs are separate legal bodies as long as they are open."""
    cluster = await commands.get_cluster(rows, reference, as_known=as_known)
    members = await commands.members_of(rows, cluster, as_at=as_at, as_known=as_known)
    etag(response, cluster.version)
    return ClusterInFullView(
        **ClusterView.model_validate(cluster).model_dump(),
        legal_person=False,
        works=commands.works(cluster, members, as_at),
        members=[ClusteredView.model_validate(one) for one in members],
        as_at=as_at,
        as_known=as_known,
    )


@router.post(
    "/clusters",
    status_code=201,
    response_model=ClusterView,
    summary="Let ICBs share a leadership",
    responses=problems(ClusterNotAllowed),
)
async def cluster_icbs(
    command: commands.ClusterICBs, session: Write, by: Leading, stated_at: StatedAt, response: Response
) -> Cluster:
    """Two or more ICBs share a chair, a chief executive or executives. It merges nothing: each stays what it is."""
    cluster = await commands.cluster_icbs(session, command, by=by, stated_at=stated_at)
    etag(response, cluster.version)
    return cluster


@router.post(
    "/clusters/{reference}/ending",
    response_model=ClusterView,
    summary="End a cluster",
    responses=problems(ClusterNotFound, ClusterEnded, ClusterNotAllowed, *EDIT_REFUSALS),
)
async def end_cluster(
    reference: Reference,
    command: commands.EndCluster,
    session: Write,
    by: Leading,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> Cluster:
    """Its ICBs share their posts no more, from a day."""
    cluster = await commands.get_cluster_to_change(session, reference)
    stale(cluster.version, expected)
    await commands.end_cluster(session, cluster, command, by=by, stated_at=stated_at)
    etag(response, cluster.version)
    return cluster
