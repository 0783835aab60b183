"""Answers about portfolios and their runs: pence for programs, pounds for people, years as the NHS writes them."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from services.finance.plans.problem import Problem
from services.finance.portfolios.terms import PortfolioTerms
from services.finance.runs.models import RunState


class _Stored(BaseModel):
    """A part of a stored answer: never changed, and read back as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(StrEnum):
    """What a run found out."""

    OPTIMAL = "optimal"
    BEST_FOUND = "best found"
    INFEASIBLE = "infeasible"
    NO_PLAN_IN_TIME = "no plan in time"


class PlannedItem(_Stored):
    """An item, when it is done, what that is worth against never, and the money that it needs."""

    item: str
    year: str | None = Field(description="The financial year at whose start it is done; null: never.")
    quarter: int | None = Field(description="The quarter of that year in which it goes live, 1 to 4.")
    value_pence: int
    cash_pence: int = Field(description="Non-recurrent money, in all years together.")
    committed: bool = Field(description="Whether notice was served already, or it was stated to be committed.")


class PlannedYear(_Stored):
    """A year's money: budget, what is carried in and spent, and what is left of it."""

    year: str
    budget_pence: int | None = Field(description="null: no limit.")
    spent_pence: int
    left_pence: int | None
    go_lives: int


class Closure(_Stored):
    """A supplier whose charges fall below what it needs, and the year from which it is closed."""

    supplier: str
    year: str


class Ranking(_Stored):
    """What ranking by benefit-cost ratio gives under the same rules: each item in turn, at the best start that fits."""

    value_pence: int
    loses_pence: int = Field(description="What it is worth less than the plan.")
    items: tuple[PlannedItem, ...]
    left_out: tuple[str, ...] = Field(description="Items that have to be done and found no room.")


class Obstacle(_Stored):
    """What stands in the way of an item's best year, with the plan as it is."""

    rule: str = Field(
        description="`budget`, `go-lives`, `dependency`, `alternatives` or `supplier`.", examples=["budget"]
    )
    subject: str = Field(description="The function, item or supplier that it is about.")
    year: str | None
    short_pence: int = Field(description="Money that is missing, of a budget or a supplier's charges; otherwise 0.")


class ItemExplanation(_Stored):
    """The year that an item would like best, what that would bring, and what stands in the way."""

    item: str
    planned: str | None
    prefers: str | None = Field(description="The year in which it is worth most; null: never.")
    gains_pence: int = Field(description="What the item would be worth more then.")
    obstacles: tuple[Obstacle, ...]


class CurvePoint(_Stored):
    """The best plan with another amount of money: its value, and a verified bound of what any plan is worth then."""

    percent: int = Field(description="Of the stated budgets.", examples=[90])
    verdict: Verdict
    value_pence: int | None
    bound_pence: int | None
    gap: str | None = Field(description="As a part of the value.", examples=["0.00031"])


class Clash(_Stored):
    """What would have to give so that everything that has to be done can be."""

    rule: str = Field(description="`budget`, `go-lives`, `target` or `notice`.", examples=["budget"])
    subject: str
    year: str | None
    more_pence: int = Field(description="Money that the year needs more, or by which the target is too high.")
    more_items: int = Field(description="Go-lives above the limit of the year.")
    sentence: str = Field(examples=["£6,600,000.00 more in 2028-29"])


class Price(_Stored):
    """The multiplier of one rule, from which every reader can compute the verified bound again."""

    rule: str
    about: tuple[int, ...]
    billionths: int


class PlanView(_Stored):
    """A run's plan, checked in whole pence by code that knows no solver, and how near the best possible it is."""

    verdict: Verdict
    value_pence: int | None
    bound_pence: int | None = Field(description="No plan is worth more: branch and bound, in floating point.")
    verified_bound_pence: int | None = Field(
        description="No plan is worth more: weak duality in whole numbers, from the multipliers of its proof."
    )
    gap: str | None = Field(description="(bound - value) / value.", examples=["0.00007"])
    granularity_pence: int = Field(description="The answer is exact to so many pence.", examples=[1])
    sentence: str = Field(examples=["best found, at most 0.0021 of its value from the best possible"])
    items: tuple[PlannedItem, ...]
    years: tuple[PlannedYear, ...]
    closures: tuple[Closure, ...]
    ranking: Ranking | None
    solver: str = Field(examples=["HiGHS 1.16.0"])
    threads: int
    solver_seconds: float
    own_seconds: float


class Answer(PlanView):
    """Everything that a run gives: the plan, its explanation and proof, other budgets, or what clashes."""

    explanation: tuple[ItemExplanation, ...]
    curve: tuple[CurvePoint, ...]
    clashes: tuple[Clash, ...]
    clashes_are_least: bool | None = None
    multipliers: tuple[Price, ...]


class Progress(_Stored):
    """How far a run is: its stage, the best plan so far and the bound, where there are any."""

    stage: str = Field(examples=["every pound"])
    value_pence: int | None
    bound_pence: int | None


class RunView(BaseModel):
    """A run of a portfolio; its plan once it is done."""

    run: str
    portfolio: str
    version: int = Field(description="The portfolio's version that was solved.")
    state: RunState
    digest: str = Field(description="SHA-256 of all inputs. The same inputs are computed once.")
    requested_at: datetime
    progress: Progress | None
    reason: str | None = Field(description="Why it failed.")
    plan: PlanView | None


class ExplanationView(BaseModel):
    """For each item that would rather be done otherwise: when, what that would bring, what stands in the way."""

    run: str
    items: tuple[ItemExplanation, ...]


class CurveView(BaseModel):
    """What money is worth: the best plan with less and with more of it, each with its bound."""

    run: str
    points: tuple[CurvePoint, ...]


class ClashesView(BaseModel):
    """What has to give; empty where there is a plan, or where the time was not enough to find it."""

    run: str
    verdict: Verdict
    sentence: str = Field(description="What is known of it.")
    clashes: tuple[Clash, ...]
    least: bool | None = Field(
        description="Whether it was proven that no less suffices, to 0.1 % of the pounds together, a go-live counting "
        "£100,000; false: not known; null: there is nothing that money, go-lives or the target could give."
    )


class ProofView(BaseModel):
    """The whole problem in whole pence, with the multipliers that prove the verified bound."""

    run: str
    digest: str
    problem: Problem
    multipliers: tuple[Price, ...]


class PortfolioView(BaseModel):
    """A portfolio as stated, as at a day and as known at an instant."""

    portfolio: str
    version: int = Field(description="The version to name in If-Match.")
    organisations: list[str]
    effective_on: date
    stated_at: datetime
    terms: PortfolioTerms


class PortfolioLine(BaseModel):
    """A portfolio in a list."""

    portfolio: str
    title: str
    version: int
    organisations: list[str]
    effective_on: date
    stated_at: datetime
    items: int
