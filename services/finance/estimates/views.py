"""What is shown of an estimate."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class RangeView(BaseModel):
    """A saving a year, in whole pence."""

    low_pence: int
    mid_pence: int
    high_pence: int


class LearnedView(BaseModel):
    """From how many savings of ended years a realisation was learned, and how far they lie apart."""

    count: int
    lowest: str
    median: str
    highest: str


class FunctionEstimateView(BaseModel):
    """The estimate of one function."""

    function: str
    baseline_pence: int
    benchmark: str = Field(description="`low` to `high` of the baseline, or `no benchmark`.", examples=["30 % to 50 %"])
    saving: RangeView | None = Field(description="null where there is no benchmark: neither 0 nor extrapolated.")
    realisation: str = Field(description="The part of it that is expected to arrive, exact.")
    realisation_source: str = Field(description="`full`, `chosen`, or `learned`; `full` where nothing was learned yet.")
    learned: LearnedView | None


class EstimateView(BaseModel):
    """What sharing would save, by the benchmarks of a rule pack."""

    functions: list[FunctionEstimateView]
    baseline_pence: int
    with_benchmark_pence: int = Field(description="The baseline of the functions that have a benchmark.")
    no_benchmark_pence: int = Field(description="The rest of it, of which nothing is estimated.")
    saving: RangeView
    low_percent: str = Field(description="Of the baseline that has a benchmark.", examples=["27.29"])
    high_percent: str
    realisation: str | None = Field(
        description="The part of a saving that is expected to arrive; null: each function has its own."
    )
    realisation_source: str = Field(description="`full`, `chosen`, or `learned` from what was realised.")
    pack: str | None
    source: str = Field(description="Whose savings the benchmark is of.")
    as_at: date
    as_known: datetime | None
