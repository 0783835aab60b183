"""Routes of promotion: a branch's steps, its rebase, the plan that is made of it, and its steps as they are given."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from deploy.branches.bases import SERVICES, Say
from deploy.branches.comparison import ComparisonView, asking_branch
from deploy.branches.conflicts import read_carried_out
from deploy.branches.errors import BranchMoves, BranchNotFound, BranchNotOpen, BranchRefused
from deploy.branches.lifecycle import Branches
from deploy.branches.plans import promotion
from deploy.branches.plans.errors import (
    BaseMoved,
    NotRebased,
    PlanEnded,
    PlanNotFound,
    PlanStepNotFound,
    PromotionRefused,
    RebaseRefused,
    StepNotDue,
)
from deploy.branches.plans.ids import Replacement
from deploy.branches.plans.promotion import ServicesOfLife
from deploy.branches.plans.rebases import Rebase, Rebases
from deploy.branches.plans.replay import read_what_differs, replay
from deploy.branches.plans.rules import PlanState
from deploy.branches.plans.store import Plan, PlanStore
from deploy.branches.plans.views import (
    PlanStepView,
    PlanSummaryView,
    PlanView,
    RebaseBranch,
    RebaseView,
    StepView,
    plan_summary,
    plan_view,
    reads_all,
    rebase_view,
    step_view,
    steps_of_plan,
)
from deploy.branches.recorder import Recorder
from deploy.branches.register import Branch, State
from deploy.branches.steps import Step
from deploy.branches.views import BranchView, branch_view
from deploy.branches.worlds import World
from libs.common.errors import Reason
from libs.common.http.dependencies import By, allowed
from libs.common.http.middleware import bearer
from libs.common.http.paging import Page, Paging, UnreadableCursor, page
from libs.common.http.problems import problems
from libs.common.http.query_parameters import StrictRoute
from libs.common.identity import Caller, NotYoursToDecide, Role
from libs.common.messaging.event_log import End

Planner = Annotated[Caller, allowed(Role.PLANNER)]
Reference = Annotated[str, Path(pattern=r"^PL-[0-9a-f]{16}$")]
Number = Annotated[int, Path(ge=1, le=999_999)]

router = APIRouter(route_class=StrictRoute, tags=["Promotion"])


@dataclass(frozen=True, slots=True)
class Promoter:
    """What the routes work with: the branches and their journal, the plans, and life."""

    branches: Branches
    recorder: Recorder
    plans: PlanStore
    life: ServicesOfLife
    rebases: Rebases


@router.get(
    "/branches/{name}/steps",
    summary="List the commands of a branch",
    responses=problems(BranchNotFound, BranchNotOpen),
)
async def list_steps(name: str, by: Planner, paging: Paging, request: Request) -> Page[StepView]:
    """List what was commanded in the branch, in order, with the answers' status, Location and ETag."""
    promoter = _promoter(request)
    branch = promoter.branches.get(name, by)
    world = await promoter.branches.world(branch)
    await promoter.recorder.finish(world, branch.id)
    [after] = paging.key(int) or [0]
    found = await promoter.recorder.journal.steps(branch.id, after=after, limit=paging.fetch)
    return page([step_view(step) for step in found], key=lambda one: one.number, request=request)


@router.post(
    "/branches/{name}/rebase",
    status_code=201,
    summary="Rebase a branch",
    responses=problems(BranchNotFound, BranchNotOpen, BranchMoves, BranchRefused, RebaseRefused),
)
async def rebase_branch(
    name: str, command: RebaseBranch, by: Planner, request: Request, response: Response
) -> BranchView:
    """Open another branch, of life as it is now, and give this branch's commands again in it, each on its day.

    What life has carried out of the branch's plan is not given again. The status is 202 where it takes longer: read the
    new branch until its state is `open` or `failed`, then what differs at `GET /branches/{new name}/rebase`.
    """
    promoter = _promoter(request)
    branches = promoter.branches
    origin = branches.get(name, by)
    steps = await _steps_to_rebase(promoter, origin)
    plan = await promoter.plans.of_branch(origin.id)
    if plan is not None:
        plan = await promotion.settled(promoter.plans, promoter.life, plan)
    _must_be_rebasable(steps, plan)
    line = await promoter.rebases.line_of(origin.id)

    async def give_again(world: World, fresh: Branch, say: Say) -> None:
        copies = [branches.server.url_of(fresh.database(service)) for service in SERVICES]
        carried_out = await read_carried_out(copies, plan.key) if plan else {}
        found = await replay(promoter.recorder, world, fresh, origin, steps, carried_out, say)
        await promoter.rebases.add(fresh, origin, line, found)

    await branches.open(command.name, origin.bodies, command.base, by, give_again)
    branch = await branches.opened(command.name, by)
    if branch.state is State.OPENING:
        response.status_code = 202
    response.headers["Location"] = f"/branches/{branch.name}"
    size = await branches.server.size_of(branch.databases)
    return branch_view(branch, branches.base_of(branch), branches.ends_at(branch), size)


