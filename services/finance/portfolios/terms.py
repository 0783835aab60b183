"""What a portfolio is stated as: items, budgets, limits, dependencies, suppliers' needs; what contradicts itself."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from libs.common.codes import Code, Folded
from libs.common.errors import Reason
from libs.common.text import visible
from services.finance.core.codes import MOST_PENCE, Pence, Year
from services.finance.core.years import LAST_YEAR, FinancialYear

MOST_ITEMS = 1_000
MOST_YEARS = 30

Reference = Annotated[
    str,
    Folded(
        "[A-Za-z0-9][A-Za-z0-9-]{1,38}[A-Za-z0-9]",
        "a reference has 3 to 40 letters, digits and hyphens, and no hyphen at its ends",
    ),
    Field(description="Capitals, digits, hyphens.", examples=["BOB-EXITS-2027"]),
]
ContractReference = Annotated[str, Field(min_length=1, max_length=40), AfterValidator(str.upper)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(visible)]
Function = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(visible)]
Worth = Annotated[int, Field(strict=True, ge=-MOST_PENCE, le=MOST_PENCE)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Money(_Part):
    """Cash that falls in a year."""

    year: Year
    pence: Pence


class StatedStart(_Part):
    """A year at whose start an item may be done: its present value against never, and the money that it needs."""

    year: Year
    value_pence: Worth = Field(description="Present value against never doing it, through the portfolio's lens.")
    cash_pence: list[Money] = Field(default=[], max_length=MOST_YEARS, description="Non-recurrent money by year.")
    quarter: int = Field(default=1, strict=True, ge=1, le=4, description="The first quarter in which it can go live.")


class ExitItem(_Part):
    """The exit from a support contract: what it is worth and costs follows from the contract's own terms."""

    kind: Literal["exit"]
    name: Name
    contract: ContractReference
    function: Function = ""
    mandatory: StrictBool = False


class BuyOutItem(_Part):
    """The buy-out of a PFI or LIFT contract: its sum follows from the contract's own terms and the stated saving."""

    kind: Literal["buy_out"]
    name: Name
    contract: ContractReference
    function: Function = ""
    mandatory: StrictBool = False
    committed_to: Year | None = Field(default=None, description="The year in which it will be done in any case.")


class StatedItem(_Part):
    """The opening of a shared service, with the amounts of each year in which it may be done."""

    kind: Literal["opening"]
    name: Name
    contract: ContractReference | None = Field(
        default=None, description="The contract that it ends; other items of the same contract are alternatives."
    )
    function: Function = ""
    mandatory: StrictBool = False
    committed_to: Year | None = Field(default=None, description="The year in which it will be done in any case.")
    starts: list[StatedStart] = Field(min_length=1, max_length=MOST_YEARS)


AnyItem = Annotated[ExitItem | BuyOutItem | StatedItem, Field(discriminator="kind")]


class Limit(_Part):
    """At most so many go-lives in a quarter, of one function or of all."""

    function: Function = Field(default="", description="Empty: of all functions together.")
    per_quarter: int = Field(strict=True, ge=0, le=MOST_ITEMS)


class Dependency(_Part):
    """An item that is not done before another one, nor without it."""

    before: Name
    after: Name


class Group(_Part):
    """Items of which at most one is done; of mandatory ones exactly one."""

    items: list[Name] = Field(min_length=2, max_length=50)
    mandatory: StrictBool = False


class SupplierNeed(_Part):
    """What a supplier needs to carry on: below it, it closes, and all its contracts here have to have left."""

    supplier: Code
    need_pence: Pence = Field(description="Charges a year.")
    outside_pence: Pence = Field(default=0, description="Charges a year from contracts that are not in the portfolio.")


class PortfolioTerms(_Part):
    """Items and the rules that they are chosen under."""

    title: Name
    first_year: Year
    years: int = Field(strict=True, ge=1, le=MOST_YEARS)
    lens: str = Field(
        max_length=80,
        pattern=r"^[A-Za-z0-9_:-]+$",
        description="Whose value counts, see `GET /lenses`. Money is the payer's in any case.",
        examples=["public_sector"],
    )
    items: list[AnyItem] = Field(min_length=1, max_length=MOST_ITEMS)
    budgets_pence: list[Pence] | None = Field(
        default=None, max_length=MOST_YEARS, description="Non-recurrent money, one amount a year; null: no limit."
    )
    carry_over: StrictBool = Field(default=False, description="Whether what is left passes to the next year.")
    go_lives: list[Limit] = Field(default=[], max_length=100)
    dependencies: list[Dependency] = Field(default=[], max_length=5_000)
    alternatives: list[Group] = Field(default=[], max_length=MOST_ITEMS)
    suppliers: list[SupplierNeed] = Field(default=[], max_length=500)
    target_pence: Worth | None = Field(default=None, description="The plan is worth at least this.")

    @property
    def start(self) -> FinancialYear:
        """The first year."""
        return FinancialYear.parse(self.first_year)

    def index(self, year: str) -> int:
        """Return the number of a year, from 0; negative or too large outside the portfolio's years."""
        return FinancialYear.parse(year).start - self.start.start


