"""What an author states of a case: options with typed lines, risks and works, in the form in which it is sent."""

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from libs.common.codes import Code, Folded
from libs.common.text import visible
from services.finance.appraisals.inputs import LineType, OptionKind
from services.finance.core.codes import MOST_PENCE, ContractReference
from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS, Nature
from services.finance.core.years import LAST_YEAR, FinancialYear

MOST_YEARS = 300
MOST_LINES = 250
"""Lines and risks of a version, all options together: each is one input of the sensitivity analysis."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(visible)]
_KEY = Folded(
    "[A-Za-z0-9][A-Za-z0-9_-]{0,38}",
    "a code has up to 39 letters, digits, hyphens and underscores, and begins with a letter or digit",
    str.lower,
)
Key = Annotated[str, _KEY, Field(max_length=39)]
"""The author's code of an option, line or risk, folded to lower case."""
Party = Annotated[
    str,
    Folded("[A-Za-z0-9]{1,12}", "a party is an organisation's or supplier's code, `households` or `exchequer`", str),
    AfterValidator(lambda code: code.lower() if code.lower() in {HOUSEHOLDS, EXCHEQUER} else code.upper()),
]
Pence = Annotated[int, Field(strict=True, ge=0, le=MOST_PENCE)]
Year = Annotated[int, Field(strict=True, ge=0, lt=MOST_YEARS)]


def _fraction(given: str) -> str:
    return str(Fraction(given))


def at_most_whole(given: str) -> str:
    """Return a part as an exact fraction. Raises ValueError above the whole."""
    if Fraction(given) > 1:
        raise ValueError("a part is at most the whole")
    return str(Fraction(given))


Proportion = Annotated[
    str,
    Field(
        pattern=r"^([0-9]{1,9}/[1-9][0-9]{0,8}|[0-9](\.[0-9]{1,12})?)$",
        max_length=25,
        description="An exact part of a whole, from 0 to 1: `17/20` or `0.85`.",
        examples=["1/2"],
    ),
    AfterValidator(at_most_whole),
]
Number = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,9}|/[1-9][0-9]{0,8})?$",
        max_length=25,
        description="An exact number from 0 on: `12.5` or `3/2`.",
        examples=["3/2"],
    ),
    AfterValidator(_fraction),
]
Rate = Annotated[
    str,
    Field(
        pattern=r"^-?([0-9]{1,9}/[1-9][0-9]{0,8}|[0-9](\.[0-9]{1,12})?)$",
        max_length=25,
        description="An exact rate a year: `1/50` or `0.02`.",
        examples=["1/50"],
    ),
    AfterValidator(_fraction),
]


