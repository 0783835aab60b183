"""Answers about plans, and about the steps of a branch."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, Field

from deploy.branches.plans.ids import Replacement
from deploy.branches.plans.promotion import replacement
from deploy.branches.plans.rules import PlanState, StepState, state_of_plan, states
from deploy.branches.plans.store import GivenStep, Plan, PlannedStep
from deploy.branches.steps import Step
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


class StepListView(BaseModel):
    """The commands of a branch, in the order in which they were carried out."""

    items: list[StepView]


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


class PlanView(BaseModel):
    """A branch's steps as one plan in life."""

    reference: str
    branch: str
    bodies: list[str]
    state: PlanState
    made_at: datetime | None
    today: date = Field(description="Life's day.")
    steps: list[PlanStepView]


class PlanListView(BaseModel):
    """The plans of the caller, the oldest first."""

    items: list[PlanView]


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


def plan_view(plan: Plan, today: date, by: Caller) -> PlanView:
    """Return a plan as this caller may read it on a day."""
    is_withdrawn = plan.withdrawn_at is not None
    found = states(
        {step.number: step.day for step in plan.steps},
        [one.act() for one in plan.given],
        today=today,
        is_withdrawn=is_withdrawn,
    )
    ids = replacement(plan)
    return PlanView(
        reference=plan.reference,
        branch=plan.branch,
        bodies=list(plan.bodies),
        state=state_of_plan(found, is_withdrawn=is_withdrawn),
        made_at=plan.made_at,
        today=today,
        steps=[_step_view(plan, step, found[step.number], by, ids) for step in plan.steps],
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
