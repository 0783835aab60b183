"""Answers about plans, and about the steps of a branch."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field

from deploy.branches.comparison import ComparisonView
from deploy.branches.plans.ids import Replacement
from deploy.branches.plans.promotion import replacement
from deploy.branches.plans.rebases import Rebase
from deploy.branches.plans.replay import ReplayedStep
from deploy.branches.plans.rules import PlanState, StepState, state_of_plan, states
from deploy.branches.plans.store import GivenStep, Plan, PlannedStep
from deploy.branches.register import Branch
from deploy.branches.steps import Step, caller_of_text
from deploy.branches.views import BASE, NAME
from libs.common.http.paging import MOST_ITEMS, cursor_after
from libs.common.identity import Caller


class CallerView(BaseModel):
    """Whose right a step needs: one of these roles, for all of these organisations."""

    roles: list[str]
    organisations: list[str]
    subject: str | None = Field(description="Whose token counts, where it is one person's; null for anyone with it.")


class StepView(BaseModel):
    """A command of a branch, and how it was answered."""

    number: int
    day: date
    service: str
    method: str
    path: str
    query: str
    body: Any = Field(description="As JSON; null where it is none.")
    if_match: str | None
    caller: CallerView
    assumed: bool = Field(description="Whether it was given by a caller that the branch's front made.")
    status: int | None = Field(description="Null where it was not answered yet: it is asked again.")
    location: str | None
    etag: str | None
    digest: str | None = Field(description="SHA-256 of the answer; null for an assumed caller, who reads nothing.")


class RebaseBranch(BaseModel):
    """Give a branch's commands again in another branch: of life as it is now, or of a base that other branches have."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: str = Field(pattern=NAME, description="The name of the new branch.", examples=["exit-now-2"])
    base: str | None = Field(
        None,
        pattern=BASE,
        description="The base of another branch, so that rebases of several branches can be compared. Default: life.",
    )


class DifferenceView(BaseModel):
    """Where an answer differs in normal form: without instants and versions, and with random ids numbered."""

    field: str
    before: Any = Field(description="In the branch that was rebased; null where there is none.")
    now: Any


class ReplayedView(BaseModel):
    """A command that was given again."""

    number: int = Field(description="Its number in the branch that was rebased.")
    day: date = Field(description="The day on which it was given there.")
    given_on: date | None = Field(description="The day in this branch; null where life had carried it out before.")
    service: str
    method: str
    path: str
    assumed: bool
    status_before: int | None
    status: int | None
    refusal: str | None = Field(description="Why it was refused in this branch; of an assumed caller the title alone.")
    differs: bool
    differences: list[DifferenceView] = Field(description="Empty where another caller got the answer.")


class RebaseView(BaseModel):
    """What differs between a rebase and the branch that it is of."""

    name: str
    of: str
    same: bool | None = Field(description="Whether nothing differs; null where a part is not known.")
    steps: list[ReplayedView]
    table: ComparisonView | None = Field(
        description="The rows of the comparison that differ; null where the branch that was rebased is gone."
    )


class GivenView(BaseModel):
    """That a step was given in life; `status` is null while life's answer is not known."""

    by: str
    given_at: datetime
    status: int | None


class PlanStepView(BaseModel):
    """A step of a plan, and what it waits for. What it asks is shown to the planner and to whoever it waits for."""

    number: int
    day: date
    state: StepState
    waits_for: CallerView | None = Field(description="Null once it is done.")
    assumed: bool
    service: str
    method: str | None
    path: str | None = Field(description="With the ids that life gave to earlier steps, as query and body too.")
    query: str | None
    body: Any
    given: list[GivenView]
    location: str | None = Field(description="Life's, once it is done.")


class PlanSummaryView(BaseModel):
    """A plan, and how much of it is done."""

    reference: str
    branch: str
    bodies: list[str]
    state: PlanState
    made_at: datetime
    today: date = Field(description="Life's day.")
    steps_done: int
    steps_left: int = Field(description="Those that are still to be given, or were withdrawn.")


class PlanView(PlanSummaryView):
    """A branch's steps as one plan in life."""

    steps: list[PlanStepView] = Field(description=f"The first {MOST_ITEMS} of them.")
    next: str | None = Field(description="Link to the steps after these; null where these are all.")


def step_view(step: Step) -> StepView:
    """Return a step of a branch as it is shown."""
    intent = step.intent
    return StepView(
        number=step.number,
        day=intent.day,
        service=intent.service,
        method=intent.method,
        path=intent.path,
        query=intent.query,
        body=intent.json,
        if_match=intent.if_match,
        caller=_caller_view(intent.caller, intent.caller.organisations, is_assumed=intent.is_assumed),
        assumed=intent.is_assumed,
        status=step.status,
        location=step.location,
        etag=step.etag,
        digest=None if intent.is_assumed else step.digest,
    )