async def _steps_to_rebase(promoter: Promoter, branch: Branch) -> list[Step]:
    """Return what was carried out in a branch."""
    world = await promoter.branches.world(branch)
    if world.is_moving:
        raise BranchMoves(f"the clock of {branch.name} is being moved")
    await promoter.recorder.finish(world, branch.id)
    return [step for step in await promoter.recorder.journal.steps(branch.id) if step.is_done]


def _must_be_rebasable(steps: Sequence[Step], plan: Plan | None) -> None:
    reason = ""
    if not steps:
        reason = "no command was carried out in the branch"
    elif plan is not None and all(plan.answered(step.number) for step in plan.steps):
        reason = f"all steps of its plan {plan.reference} are done"
    if reason:
        raise RebaseRefused(reason, reasons=[Reason(reason)])


@router.get(
    "/branches/{name}/rebase",
    summary="Read what differs in a rebase",
    responses=problems(BranchNotFound, BranchNotOpen, BranchMoves, NotRebased),
)
async def read_rebase(name: str, by: Planner, request: Request) -> RebaseView:
    """Return where a rebase's answers differ from those in the branch that it is of, and the rows that differ.

    The table is read from both branches with your own token, each on its day. Of an answer that another caller got only
    whether it differs is shown.
    """
    promoter = _promoter(request)
    branch = promoter.branches.get(name, by)
    await promoter.branches.world(branch)
    rebase = await promoter.rebases.find(branch.id)
    if rebase is None:
        raise NotRebased(f"{name} is no rebase of another branch")
    table = await _what_differs(promoter, branch, rebase, by, request.headers["authorization"])
    return rebase_view(branch, rebase, table, by)


async def _what_differs(
    promoter: Promoter, branch: Branch, rebase: Rebase, by: Caller, signed: str
) -> ComparisonView | None:
    """Return the rows that differ from those of the branch that this one is a rebase of; None where that is gone."""
    origin = next((each for each in promoter.branches.of(by) if each.id == rebase.origin), None)
    if origin is None:
        return None
    async with AsyncExitStack() as stack:
        asks = []
        for each in (origin, branch):
            world = await promoter.branches.world(each)
            if world.is_moving:
                raise BranchMoves(f"the clock of {each.name} is being moved; it is at {world.today}")
            asks.append((each.name, await stack.enter_async_context(asking_branch(world, signed, by))))
        before, now = asks
        return await read_what_differs(str(branch.base), branch.bodies, before, now, Replacement(dict(rebase.ids)))


@router.post(
    "/branches/{name}/promotion",
    status_code=201,
    summary="Promote a branch",
    responses=problems(BranchNotFound, BranchNotOpen, BranchMoves, PromotionRefused, BaseMoved),
)
async def promote(name: str, by: Planner, request: Request, response: Response) -> PlanView:
    """Make the branch's commands one plan in life, which waits for whoever holds the right to each.

    A branch is promoted once: the status is 200 where its plan is there already, and the plan is that one.
    """
    promoter = _promoter(request)
    branch = promoter.branches.get(name, by)
    made = await promoter.plans.of_branch(branch.id)
    plan = made or await _made(promoter, branch, by)
    response.status_code = 200 if made else 201
    response.headers["Location"] = f"/plans/{plan.reference}"
    return plan_view(plan, await promoter.life.today(_token(request)), by)


async def _made(promoter: Promoter, branch: Branch, by: Caller) -> Plan:
    world = await promoter.branches.world(branch)
    if world.is_moving:
        raise BranchMoves(f"the clock of {branch.name} is being moved")
    base = promoter.branches.base_of(branch)
    if base is None:
        raise BranchNotOpen(f"{branch.name} has no base yet")
    await promoter.recorder.finish(world, branch.id)
    await world.catch_up()
    return await promotion.make_plan(
        promoter.plans,
        promoter.life,
        await promoter.recorder.journal.steps(branch.id),
        name=branch.name,
        branch_id=branch.id,
        line=await promoter.rebases.line_of(branch.id),
        bodies=branch.bodies,
        copies={service: promoter.branches.server.url_of(branch.database(service)) for service in base.ends},
        base={service: End(end.epoch, end.position) for service, end in base.ends.items()},
        by=by,
    )


