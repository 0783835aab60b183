"""What is uncertain of a version, in the form in which it is sent: cells, distributions, correlations, weights."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.finance.case_contents.content import Key, LensName, Proportion, Text
from services.finance.core.codes import MOST_PENCE

MOST_INPUTS = 30
MOST_RUNS = 1_000_000
MOST_DRAWS = 10_000_000
"""Runs times inputs: all of them are in memory at once, to be ranked."""


def _exact(given: str) -> str:
    return str(Fraction(given))


def _decimal(given: str) -> str:
    # What is added makes 0 of -0.
    return format(Decimal(given).normalize() + 0, "f")


Amount = Annotated[
    str,
    Field(
        pattern=r"^-?[0-9]{1,14}(\.[0-9]{1,9}|/[1-9][0-9]{0,8})?$",
        max_length=25,
        description="An exact number in the unit of its cell: pence, a part or a rate.",
        examples=["40000000"],
    ),
    AfterValidator(_exact),
]
Correlation = Annotated[
    str,
    Field(pattern=r"^-?[0-9](\.[0-9]{1,6})?$", max_length=9, description="From -1 to 1.", examples=["0.5"]),
    AfterValidator(_decimal),
]


CorrelationRow = Annotated[list[Correlation], Field(max_length=MOST_INPUTS)]


class TermsPart(BaseModel):
    """A part of what is asked; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Normal(TermsPart):
    """Symmetric around its mean, without bounds."""

    distribution: Literal["normal"]
    mean: Amount
    sd: Amount


class LogNormal(TermsPart):
    """Above 0, with a long tail: its own mean and standard deviation, not those of its logarithm."""

    distribution: Literal["lognormal"]
    mean: Amount
    sd: Amount


class Triangular(TermsPart):
    """Rises in a straight line from `low` to `mode` and falls to `high`."""

    distribution: Literal["triangular"]
    low: Amount
    mode: Amount
    high: Amount


class Pert(TermsPart):
    """A beta distribution from `low` to `high` whose mean is (low + 4 mode + high) / 6."""

    distribution: Literal["pert"]
    low: Amount
    mode: Amount
    high: Amount


class Uniform(TermsPart):
    """Each value from `low` to `high` alike."""

    distribution: Literal["uniform"]
    low: Amount
    high: Amount


class Chance(TermsPart):
    """One value of a discrete distribution, and its probability."""

    value: Amount
    probability: Proportion


class Discrete(TermsPart):
    """One of some values; their probabilities sum to 1."""

    distribution: Literal["discrete"]
    values: list[Chance] = Field(min_length=1, max_length=60)


Distribution = Annotated[
    Normal | LogNormal | Triangular | Pert | Uniform | Discrete, Field(discriminator="distribution")
]


class UncertainInput(TermsPart):
    """A cell of the case, and what is believed of it."""

    cell: Literal["value", "growth", "discount", "go_live"] = Field(
        default="value",
        description="`value`: an input as it is quoted, pence of a line, the probability of a risk, or the "
        "`realisation`. `growth`: real growth a year of a line from year 0 on, beside what is stated. `discount`: "
        "what is added to every discount rate. `go_live`: by how many years the whole option begins later.",
    )
    input: Annotated[str, Field(max_length=80)] | None = Field(
        default=None, description="The code of a line or risk, or `realisation`.", examples=["saving"]
    )
    distribution: Distribution

    @property
    def name(self) -> str:
        """What the cell is called in answers."""
        if self.input is None:
            return self.cell
        return self.input if self.cell == "value" else f"{self.cell}:{self.input}"


class IncomeGroup(TermsPart):
    """A group of households by income, and its part of a line."""

    group: Text
    share: Proportion
    income_pence: int = Field(strict=True, ge=1, le=MOST_PENCE, description="Equivalised income a year.")


class Incidence(TermsPart):
    """Whom a line falls on."""

    input: Key
    groups: list[IncomeGroup] = Field(min_length=1, max_length=20)


class Weighting(TermsPart):
    """Distributional weights: a pound counts more the lower the income of whom it falls on."""

    median_income_pence: int = Field(strict=True, ge=1, le=MOST_PENCE, description="Of all households, equivalised.")
    source: Text = Field(description="Where the incomes come from.")
    lines: list[Incidence] = Field(min_length=1, max_length=100)


class SimulationTerms(TermsPart):
    """What is asked of a version: an option, what is uncertain of it, how often it is drawn, and from which seed."""

    option: Key | None = Field(default=None, description="Left out: the preferred option.")
    lens: LensName | None = Field(default=None, description="One of the case's lenses; left out: its own.")
    discounting: Annotated[str, Field(max_length=60)] | None = Field(
        default=None, description="What if: a rule pack of discount rates, an inactive one too."
    )
    runs: int = Field(default=100_000, strict=True, ge=1_000, le=MOST_RUNS)
    seed: int = Field(default=1, strict=True, ge=0, lt=2**53, description="The same seed draws the same values.")
    inputs: list[UncertainInput] = Field(min_length=1, max_length=MOST_INPUTS)
    correlations: Annotated[list[CorrelationRow], Field(max_length=MOST_INPUTS)] | None = Field(
        default=None,
        description="Of the normal scores of the inputs, in their order, each row whole; left out: independent.",
    )
    weights: Weighting | None = Field(
        default=None, description="The same runs once more, with what falls on whom weighted by income."
    )