def _caller_view(caller: Caller, organisations: Collection[str], *, is_assumed: bool) -> CallerView:
    is_a_person = is_assumed and not caller.subject.startswith("assumed:")
    return CallerView(
        roles=sorted(caller.roles),
        organisations=sorted(organisations),
        subject=caller.subject if is_a_person else None,
    )


def rebase_view(branch: Branch, rebase: Rebase, table: ComparisonView | None, by: Caller) -> RebaseView:
    """Return what differs in a rebase, as this caller may read it."""
    same: bool | None = all(step.is_alike for step in rebase.steps)
    if same:
        same = not table.rows if table is not None and table.complete else None
    return RebaseView(
        name=branch.name,
        of=rebase.origin_name,
        same=same,
        steps=[_replayed_view(step, by) for step in rebase.steps],
        table=table,
    )


def _replayed_view(step: ReplayedStep, by: Caller) -> ReplayedView:
    got = caller_of_text(step.caller)
    is_shown = not step.assumed and got.roles <= by.roles and by.acts_for(got.organisations)
    return ReplayedView(
        number=step.number,
        day=step.day,
        given_on=step.given_on,
        service=step.service,
        method=step.method,
        path=step.path,
        assumed=step.assumed,
        status_before=step.status_before,
        status=step.status,
        refusal=(step.detail if is_shown else None) or step.title,
        differs=not step.is_alike,
        differences=[DifferenceView(field=one.field, before=one.before, now=one.now) for one in step.differences]
        if is_shown
        else [],
    )


def plan_summary(plan: Plan, today: date) -> PlanSummaryView:
    """Return a plan without its steps, on a day."""
    found = _states(plan, today)
    done = sum(state is StepState.DONE for state in found.values())
    assert plan.made_at is not None
    return PlanSummaryView(
        reference=plan.reference,
        branch=plan.branch,
        bodies=list(plan.bodies),
        state=state_of_plan(found, is_withdrawn=plan.withdrawn_at is not None),
        made_at=plan.made_at,
        today=today,
        steps_done=done,
        steps_left=len(found) - done,
    )


def plan_view(plan: Plan, today: date, by: Caller) -> PlanView:
    """Return a plan as this caller may read it on a day."""
    steps = steps_of_plan(plan, today, by, after=0, limit=MOST_ITEMS)
    following = len(plan.steps) > len(steps)
    return PlanView(
        **plan_summary(plan, today).model_dump(),
        steps=steps,
        next=f"/plans/{plan.reference}/steps?after={cursor_after(steps[-1].number)}" if following else None,
    )


def steps_of_plan(plan: Plan, today: date, by: Caller, *, after: int, limit: int) -> list[PlanStepView]:
    """Return the steps of a plan after a number, as this caller may read them on a day."""
    found, ids = _states(plan, today), replacement(plan)
    shown = [step for step in plan.steps if step.number > after][:limit]
    return [_step_view(plan, step, found[step.number], by, ids) for step in shown]


def _states(plan: Plan, today: date) -> dict[int, StepState]:
    return states(
        {step.number: step.day for step in plan.steps},
        [one.act() for one in plan.given],
        today=today,
        is_withdrawn=plan.withdrawn_at is not None,
    )


def _step_view(plan: Plan, step: PlannedStep, state: StepState, by: Caller, ids: Replacement) -> PlanStepView:
    is_shown = reads_all(plan, by) or by.acts_for_one_of(step.organisations)
    answered = plan.answered(step.number)
    return PlanStepView(
        number=step.number,
        day=step.day,
        state=state,
        waits_for=_caller_view(step.caller, step.organisations, is_assumed=step.is_assumed)
        if answered is None
        else None,
        assumed=step.is_assumed,
        service=step.service,
        method=step.method if is_shown else None,
        path=ids.path(step.path) if is_shown else None,
        query=urlencode(ids.query(parse_qsl(step.query, keep_blank_values=True))) if is_shown else None,
        body=ids.body(step.json) if is_shown else None,
        given=[_given_view(one) for one in plan.given if one.number == step.number],
        location=answered.location if answered is not None and is_shown else None,
    )


def _given_view(one: GivenStep) -> GivenView:
    return GivenView(by=one.subject, given_at=one.given_at, status=one.status)


def reads_all(plan: Plan, by: Caller) -> bool:
    """Whether a caller reads what every step asks: whoever acts for all of the plan's bodies, as its planner does."""
    return by.acts_for(plan.bodies)
