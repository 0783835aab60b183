"""The app of the process: opening, listing, moving and dropping branches, and what is passed on to their services."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Annotated, Literal, TypeAlias

from fastapi import APIRouter, FastAPI, Path, Query, Request, Response
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from deploy.branches.comparison import (
    MOST_BRANCHES,
    ComparisonView,
    Source,
    as_rows,
    asking_branch,
    read_comparison,
    render,
)
from deploy.branches.errors import (
    BranchMoves,
    BranchNotFound,
    BranchNotOpen,
    BranchRefused,
    ComparisonRefused,
    DayPassed,
    DayTooFar,
)
from deploy.branches.gateway import Gateway
from deploy.branches.lifecycle import ANSWER_SECONDS, Branches
from deploy.branches.plans.api import Promoter
from deploy.branches.plans.api import router as promotion_router
from deploy.branches.plans.promotion import ServicesOfLife
from deploy.branches.plans.rebases import Rebases
from deploy.branches.plans.store import PlanStore
from deploy.branches.register import LIFE, Branch, State
from deploy.branches.sight import Unread
from deploy.branches.views import NAME, BranchListView, BranchView, MoveDay, OpenBranch, branch_view
from deploy.gatherer.chain import Ask
from deploy.pages import document
from libs.common.errors import Reason
from libs.common.http import csv_text, problems
from libs.common.http.accept import preferred
from libs.common.http.dependencies import allowed
from libs.common.http.middleware import Edge
from libs.common.http.pages import page
from libs.common.http.problems import problems as may_refuse
from libs.common.http.query_parameters import StrictRoute
from libs.common.http.tokens import Verifier
from libs.common.identity import Caller, Role
from libs.common.process.metrics import Metrics

MOST_BODY_BYTES = 100_000

_FORMS = {"application/json": "json", "text/csv": "csv", "text/html": "html"}

Life: TypeAlias = Callable[[str], Ask]
"""Returns how life's services are asked with the caller's Authorization."""
Planner = Annotated[Caller, allowed(Role.PLANNER)]
Name = Annotated[str, Path(pattern=NAME, description="The branch's name.")]

router = APIRouter(route_class=StrictRoute, tags=["Branches"])


@router.post("/branches", status_code=201, summary="Open a branch", responses=may_refuse(BranchRefused, BranchNotOpen))
async def open_branch(command: OpenBranch, by: Planner, request: Request, response: Response) -> BranchView:
    """Open a branch for bodies that you act for.

    The status is 202 where copying takes longer: read the branch until its state is `open` or `failed`.
    """
    by.must_act_for(command.bodies)
    branches = _branches(request)
    await branches.open(command.name, command.bodies, command.base, by)
    branch = await branches.opened(command.name, by)
    if branch.state is State.OPENING:
        response.status_code = 202
    response.headers["Location"] = f"/branches/{branch.name}"
    return await _view(branches, branch)


@router.get("/branches", summary="List the branches that you may enter", responses=may_refuse())
async def list_branches(by: Planner, request: Request) -> BranchListView:
    """List the branches for bodies that you all act for, the oldest first."""
    branches = _branches(request)
    return BranchListView(
        items=[branch_view(each, branches.base_of(each), branches.ends_at(each)) for each in branches.of(by)]
    )


@router.get("/branches/{name}", summary="Read a branch", responses=may_refuse(BranchNotFound))
async def read_branch(name: Name, by: Planner, request: Request) -> BranchView:
    """Return a branch: its state, its base and its day, and through which organisations you read nothing in it."""
    branches = _branches(request)
    branch = branches.get(name, by)
    world = branches.running(branch)
    return await _view(branches, branch, await world.sight.unread(by) if world else None)


@router.put(
    "/branches/{name}/day",
    summary="Move a branch's clock",
    responses=may_refuse(BranchNotFound, BranchNotOpen, BranchMoves, DayPassed, DayTooFar),
)
async def move_branch(name: Name, command: MoveDay, by: Planner, request: Request, response: Response) -> BranchView:
    """Move the clock from due day to due day: on each, all services do what is due and consume each other's events.

    The status is 202 where that takes longer: read the branch until its progress is empty, and its day the one sent.
    """
    branches = _branches(request)
    await branches.move(branches.get(name, by), command.day)
    await branches.arrived(name, within=ANSWER_SECONDS)
    branch = branches.get(name, by)
    if branch.progress:
        response.status_code = 202
    return await _view(branches, branch)


@router.delete("/branches/{name}", status_code=204, summary="Drop a branch", responses=may_refuse(BranchNotFound))
async def drop_branch(name: Name, by: Planner, request: Request) -> None:
    """Drop a branch and all that it was; its base goes with its last branch."""
    branches = _branches(request)
    await branches.drop(branches.get(name, by))


@router.get(
    "/comparisons",
    summary="Compare branches with life and with each other",
    response_model=ComparisonView,
    responses=may_refuse(BranchNotFound, BranchNotOpen, BranchMoves, ComparisonRefused),
)
async def compare_branches(
    by: Planner,
    request: Request,
    branch: Annotated[
        list[str], Query(description="One to five branches of one base.", examples=[["wait", "exit-now"]])
    ],
    form: Annotated[
        Literal["json", "csv", "html"] | None, Query(alias="format", description="Default: what `Accept` prefers.")
    ] = None,
) -> Response | ComparisonView:
    """Return one table of life and up to five branches, each read from its services with your own token.

    A browser gets a page. A value is null where that column has no such thing, and not known where it was not answered.
    """
    found = await _comparison(request, branch, by)
    media = preferred(request.headers.get("accept", ""), list(_FORMS)) or "application/json"
    match form or _FORMS[media]:
        case "csv":
            head, *rows = as_rows(found)
            return Response(csv_text.lines([str(one) for one in head], rows), media_type=csv_text.MEDIA_TYPE)
        case "html":
            return page(document("Branches", render(found)))
    return found


async def _comparison(request: Request, names: list[str], by: Caller) -> ComparisonView:
    branches = _branches(request)
    chosen = [branches.get(name, by) for name in names]
    reasons = [Reason(f"{name} is named twice", "branch") for name, times in Counter(names).items() if times > 1]
    if len(names) > MOST_BRANCHES:
        reasons.append(Reason(f"{len(names)} branches are more than {MOST_BRANCHES}", "branch"))
    by_base = {each.base for each in chosen}
    if len(by_base) > 1:
        reasons += [Reason(f"{each.name} is of base {each.base or 'none yet'}", "branch") for each in chosen]
    if reasons:
        raise ComparisonRefused("; ".join(reason.message for reason in reasons), reasons=reasons)
    signed = request.headers.get("authorization", "")
    bodies = sorted({body for each in chosen for body in each.bodies})
    async with AsyncExitStack() as stack:
        sources = {LIFE: Source(request.app.state.life(signed))}
        for each in chosen:
            world = await branches.world(each)
            if world.is_moving:
                raise BranchMoves(f"the clock of {each.name} is being moved; it is at {world.today}")
            sources[each.name] = await stack.enter_async_context(asking_branch(world, signed, by))
        return await read_comparison(str(chosen[0].base), bodies, sources)


@router.get("/health/ready", include_in_schema=False)
async def tell_ready() -> dict[str, bool]:
    """Return that branches are served."""
    return {"ready": True}


def _branches(request: Request) -> Branches:
    branches: Branches = request.app.state.branches
    return branches


async def _view(branches: Branches, branch: Branch, unread: Unread | None = None) -> BranchView:
    size = await branches.server.size_of(branch.databases)
    return branch_view(branch, branches.base_of(branch), branches.ends_at(branch), size, unread)


def _lifespan(branches: Branches, promoter: Promoter | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            if promoter is not None:
                await promoter.plans.open()
            await branches.start()
            if promoter is not None:
                await promoter.rebases.open()
            yield
        finally:
            await branches.stop()
            if promoter is not None:
                await promoter.plans.close()

    return lifespan


def create_app(
    branches: Branches,
    verifier: Verifier,
    life: Life,
    plans: PlanStore | None = None,
    services: ServicesOfLife | None = None,
) -> tuple[FastAPI, ASGIApp]:
    """Return the app, whose lifespan starts the branches, and what serves it together with their services.

    With a store of `plans`, which are given to the `services`, branches are promoted.
    """
    promoter = (
        Promoter(branches, branches.recorder, plans, services, Rebases(branches.register))
        if plans and services
        else None
    )
    app = FastAPI(
        title="Footprint: branches",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/branches/openapi.json",
        lifespan=_lifespan(branches, promoter),
        middleware=[
            Middleware(Edge, metrics=Metrics("branches"), verifier=verifier, max_body_bytes=MOST_BODY_BYTES),
        ],
    )
    app.state.branches, app.state.life = branches, life
    problems.register(app)
    app.include_router(router)
    if promoter is not None:
        app.state.promoter = promoter
        app.include_router(promotion_router)
    return app, Gateway(branches, verifier, app)
