"""Answers about budgets."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class EntryView(BaseModel):
    """What a line rose or fell by, from a day on."""

    entry: str = Field(examples=["E-1"])
    kind: str = Field(
        description="`set`, `moved`, `reduced`, `restored`; by a merger `restated`, and `undone`; of pay `suspended`, "
        "`resumed`."
    )
    effective_on: date
    amount_pence: int = Field(description="For the days of the year from then on; negative: the line fell.")
    annual_pence: int = Field(description="For a whole year.")
    other_line: str | None = Field(description="The line with the other half of a virement or restatement.")
    virement: str | None
    initiative: str | None
    decision: str | None
    reduction: str | None = Field(description="Its name as a reduction, which a restoration takes back.")
    reverses: str | None = Field(description="The reduction that it takes back.")
    undoes: str | None = Field(
        description="The entry that this one takes back, because the decision that it names was reversed."
    )
    succession: str | None = Field(description="The body and the day of the succession that it follows from.")
    stated_at: datetime
    recorded_at: datetime


class LineView(BaseModel):
    """A line of a budget, as at a day, as known at an instant."""

    line: str = Field(examples=["BL-1"])
    organisation: str
    financial_year: str
    account: str
    function: str
    service: str
    locality: str
    care_model: str
    pay: bool
    recurrent: bool
    admin: bool
    transition: bool
    amount_pence: int = Field(description="In the year: the sum of its entries.")
    amount: str
    annual_pence: int = Field(description="In a whole year.")
    full_year_effect_pence: int = Field(
        description="What a recurrent line costs more in the year after than in this one: it began, or fell, within it."
    )
    version: int = Field(description="The version to name in If-Match for a correction.")


class LineDetailView(LineView):
    """A line with its entries, in the order in which they were stated."""

    entries: list[EntryView]


class CeilingView(BaseModel):
    """What a body may plan for administration."""

    allowance_pence: int
    required_saving: str = Field(description="The part of the allowance that has to be saved, exact.")
    required_saving_pence: int
    ceiling_pence: int
    ceiling: str
    headroom_pence: int = Field(description="What is left of the ceiling; negative: it is exceeded.")
    baseline_pence: int | None = Field(description="What was spent before: the stated amount a head times people.")
    cut: str | None = Field(description="The part of the baseline by which the ceiling lies below it, exact.")
    basis: str | None = Field(description="How the people of the baseline were counted: `registered`, `weighted`.")
    packs: list[str] = Field(description="The rule packs of the allowance.")


class LocalityView(BaseModel):
    """The lines of a locality: the body's own, devolved and not transferred."""

    locality: str
    owner: str
    devolved: bool
    amount_pence: int
    amount: str


class RedesignationView(BaseModel):
    """Administration that became programme under the same account, function and service: it is no saving."""

    account: str
    function: str
    service: str
    amount_pence: int
    amount: str
    of_pence: int = Field(description="Of this administration, as first set.")


class BudgetView(BaseModel):
    """The budget of a body for a year."""

    organisation: str
    financial_year: str
    lines: int
    amount_pence: int
    amount: str
    admin_pence: int
    programme_pence: int
    pay_pence: int
    recurrent_pence: int
    non_recurrent_pence: int
    full_year_effect_pence: int
    ceiling: CeilingView | None = Field(description="null where no allowance of the year is known.")
    localities: list[LocalityView]
    redesignated: list[RedesignationView]
    warnings: list[str]
    as_at: date | None
    as_known: datetime | None
