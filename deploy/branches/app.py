"""The app of the process: opening, listing, moving and dropping branches, and what is passed on to their services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Request, Response
from starlette.middleware import Middleware
from starlette.types import ASGIApp

from deploy.branches.errors import BranchMoves, BranchNotFound, BranchNotOpen, BranchRefused, DayPassed, DayTooFar
from deploy.branches.gateway import Gateway
from deploy.branches.lifecycle import Branches
from deploy.branches.register import Branch, State
from deploy.branches.views import NAME, BranchListView, BranchView, MoveDay, OpenBranch, branch_view
from libs.common.http import problems
from libs.common.http.dependencies import allowed
from libs.common.http.middleware import Authentication, Surroundings
from libs.common.http.problems import problems as may_refuse
from libs.common.http.query_parameters import StrictRoute
from libs.common.http.tokens import Verifier
from libs.common.identity import Caller, Role
from libs.common.process.metrics import Metrics

MOST_BODY_BYTES = 100_000
ANSWER_SECONDS = 20.0
"""Seconds for which opening or moving a branch is waited for; what takes longer is seen in the branch's state."""

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
    await branches.arrived(command.name, within=ANSWER_SECONDS)
    branch = branches.get(command.name, by)
    if branch.state is State.FAILED:
        raise BranchNotOpen(f"{branch.name} could not be opened: {branch.failure}")
    if branch.state is State.OPENING:
        response.status_code = 202
    response.headers["Location"] = f"/branches/{branch.name}"
    return await _view(branches, branch)


@router.get("/branches", summary="List the branches that you may enter", responses=may_refuse())
async def list_branches(by: Planner, request: Request) -> BranchListView:
    """List the branches for bodies that you all act for, the oldest first."""
    branches = _branches(request)
    return BranchListView(items=[branch_view(each, branches.base_of(each)) for each in branches.of(by)])


@router.get("/branches/{name}", summary="Read a branch", responses=may_refuse(BranchNotFound))
async def read_branch(name: Name, by: Planner, request: Request) -> BranchView:
    """Return a branch: its state, its base and its day."""
    branches = _branches(request)
    return await _view(branches, branches.get(name, by))


@router.put(
    "/branches/{name}/day",
    summary="Move a branch's clock",
    responses=may_refuse(BranchNotFound, BranchNotOpen, BranchMoves, DayPassed, DayTooFar),
)
async def move_branch(name: Name, command: MoveDay, by: Planner, request: Request, response: Response) -> BranchView:
    """Move the clock from due day to due day: on each, all services do what is due and hear each other's events.

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


@router.get("/health/ready", include_in_schema=False)
async def tell_ready() -> dict[str, bool]:
    """Return that branches are served."""
    return {"ready": True}


def _branches(request: Request) -> Branches:
    branches: Branches = request.app.state.branches
    return branches


async def _view(branches: Branches, branch: Branch) -> BranchView:
    return branch_view(branch, branches.base_of(branch), await branches.server.size_of(branch.databases))


def create_app(branches: Branches, verifier: Verifier) -> tuple[FastAPI, ASGIApp]:
    """Return the app, whose lifespan starts the branches, and what serves it together with their services."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        try:
            await branches.start()
            yield
        finally:
            await branches.stop()

    app = FastAPI(
        title="Footprint: branches",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/branches/openapi.json",
        lifespan=lifespan,
        middleware=[
            Middleware(Surroundings, metrics=Metrics("branches"), max_body_bytes=MOST_BODY_BYTES),
            Middleware(Authentication, verifier=verifier),
        ],
    )
    app.state.branches = branches
    problems.register(app)
    app.include_router(router)
    return app, Gateway(branches, verifier, app)
