"""What is shown of cases. Amounts are whole pence, rounded once; ratios are decimals as text."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from services.finance.case_contents.content import CaseContent


class View(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(from_attributes=True)


class CaseVersionView(View):
    """A version of a case as its author stated it."""

    case: str
    version: int
    revision: int = Field(description="Counts the edits of the draft; the ETag.")
    status: str = Field(description="`draft`, `published`, or `proposed` where a proposal froze it.")
    organisation: str
    proposal: str | None
    digest: str | None = Field(description="SHA-256 of the inputs of a version that is frozen.")
    stated_at: datetime
    content: CaseContent


class CaseView(View):
    """A case in a list: its latest version that the caller reads."""

    case: str
    organisation: str
    version: int
    status: str
    title: str
    stated_at: datetime


class MeasuresView(View):
    """What an option is worth over business as usual, through one lens."""

    lens: str
    pv_costs_pence: int = Field(description="One-off costs (termination payments too), added recurrent costs, risk.")
    pv_benefits_pence: int = Field(description="Typed benefits, and costs avoided.")
    npv_pence: int
    bcr: str | None = Field(description="Benefits over costs; all one-off costs in the denominator. null: no costs.")
    passes_benchmark: bool
    eanc_pence: int = Field(description="NPV spread evenly over the years after year 0.")
    eanc: str = Field(description="The same in words.", examples=["a net benefit of £1,829,461.00 a year"])
    payback_year: int | None = Field(description="From which on the sum stays at or above 0; null: never.")
    discounted_payback_year: int | None


class ItemView(View):
    """One input of an option and what it adds to the NPV."""

    input: str
    title: str
    type: str
    kind: str
    contract: str | None = Field(description="Of a component of an exit's price: the contract that it comes from.")
    value: str = Field(description="The input as it is quoted: pence, or for a risk its probability.")
    present_value_pence: int = Field(description="Its part of the NPV: negative for a cost.")


class WorksView(View):
    """How long works are planned and expected to take."""

    planned_months: str
    expected_months: str
    optimism_bias: str


class OptionView(View):
    """One option with its measures through the case's lens and the others, and its inputs."""

    option: str
    title: str
    kind: str
    measures: MeasuresView
    by_lens: list[MeasuresView]
    lower_rate: MeasuresView | None = Field(description="Sensitivity beyond 50 years.")
    value_for_money: str = Field(description="The band of the benefit-cost ratio, by the Department for Transport.")
    benefits_by_type: dict[str, int] = Field(description="Present value in pence, by type of benefit.")
    items: list[ItemView]
    unmonetised: list[str]
    works: WorksView | None


class SunkView(View):
    """What was spent before the base year: counted nowhere."""

    title: str
    financial_year: str
    amount_pence: int


class ProvenanceView(View):
    """What an answer was computed from."""

    lens: str
    packs: dict[str, str] = Field(description="The rule pack used, by subject.")
    conventions: list[str]
    causes: list[str] = Field(description="The events that figures come from.")
    inputs_digest: str = Field(description="SHA-256 of everything that it was computed from.")
    as_known: datetime | None


class AppraisalView(View):
    """The appraisal of a version."""

    case: str
    version: int
    status: str
    organisation: str
    title: str
    base_year: str
    years: int
    realisation: str
    realisation_source: str
    benchmark: str = Field(description="The benefit-cost ratio to reach.", examples=["4"])
    preferred: str | None
    options: list[OptionView]
    sunk: list[SunkView]
    warnings: list[str]
    provenance: ProvenanceView
    digest: str = Field(description="SHA-256 of this answer; with a JSON pointer it names one figure of it.")


class IncrementView(View):
    """One row of the incremental table."""

    option: str
    dominated_by: str | None
    over: str | None = Field(description="The next cheaper option that is not dominated.")
    added_cost_pence: int
    added_npv_pence: int
    bcr: str | None


class ComparisonView(View):
    """Options over the next cheaper one, through the case's lens or another."""

    case: str
    version: int
    highest_npv: str | None
    pass_benchmark: list[str]
    rows: list[IncrementView]
    says: list[str]
    provenance: ProvenanceView


class SwitchingValueView(View):
    """The value of one input at which a measure meets its threshold."""

    input: str
    title: str
    value: str = Field(description="As it stands: pence, a probability, or the part that is realised.")
    switching_value: str | None = Field(description="null: no value from 0 on reaches the threshold.")
    switching_pence: int | None = Field(description="The same in whole pence, for an amount.")
    change: str | None = Field(description="By which part it changes, in per cent.")


class SwitchingValuesView(View):
    """Switching values of an option's inputs."""

    case: str
    version: int
    option: str
    measure: str
    threshold: str
    rows: list[SwitchingValueView]
    provenance: ProvenanceView


class SwingView(View):
    """One bar of a tornado."""

    input: str
    title: str
    type: str = Field(description="The type of the line, `risk`, or `realisation`.", examples=["cash_releasing"])
    value: str
    low_npv_pence: int
    high_npv_pence: int
    low_bcr: str | None
    high_bcr: str | None


class ScenarioView(View):
    """A scenario that the author stated."""

    scenario: str
    title: str
    option: str
    measures: MeasuresView


class TwoWayView(View):
    """NPV and BCR by two inputs at once: rows by the first, columns by the second."""

    first: str
    second: str
    factors: list[str]
    npv_pence: list[list[int]]
    bcr: list[list[str | None]]


class SensitivityView(View):
    """How far each input moves the result."""

    case: str
    version: int
    option: str
    change: str
    tornado: list[SwingView]
    scenarios: list[ScenarioView]
    two_way: TwoWayView | None
    provenance: ProvenanceView


class BurdenView(View):
    """What an option means to one organisation's books in one year."""

    organisation: str
    financial_year: str
    cash_pence: int
    capital_pence: int
    depreciation_pence: int
    dividend_pence: int = Field(description="The PDC dividend on average net assets.")
    vat_pence: int = Field(description="Irrecoverable VAT, in cash.")
    revenue_effect_pence: int = Field(description="Positive where it helps.")
    budget_pence: int | None = Field(description="The organisation's budget of the year; null: none that you read.")
    fund_pence: int | None = Field(description="Drawn of funds for the case in the year; null: not yours to read.")
    asked_of_budget_pence: int | None = Field(description="Cash that no fund covers; negative: the budget is relieved.")


class AffordabilityView(View):
    """Affordability of an option by organisation and year. Of benefits only cash-releasing ones count.

    What an option costs or saves is in prices of the base year; budgets and draws on funds are as they were set.
    """

    case: str
    version: int
    option: str
    rows: list[BurdenView]
    provenance: ProvenanceView


class PartyShiftView(View):
    """What one party gains or loses by financial year; a negative amount is a loss."""

    party: str
    gain_pence: int
    by_year: dict[str, int]


class LosersView(View):
    """Who gains and who loses by an option, over business as usual, undiscounted."""

    case: str
    version: int
    option: str
    lens: str
    gainers: list[PartyShiftView]
    losers: list[PartyShiftView]
    net_pence: int = Field(description="The lens's own gain: transfers inside it net out.")
    counted_saving_pence: int = Field(description="What may be called a saving once the losers' cost is borne.")
    shifted: bool
    provenance: ProvenanceView


class StatedView(View):
    """A version after a command."""

    case: str
    version: int
    revision: int
    status: str
    digest: str | None
    event: str | None = Field(description="Id of CaseAppraised, where it was published.")
    on: date = Field(description="The day on which its rule packs are looked up.")