class ContentPart(BaseModel):
    """A part of a case; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MixShare(ContentPart):
    """A category of optimism bias and its share of the cost."""

    category: Key
    share: Proportion = "1"


class MitigationStated(ContentPart):
    """A factor that contributes a part of the bias, and how far it is mitigated, from a stage on."""

    factor: Text
    contribution: Proportion
    mitigated: Proportion
    from_stage: Literal["strategic_outline", "outline", "full"] = "strategic_outline"


class BiasStated(ContentPart):
    """Optimism bias: the categories of the pack, by share, and what is mitigated."""

    mix: list[MixShare] = Field(min_length=1, max_length=6)
    mitigations: list[MitigationStated] = Field(default=[], max_length=40)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if sum(Fraction(each.share) for each in self.mix) != 1:
            raise ValueError("mix: the shares of the categories sum to 1")
        if sum(Fraction(each.contribution) for each in self.mitigations) > 1:
            raise ValueError("mitigations: what the factors contribute is at most the whole bias")
        return self


class LineStated(ContentPart):
    """A cost or benefit: exactly one of a level (`amount_pence`), amounts by year, or a number of units a year.

    A level recurs from `first_year` to `last_year`, by a ramp or an S-curve where one is stated; a one-off is due in
    `first_year`. Years count from the base year, which is year 0.
    """

    line: Key
    title: Text
    type: LineType
    basis: Literal["gross", "net"] | None = Field(
        default=None, description="Of a cash-releasing saving: before (`gross`) or after (`net`) what it costs to run."
    )
    recurrent: StrictBool = False
    kind: Key | None = Field(default=None, description="What it is for, such as `transition`; else its type.")
    payer: Party | None = Field(default=None, description="Whose cost or benefit it is; else the case's organisation.")
    payee: Party | None = Field(default=None, description="Who is paid; left out: something is used up.")
    nature: Nature = Nature.RESOURCE
    amount_pence: Pence | None = None
    amounts_pence: list[Pence] | None = Field(default=None, min_length=1, max_length=MOST_YEARS)
    unit: Key | None = Field(default=None, description="With `quantity`: a unit that a rule pack values, as `qaly`.")
    quantity: Number | None = Field(default=None, description="Units a year.")
    unit_value: Literal["low", "central", "high"] = Field(
        default="central", description="Which value of the unit, where its rule pack has a range."
    )
    first_year: Year = 0
    last_year: Year | None = None
    ramp: list[Proportion] = Field(default=[], max_length=60, description="By year from `first_year`; the last holds.")
    s_curve: int | None = Field(default=None, strict=True, ge=1, le=60, description="Steps from nothing to the whole.")
    prices: Literal["base_year", "nominal", "year"] = Field(
        default="base_year", description="In whose prices the amounts are; `year`: those of `price_year`."
    )
    price_year: str | None = Field(default=None, max_length=7, examples=["2015-16"])
    indexation: Rate | None = Field(default=None, description="Growth a year from year 0: the amounts are nominal.")
    residual: StrictBool = Field(default=False, description="A value that is left at the end: a negative cost.")
    optimism_bias: BiasStated | None = None
    asset_life: int | None = Field(default=None, strict=True, ge=1, le=120, description="Years; makes it capital.")
    vat: Proportion = Field(default="0", description="Irrecoverable VAT, as a part of the amount.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if faults := list(_faults_of_line(self)):
            raise ValueError("; ".join(faults))
        return self


def _faults_of_line(line: LineStated) -> list[str]:
    """Return what does not fit together in a line, all of it."""
    counts = [line.amount_pence is not None, line.amounts_pence is not None, line.quantity is not None]
    priced = line.type is not LineType.UNMONETISED
    is_cost, faults = line.type is LineType.COST, []
    rules = (
        (priced and sum(counts) != 1, "exactly one of amount_pence, amounts_pence and quantity"),
        (not priced and any(counts), "an unmonetised benefit has no amount"),
        ((line.unit is None) != (line.quantity is None), "unit and quantity belong together"),
        (line.unit is None and line.unit_value != "central", "unit_value belongs to a unit"),
        (
            line.unit is not None and (line.prices != "base_year" or line.indexation is not None),
            "a unit has the prices of its rule pack: neither prices nor indexation",
        ),
        (line.type is LineType.CASH_RELEASING and line.basis is None, "a cash-releasing saving is gross or net: basis"),
        (line.type is not LineType.CASH_RELEASING and line.basis is not None, "basis is for a cash-releasing saving"),
        ((line.prices == "year") != (line.price_year is not None), "price_year belongs to prices `year`"),
        (line.indexation is not None and line.prices != "base_year", "an indexed amount starts in base-year prices"),
        (line.indexation is not None and Fraction(line.indexation) <= -1, "indexation is above -100 %"),
        (bool(line.ramp) and line.s_curve is not None, "a ramp or an s_curve, not both"),
        (not line.recurrent and bool(line.ramp or line.s_curve), "a ramp is for what recurs"),
        (not line.recurrent and line.last_year is not None, "last_year is for what recurs"),
        (line.nature is Nature.TRANSFER and line.payee is None, "a transfer has a payee"),
        (line.residual and not is_cost, "residual is for a cost"),
        (bool(line.asset_life) and (not is_cost or line.recurrent), "asset_life is for a one-off cost"),
        (line.optimism_bias is not None and not is_cost, "optimism_bias is for a cost"),
        (not is_cost and line.vat != "0", "vat is for a cost"),
    )
    faults += [message for wrong, message in rules if wrong]
    if line.price_year is not None:
        try:
            FinancialYear.parse(line.price_year)
        except ValueError as error:
            faults.append(f"price_year: {error}")
    return faults


class TerminationStated(ContentPart):
    """What an end of a contract costs: named, never typed. Its components come from contracts."""

    line: Key
    contract: ContractReference
    termination: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9._:-]+$")] | None = Field(
        default=None, description="The termination as contracts calls it; left out: the one priced last."
    )


class RiskStated(ContentPart):
    """A risk: probability times impact in some years, less what is mitigated; who owns it."""

    risk: Key
    title: Text
    probability: Proportion
    impact_pence: Pence
    first_year: Year = 0
    last_year: Year | None = Field(default=None, description="Left out: in `first_year` alone.")
    mitigated: Proportion = "0"
    mitigation: Text | None = None
    owner: Text = Field(description="A post, never a person's name.")
    payer: Party | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last_year is not None and self.last_year < self.first_year:
            raise ValueError("last_year lies before first_year")
        return self


class WorksStated(ContentPart):
    """Works and how long they are planned to take."""

    months: Annotated[int, Field(strict=True, ge=1, le=600)]
    bias: BiasStated


class OptionStated(ContentPart):
    """One way to go, with all its flows."""

    option: Key
    title: Text
    kind: OptionKind = OptionKind.OTHER
    lines: list[LineStated] = Field(default=[], max_length=100)
    terminations: list[TerminationStated] = Field(default=[], max_length=20)
    risks: list[RiskStated] = Field(default=[], max_length=100)
    works: WorksStated | None = None
    metb: StrictBool = Field(default=False, description="Whether the marginal excess tax burden uplifts its costs.")
    private_finance: StrictBool = False
    metb_rate: Proportion | None = Field(default=None, description="A rate of its own: with private finance alone.")

    @model_validator(mode="after")
    def _has_each_code_once(self) -> Self:
        codes = [line.line for line in self.lines] + [each.line for each in self.terminations]
        codes += [risk.risk for risk in self.risks]
        if repeated := sorted({code for code in codes if codes.count(code) > 1}):
            raise ValueError(f"{', '.join(repeated)}: a code names one line, termination or risk of an option")
        return self


class SunkStated(ContentPart):
    """What was spent before the base year: shown apart, counted nowhere."""

    title: Text
    financial_year: str = Field(max_length=7, examples=["2015-16"])
    amount_pence: Pence


class ScenarioStated(ContentPart):
    """What if several inputs of an option were different at once: each by a factor."""

    scenario: Key
    title: Text
    option: Key
    factors: dict[Annotated[str, Field(max_length=80)], Number] = Field(min_length=1, max_length=40)


LENS = (
    r"^(organisation|public_sector|uk_society|footprint:[A-Za-z0-9]{1,12}|set:[A-Za-z0-9]{1,12}:[A-Za-z0-9_-]{1,40})$"
)
LensName = Annotated[
    str,
    Field(
        max_length=80,
        pattern=LENS,
        description="Whose value it is: `organisation` (the case's), `public_sector`, `uk_society`, `footprint:E54`, "
        "or a set that a user named, `set:06H:partners`.",
        examples=["organisation"],
    ),
]


class CaseContent(ContentPart):
    """The content of a version of a case."""

    title: Text
    base_year: str = Field(max_length=7, description="Year 0, to whose prices everything is brought.")
    years: int = Field(strict=True, ge=1, le=MOST_YEARS, description="How many years are appraised, year 0 included.")
    lens: LensName = "organisation"
    lenses: list[LensName] = Field(default=[], max_length=6, description="Beside the three that every case has.")
    organisations: list[Code] = Field(
        default=[], max_length=50, description="Others that it concerns: they read it once it is published."
    )
    stage: Literal["strategic_outline", "outline", "full"] = "strategic_outline"
    realisation: Proportion = Field(default="1", description="The part of every benefit that is expected to arrive.")
    realisation_source: Literal["full", "learned", "chosen"] = "full"
    discounting: str | None = Field(
        default=None, max_length=60, description="A rule pack of discount rates in place of the one in force."
    )
    deflator: str | None = Field(default=None, max_length=60, description="A vintage of deflators, by its pack.")
    preferred: Key | None = Field(default=None, description="Left out: the option with the highest NPV.")
    options: list[OptionStated] = Field(min_length=1, max_length=20)
    scenarios: list[ScenarioStated] = Field(default=[], max_length=20)
    sunk: list[SunkStated] = Field(default=[], max_length=40)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if faults := list(_faults_of_case(self)):
            raise ValueError("; ".join(faults))
        return self


def _faults_of_case(case: CaseContent) -> list[str]:
    """Return what does not fit together in a case, all of it."""
    codes = [option.option for option in case.options]
    kinds = [option.kind for option in case.options]
    size = sum(len(each.lines) + 5 * len(each.terminations) + len(each.risks) for each in case.options)
    faults = []
    rules = (
        (len(set(codes)) != len(codes), "options: a code names one option"),
        (kinds.count(OptionKind.BAU) != 1, "options: exactly one is business as usual (`bau`)"),
        (kinds.count(OptionKind.DO_MINIMUM) > 1, "options: at most one is the do-minimum"),
        (case.preferred is not None and case.preferred not in codes, "preferred: no option has this code"),
        (size > MOST_LINES, f"options: at most {MOST_LINES} lines and risks together, five for each termination"),
        (case.realisation != "1" and case.realisation_source == "full", "realisation_source: below 1 it is not `full`"),
        (any(each.option not in codes for each in case.scenarios), "scenarios: no option has this code"),
    )
    faults += [message for wrong, message in rules if wrong]
    try:
        if FinancialYear.parse(case.base_year).start + case.years - 1 > LAST_YEAR:
            faults.append(f"years: the last year that can be named here begins in {LAST_YEAR}")
        for each in case.sunk:
            if FinancialYear.parse(each.financial_year) >= FinancialYear.parse(case.base_year):
                faults.append(f"sunk: {each.financial_year} does not lie before the base year")
    except ValueError as error:
        faults.append(str(error))
    return faults