@router.get("/plans", summary="List plans", responses=problems())
async def list_plans(by: By, paging: Paging, request: Request) -> Page[PlanSummaryView]:
    """List the plans that are for bodies of yours, or that wait for one of them, the oldest first."""
    promoter = _promoter(request)
    today = await promoter.life.today(_token(request))
    after = paging.key(str, str)
    found = [
        await promotion.settled(promoter.plans, promoter.life, plan)
        for plan in await promoter.plans.visible_to(by, after=_after(after), limit=paging.fetch)
    ]
    summaries = [plan_summary(plan, today) for plan in found]
    return page(summaries, key=lambda one: (one.made_at.isoformat(), one.reference), request=request)


def _after(cursor: Sequence[str] | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    try:
        made_at = datetime.fromisoformat(cursor[0])
    except ValueError:
        raise UnreadableCursor("after: use the link `next` of the page before") from None
    if made_at.tzinfo is None:
        raise UnreadableCursor("after: use the link `next` of the page before")
    return made_at, cursor[1]


@router.get("/plans/{reference}", summary="Read a plan", responses=problems(PlanNotFound))
async def read_plan(reference: Reference, by: By, request: Request) -> PlanView:
    """Return a plan: each step with its day and state, and whose right it waits for."""
    promoter = _promoter(request)
    plan = await _plan(promoter, reference, by)
    return plan_view(plan, await promoter.life.today(_token(request)), by)


@router.get("/plans/{reference}/steps", summary="List the steps of a plan", responses=problems(PlanNotFound))
async def list_steps_of_plan(reference: Reference, by: By, paging: Paging, request: Request) -> Page[PlanStepView]:
    """List the steps of a plan in order: each with its day and state, and whose right it waits for."""
    promoter = _promoter(request)
    [after] = paging.key(int) or [0]
    plan = await _plan(promoter, reference, by)
    found = steps_of_plan(plan, await promoter.life.today(_token(request)), by, after=after, limit=paging.fetch)
    return page(found, key=lambda one: one.number, request=request)


@router.post(
    "/plans/{reference}/steps/{number}",
    summary="Give a step of a plan",
    responses=problems(PlanNotFound, PlanStepNotFound, StepNotDue, BaseMoved),
)
async def give_step(reference: Reference, number: Number, by: By, request: Request) -> Response:
    """Give the step in life with your own token: the service decides by your right then, and its answer is yours.

    Given again, by whoever has the right, it is answered as the first time and does nothing.
    """
    promoter = _promoter(request)
    plan = await _plan(promoter, reference, by)
    token = _token(request)
    answer = await promotion.give(promoter.plans, promoter.life, plan, number, by=by, token=token)
    shown = ("content-type", "location", "etag", "idempotency-replayed")
    headers = {name: answer.headers[name] for name in shown if name in answer.headers}
    return Response(answer.content, answer.status_code, headers)


@router.post(
    "/plans/{reference}/withdrawal",
    summary="Withdraw a plan",
    responses=problems(PlanNotFound, PlanEnded),
)
async def withdraw_plan(reference: Reference, by: Planner, request: Request) -> PlanView:
    """Withdraw what of the plan is still to be given. What was done stays done; again changes nothing."""
    promoter = _promoter(request)
    plan = await _plan(promoter, reference, by)
    if not reads_all(plan, by):
        raise NotYoursToDecide(f"{', '.join(plan.bodies)}: who acts for all of them withdraws it")
    today = await promoter.life.today(_token(request))
    if plan_summary(plan, today).state is PlanState.DONE:
        raise PlanEnded(f"all steps of {plan.reference} are done")
    await promoter.plans.withdraw(plan.reference)
    return plan_view(await promoter.plans.find(plan.reference) or plan, today, by)


async def _plan(promoter: Promoter, reference: str, by: Caller) -> Plan:
    """Return a plan that the caller may read. Raises PlanNotFound."""
    plan = await promoter.plans.find(reference)
    if plan is None or not plan.is_shown_to(by):
        raise PlanNotFound(f"there is no plan {reference} that waits for you or is for bodies of yours")
    return await promotion.settled(promoter.plans, promoter.life, plan)


def _token(request: Request) -> str:
    return bearer(request.headers.get("authorization", ""))


def _promoter(request: Request) -> Promoter:
    promoter: Promoter = request.app.state.promoter
    return promoter
