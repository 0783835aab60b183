"""Routes about clusters of integrated care boards, which are not legal persons."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

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
    binds,
    binds_one_of,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from services.registry.clusters import commands, queries
from services.registry.clusters.errors import (
    ClusterEnded,
    ClusterNotAllowed,
    ClusterNotFound,
    ClusterNotProposed,
)
from services.registry.clusters.views import ClusterInFullView, ClusterView
from services.registry.core.codes import Code
from services.registry.edge import EDIT_REFUSALS, OfDay

router = commands_router(tags=["Clusters"])

Reference = Annotated[str, commands.CLUSTER, Path(description="the reference that it was given", examples=["CL-QMJ"])]
Leading = Annotated[Caller, allowed(Role.GOVERNANCE_LEAD, Role.REGISTRAR, Role.NHS_ENGLAND)]


@router.get(
    "/clusters", response_model=Page[ClusterView], summary="Find clusters", responses=problems(UnreadableCursor)
)
async def list_clusters(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    icb: Annotated[Code | None, Query(description="only those that this ICB is in")] = None,
    as_at: OfDay = None,
) -> Page[ClusterView]:
    """List clusters as known at an instant, all or those in force on a day, ordered by reference."""
    [after] = paging.key(str) or (None,)
    found = await queries.list_clusters(rows, icb=icb, as_at=as_at, as_known=as_known, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.reference, request=request)


@router.get(
    "/clusters/{reference}",
    response_model=ClusterInFullView,
    summary="Get a cluster and its ICBs on a day",
    responses=problems(ClusterNotFound),
)
async def get_cluster(
    reference: Reference, rows: Rows, _: By, response: Response, as_at: AsAt, as_known: AsKnown
) -> ClusterInFullView:
    """Return which ICBs share which posts, and since when. Each open ICB stays a separate legal body."""
    cluster = await queries.get_cluster(rows, reference, as_at=as_at, as_known=as_known)
    etag(response, cluster.version)
    return cluster


@router.post(
    "/clusters",
    status_code=201,
    response_model=ClusterView,
    summary="Cluster ICBs under one leadership",
    responses=problems(ClusterNotAllowed),
)
@binds_one_of("icbs", because="each ICB agrees for itself, and the cluster stands when all have")
async def cluster_icbs(
    command: commands.ClusterICBs, session: Write, by: Leading, stated_at: StatedAt, response: Response
) -> ClusterView:
    """Let two or more ICBs share a chair, a chief executive or executives.

    Those that the caller acts for agree with this request; it is proposed to the others, and stands when all have
    agreed. It is not a merger: no ICB changes.
    """
    cluster = await commands.cluster_icbs(session, command, by=by, stated_at=stated_at)
    etag(response, cluster.version)
    return cluster


@router.post(
    "/clusters/{reference}/agreements",
    status_code=201,
    response_model=ClusterView,
    summary="Agree to a cluster, or refuse it, as an ICB",
    responses=problems(ClusterNotFound, ClusterNotProposed, ClusterNotAllowed, *EDIT_REFUSALS),
)
@binds("icb")
async def agree_to_cluster(
    reference: Reference,
    command: commands.AgreeToCluster,
    session: Write,
    by: Leading,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ClusterView:
    """Agree to a proposed cluster for one of its ICBs. When the last one has agreed, it stands; one refusal ends it."""
    cluster = await commands.get_cluster_to_change(session, reference, by=by, icb=command.icb)
    stale(cluster.version, expected)
    answered = await commands.agree_to_cluster(session, cluster, command, by=by, stated_at=stated_at)
    etag(response, answered.version)
    return answered


@router.post(
    "/clusters/{reference}/ending",
    response_model=ClusterView,
    summary="End a cluster",
    responses=problems(ClusterNotFound, ClusterEnded, ClusterNotAllowed, *EDIT_REFUSALS),
)
@binds_one_of("the cluster's ICBs", because="it stands as long as all of them agree to it")
async def end_cluster(
    reference: Reference,
    command: commands.EndCluster,
    session: Write,
    by: Leading,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ClusterView:
    """End the sharing of posts from a day."""
    cluster = await commands.get_cluster_to_change(session, reference, by=by)
    stale(cluster.version, expected)
    ended = await commands.end_cluster(session, cluster, command, by=by, stated_at=stated_at)
    etag(response, ended.version)
    return ended