def contradictions(terms: PortfolioTerms) -> list[Reason]:
    """Return everything in which a portfolio contradicts itself, with the field that it concerns."""
    names = {item.name for item in terms.items}
    return [
        *_of_years(terms),
        *(Reason(f"{name}: two items have this name", "items") for name in _twice(item.name for item in terms.items)),
        *_of_starts(terms),
        *_of_dependencies(terms, names),
        *_of_groups(terms, names),
        *(
            Reason(f"{one}: two limits", "go_lives")
            for one in _twice(limit.function or "all" for limit in terms.go_lives)
        ),
        *(Reason(f"{code}: two needs", "suppliers") for code in _twice(one.supplier for one in terms.suppliers)),
    ]


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _of_years(terms: PortfolioTerms) -> Iterator[Reason]:
    if terms.start.start + terms.years - 1 > LAST_YEAR:
        yield Reason(f"{terms.years} years from {terms.first_year} are more than can be named", "years")
    if terms.budgets_pence is not None and len(terms.budgets_pence) != terms.years:
        yield Reason(f"{len(terms.budgets_pence)} budgets for {terms.years} years", "budgets_pence")
    if terms.carry_over and terms.budgets_pence is None:
        yield Reason("nothing is carried over without budgets", "carry_over")


def _of_starts(terms: PortfolioTerms) -> Iterator[Reason]:
    for item in terms.items:
        if isinstance(item, StatedItem):
            yield from _of_stated(terms, item)
        elif isinstance(item, BuyOutItem) and not _is_inside(terms, item.committed_to or terms.first_year):
            yield Reason(f"{item.name}: {item.committed_to} is none of the portfolio's years", "items")


def _is_inside(terms: PortfolioTerms, year: str) -> bool:
    return 0 <= terms.index(year) < terms.years


def _of_stated(terms: PortfolioTerms, item: StatedItem) -> Iterator[Reason]:
    years = [start.year for start in item.starts]
    for year in _twice(years):
        yield Reason(f"{item.name}: {year} is stated twice", "items")
    for year in years:
        if not _is_inside(terms, year):
            yield Reason(f"{item.name}: {year} is none of the portfolio's years", "items")
    for start in item.starts:
        for money in start.cash_pence:
            if not terms.index(start.year) <= terms.index(money.year) < terms.years:
                yield Reason(f"{item.name}: money of {money.year} for a start in {start.year}", "items")
    if item.committed_to is not None and item.committed_to not in years:
        yield Reason(f"{item.name}: committed to {item.committed_to}, which is none of its starts", "items")


def _of_dependencies(terms: PortfolioTerms, names: set[str]) -> Iterator[Reason]:
    for pair in terms.dependencies:
        for name in (pair.before, pair.after):
            if name not in names:
                yield Reason(f"{name} is no item", "dependencies")
    if circle := _circle([(pair.before, pair.after) for pair in terms.dependencies]):
        yield Reason(f"{', '.join(circle)} wait for each other", "dependencies")


def _circle(pairs: list[tuple[str, str]]) -> list[str]:
    """Return the items that wait for each other, directly or not: what is left when all others are taken out."""
    left = set(pairs)
    while True:
        waiting = {after for _, after in left}
        free = {pair for pair in left if pair[0] not in waiting}
        if not free:
            return sorted({name for pair in left for name in pair})
        left -= free


def _of_groups(terms: PortfolioTerms, names: set[str]) -> Iterator[Reason]:
    for group in terms.alternatives:
        for name in group.items:
            if name not in names:
                yield Reason(f"{name} is no item", "alternatives")
    for name in _twice(name for group in terms.alternatives for name in group.items):
        yield Reason(f"{name}: an alternative twice", "alternatives")
    of = {item.name: item.contract for item in terms.items if item.contract is not None}
    grouped = {name: number for number, group in enumerate(terms.alternatives) for name in group.items}
    for contract in _twice(of.values()):
        same = [name for name, one in of.items() if one == contract]
        groups = {grouped.get(name) for name in same}
        if groups != {None} and len(groups) > 1:
            yield Reason(f"{', '.join(same)}: items of {contract} are in different alternatives", "alternatives")
