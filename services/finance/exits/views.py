"""Answers about leaving contracts: pence for programs, the lens, the packs and the events of every figure."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class ExitLineView(BaseModel):
    """One line of what an exit costs once."""

    component: str = Field(examples=["contractual_payment"])
    nature: str = Field(description="`resource` or `transfer`.", examples=["transfer"])
    payer: str
    payee: str = Field(description="Empty: no organisation.")
    pence: int
    due_on: date


class LensCostView(BaseModel):
    """The present cost of an exit through a lens."""

    lens: str = Field(examples=["public_sector"])
    present_cost_pence: int


class ExitView(BaseModel):
    """One exit on offer."""

    exit_on: date = Field(description="The first day without the contract.")
    last_notice_on: date
    is_passed: bool = Field(description="Whether its last notice day lies before the day asked for.")
    days_left: int | None = Field(description="To its last notice day; null where that has passed.")
    price_source: str = Field(description="`terms`, or the termination whose price contracts published.")
    lines: list[ExitLineView]
    unpriced: list[str] = Field(description="Components for which the contract states no terms: not in the sums.")
    assumptions: list[str] = Field(description="What stands for something that the contract does not state.")
    costs: list[LensCostView]
    without_transition_pence: int = Field(description="Under the first lens, if no transition were needed then.")
    break_even_share: str | None = Field(
        description="The payment, as a fraction of the remaining charges, at which leaving costs the first lens what "
        "the last exit on offer does; null where none remain.",
        examples=["0.372136"],
    )
    break_even_without_transition: str | None = Field(
        description="The same against a last exit that needs no transition."
    )


class BestExitView(BaseModel):
    """The best exit still open under a lens."""

    lens: str
    best_on: date
    present_cost_pence: int


class CompensationView(BaseModel):
    """What a payment from the supplier to the organisation could make good."""

    penalty_pence: int = Field(
        description="What the organisation loses by the day that is best for the wider lens: the least that suits it."
    )
    supplier_gain_pence: int = Field(description="What the supplier gains by it: the most that suits it.")
    suits_both: bool


class MissedNoticeView(BaseModel):
    """What it costs the organisation to miss the next notice day."""

    due_on: date
    days_left: int
    cost_pence: int | None = Field(description="null: no exit would be left.")


class InputsView(BaseModel):
    """What the assessment adds to what contracts publishes, in prices of the base year."""

    base_year: str = Field(examples=["2017-18"])
    years: int
    replacement_pence: int
    transition_pence: int
    dual_running_months: int | None = Field(description="null: as the contract states, else not known")
    lenses: list[str]


class ExitAssessmentView(BaseModel):
    """When to leave a contract: each exit on offer through each lens, computed from what is known."""

    contract: str = Field(examples=["CSU-BUCKS-2017"])
    organisation: str
    version: int
    stated_at: datetime
    published_at: datetime | None
    inputs: InputsView
    prices_of: str = Field(
        description="The year in whose prices every figure counts, the base year: charges, terms and inputs are taken "
        "to keep their worth, so that no deflator is applied. A charge that rises by less than prices is overstated in "
        "later years, one that rises by more understated.",
        examples=["2017-18"],
    )
    supplier: str
    customers: list[str]
    tiers: dict[str, str] = Field(
        description="The tier of the tariff by function, as contracts placed the customers; empty: not known.",
        examples=[{"hr": "cluster"}],
    )
    as_at: date
    as_known: datetime | None
    committed_on: date | None = Field(description="The exit for which a notice of the whole contract stands.")
    exits: list[ExitView]
    best: list[BestExitView] = Field(description="By lens; empty where every notice day has passed.")
    is_contested: bool = Field(description="Whether the lenses have different best days.")
    wider_lens: str = Field(examples=["public_sector"])
    at_stake_pence: int = Field(description="What the wider lens loses by the organisation's best day.")
    compensation: CompensationView
    next_notice: MissedNoticeView | None
    rule_packs: list[str]
    events: list[str] = Field(description="What it rests on: events by name, with the instant when they were stated.")
    digest: str = Field(description="SHA-256 of the inputs and figures.")


class ExitCalendarItemView(BaseModel):
    """A contract in the exit calendar: its next notice day, and what missing it costs."""

    contract: str
    title: str
    supplier: str
    customers: list[str]
    next_notice_on: date | None
    days_left: int | None
    exit_on: date | None = Field(description="The exit that this notice is for.")
    cost_of_missing_pence: int | None = Field(description="null: not known; see `basis`.")
    basis: str = Field(
        description="`assessment`: present cost of the best exit that is left less that of the best now; `charges`: "
        "charges to the next exit, where no assessment is there; `committed`: a notice stands; `last_exit`: no exit "
        "follows; `no_exit_terms`: contracts has published none, so that there is no figure."
    )
    organisation: str | None = Field(description="Whose assessment it is.")
