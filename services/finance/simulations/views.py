"""Answers about simulations: pence, probabilities and ratios as decimals, with what they were computed from."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from services.finance.runs.models import RunState
from services.finance.simulations.terms import SimulationTerms


class _Stored(BaseModel):
    """A part of a stored answer: never changed, and read back as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Percentile(_Stored):
    """The net present value and the ratio that so many per cent of the runs lie below."""

    percent: int = Field(examples=[5])
    npv_pence: int
    low_pence: int = Field(description="With `high_pence` the range that has the percentile with 95 % probability.")
    high_pence: int
    bcr: str | None = Field(description="Of the runs that have costs; null: none has.")


class Probability(_Stored):
    """How often something was so, as a part of the runs, with its standard error."""

    probability: str = Field(examples=["0.30330"])
    standard_error: str = Field(examples=["0.00145"])


class SpreadView(_Stored):
    """How the value of the option is spread over the runs, beside what it is at the stated values."""

    stated_npv_pence: int = Field(description="At the values that the case states.")
    stated_bcr: str | None
    mean_npv_pence: int
    mean_standard_error_pence: int
    sd_npv_pence: int
    percentiles: tuple[Percentile, ...]
    npv_below_0: Probability
    bcr_below_benchmark: Probability
    runs_without_costs: int


class DriverView(_Stored):
    """How far an input drives the spread."""

    input: str = Field(examples=["saving"])
    title: str
    rank_correlation: str | None = Field(
        description="Spearman's, of the input with the net present value; null: one of both never differs.",
        examples=["0.912"],
    )


class DrawnView(_Stored):
    """What was drawn of an input: mean and standard deviation, in the unit of its cell."""

    input: str
    title: str
    stated: str = Field(description="The value that the case states.")
    mean: str
    sd: str
    outside: int = Field(description="Draws outside what the cell can be, which count as the nearest that it can be.")


class Bin(_Stored):
    """How many runs have a net present value from here to there."""

    from_pence: int
    to_pence: int
    runs: int


class WeightView(_Stored):
    """What a line counts by the incomes of whom it falls on."""

    input: str
    weight: str = Field(examples=["1.254"])


class WeightedView(_Stored):
    """The same runs with distributional weights: a sensitivity, shown beside the unweighted value."""

    pack: str
    elasticity: str = Field(description="Of the marginal utility of income.", examples=["1.3"])
    source: str
    lines: tuple[WeightView, ...]
    spread: SpreadView


class SimulationAnswer(_Stored):
    """What a simulation found: the same question with the same seed gives the same bytes."""

    case: str
    version: int
    revision: int
    option: str
    lens: str
    runs: int
    seed: int
    benchmark: str = Field(description="The benefit-cost ratio to reach.", examples=["4"])
    spread: SpreadView
    drivers: tuple[DriverView, ...] = Field(description="The strongest first.")
    drawn: tuple[DrawnView, ...]
    histogram: tuple[Bin, ...]
    weighted: WeightedView | None
    packs: dict[str, str] = Field(description="The rule pack used, by subject.")
    inputs_digest: str = Field(description="SHA-256 of the version's inputs, as its appraisal names them.")
    conventions: tuple[str, ...]
    computed_with: str = Field(examples=["NumPy 2.4.6, SciPy 1.17.1"])


class SimulationProgress(_Stored):
    """How far a simulation is."""

    stage: str = Field(examples=["drawing"])
    runs: int = Field(description="Runs that are measured.")


class SimulationView(BaseModel):
    """A simulation of a version; its answer once it is done."""

    simulation: str
    case: str
    version: int
    revision: int = Field(description="The revision of the version that is simulated.")
    state: RunState
    digest: str = Field(description="SHA-256 of the question and of all inputs. The same are computed once.")
    requested_at: datetime
    progress: SimulationProgress | None
    reason: str | None = Field(description="Why it failed.")
    terms: SimulationTerms | None = Field(description="What was asked; left out of lists.")
    answer: SimulationAnswer | None
