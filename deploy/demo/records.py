"""Reads the demo's records from the files beside this module; README.md there says which are illustrative."""

import csv
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from deploy.demo.stories.story import StoryRecord, read_stories

FOLDER = Path(__file__).parent
ATTRIBUTION = "Contains public sector information licensed under the Open Government Licence v3.0."


ABOLITION = date(2022, 7, 1)
"""Health and Care Act 2022: boards are established, CCGs abolished, and their codes name sub-ICB locations."""

AREAS_KNOWN = date(2021, 4, 1)
"""The day of the table of areas."""

COMMISSIONER_OF_PRACTICES = "06H"
"""The CCG whose practices the demo has."""


def _split(value: Any) -> Any:
    return tuple(value.split()) if isinstance(value, str) else value


def _none_if_empty(value: Any) -> Any:
    return value or None


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CCG(_Fact):
    """A CCG of April 2013, under its name of that time."""

    code: str
    name: str
    from_day: date


class Merger(_Fact):
    """Several CCGs became one on `day`. From `proposed` on the successor was proposed but did not operate."""

    day: date
    successor: str
    name: str
    predecessors: tuple[str, ...]
    agreed: date
    proposed: date | None

    _several = field_validator("predecessors", mode="before")(_split)
    _not_proposed = field_validator("proposed", mode="before")(_none_if_empty)


class Renaming(_Fact):
    """From `day` a CCG has a new name under the same code."""

    day: date
    code: str
    name: str


class Body(_Fact):
    """A region, local office or STP under its name of `from_day`; it closed after `last_day`, or has not."""

    code: str
    name: str
    kind: str
    from_day: date
    last_day: date | None
    merged_into: str

    _no_last_day = field_validator("last_day", mode="before")(_none_if_empty)


class Practice(_Fact):
    """A GP practice of Cambridgeshire and Peterborough, from April 2013 or later."""

    code: str
    name: str
    from_day: date
    last_day: date | None

    _no_last_day = field_validator("last_day", mode="before")(_none_if_empty)


class Level(_Fact):
    """From `day` these bodies are in the `local_office`, `stp`, `icb`, `region` or (a practice) `parent` above."""

    day: date
    level: str
    above: str
    codes: tuple[str, ...]

    _several = field_validator("codes", mode="before")(_split)


class OnsCode(_Fact):
    """From `day` a body has this code of the Office for National Statistics."""

    day: date
    code: str
    ons: str


class Board(_Fact):
    """An integrated care board, under the code of the STP before it."""

    code: str
    name: str


class Count(_Fact):
    """A published count of people on `day`; the demo tells it on `stated_on`."""

    name: str
    day: date
    stated_on: date
    basis: str
    source: str


class Population(_Fact):
    """The people of one body in a count."""

    count: str
    code: str
    people: int


class Areas(_Fact):
    """A run of areas of a commissioner: every number from the first LSOA to the last."""

    code: str
    first: str
    last: str

    @property
    def all(self) -> list[str]:
        """Each of them."""
        return [f"E{number:08}" for number in range(int(self.first[1:]), int(self.last[1:]) + 1)]


class _Told(_Fact):
    source: str = ""
    illustrative: bool = False


class Supplier(_Told):
    """A commissioning support unit, or another supplier."""

    code: str
    name: str
    kind: str = "csu"
    from_day: date


class Slip(_Told):
    """The merger into `successor` was first planned for another day."""

    successor: str
    first_planned_for: date
    redated_on: date


class HealthEconomy(_Told):
    """Some CCGs that belong together, with their story in the demo."""

    name: str
    ccgs: tuple[str, ...]
    story: str
    successor: str | None = None


class Contract(_Told):
    """A support contract; `lines` are a year's charges in pounds by function.

    The customers in `left_to_sign` have not signed it: who tries the demo out may.
    """

    reference: str
    title: str
    customers: tuple[str, ...]
    supplier: str
    signed_on: date
    from_day: date
    last_day: date
    lines: Mapping[str, int]
    left_to_sign: tuple[str, ...] = ()
    notice_months: int | None = None
    exit_terms: Mapping[str, Any] | None = None
    """What it states of renewals, notice and the price of an end, as contracts takes it."""

    @property
    def signers(self) -> tuple[str, ...]:
        """The customers that sign in the demo."""
        return tuple(sorted(set(self.customers) - set(self.left_to_sign)))


class ExitAssessment(_Told):
    """What a customer assumes about the time after a contract, in pounds; its first version is published."""

    contract: str
    organisation: str
    stated_on: date
    base_year: str
    years: int
    replacement: int
    transition: int


class Plan(_Told):
    """A plan for one shared service that only its proposer has entered: who tries the demo out may enter it.

    `lines` are a year's charges in pounds by function; `contracts` are those that the proposer brings.
    """

    plan: str
    reference: str
    title: str
    supplier: str
    proposed_by: str
    members: tuple[str, ...]
    contracts: tuple[str, ...]
    stated_on: date
    from_day: date
    last_day: date
    lines: Mapping[str, int]


class Schedule(_Told):
    """What a contract pays in all, in pounds: a part in advance, the rest by what each payee achieved, a fraction."""

    contract: str
    sum: int
    stated_on: date
    achieved_on: date
    achievements_on: date
    achievements: Mapping[str, str]


class Unit(_Told):
    """What a supplier costs and charges, in pence, and one customer that would leave it.

    `triggers` are the prices a head above which the other customers would leave too.
    """

    supplier: str
    stated_on: date
    from_day: date
    fixed_pence: int
    per_head_pence: int
    price_per_head_pence: int
    leaves: str
    leaves_on: date
    replacement_per_head_pence: int
    triggers: Mapping[str, int]


class Award(_Told):
    """Services worth `value` pounds that a CCG awards to a company which its practices own in equal parts.

    `gp_members` of its governing body are partners in one of them each.
    """

    reference: str
    ccg: str
    bidder: str
    number_of_owners: int = Field(alias="owners")
    gp_members: int
    value: int
    opened_on: date
    bids_on: date
    met_on: date

    @property
    def owners(self) -> list[str]:
        """The practices, under codes of the demo's own."""
        return [f"{self.ccg}{number:02}" for number in range(1, self.number_of_owners + 1)]


class Consolidation(_Told):
    """One shared service, `reference`, replaces several contracts from `from_day`, by a plan of their customers."""

    reference: str
    plan: str
    title: str
    replaces: tuple[str, ...]
    supplier: str
    decided_on: date
    from_day: date
    last_day: date
    lines: Mapping[str, int]
    case: str
    """The case by which its members' bodies decide."""
    payments: Mapping[str, int]
    """What leaving each contract costs, in pounds, by its supplier's agreement."""
    appraised_on: date
    years: int
    """Each member states a case of its own, with its payment, on this day and over so many years."""


class Allowances(_Told):
    """Populations by CCG from which a financial year's running-cost allowances follow."""

    year: str
    stated_on: date
    populations: Mapping[str, int]


class Trust(_Told):
    """A provider whose estate the demo has, and the footprint that it is a partner in from `partner_from` on."""

    code: str
    name: str
    kind: str = "nhs_trust"
    from_day: date
    footprint: str
    partner_from: date


class EstatesReturn(_Told):
    """A workbook of ERIC beside this module, with the sites and PFI schemes of the demo's trusts."""

    year: str
    file: str
    stated_on: date


class SpendFile(_Told):
    """Payments that a body publishes, in a file beside this module; `aliases` are whose names its suppliers have."""

    payer: str
    file: str
    stated_on: date
    first_day: date
    aliases: Mapping[str, str]


class Simulation(_Told):
    """A Monte Carlo simulation of the first version of a case of the demo."""

    case: str
    organisation: str
    stated_on: date
    terms: Mapping[str, Any]


class Case(_Told):
    """A business case of one organisation: pounds spent once, and a saving a year that comes by a ramp."""

    reference: str
    title: str
    organisation: str
    stated_on: date
    base_year: str
    years: int
    one_off: int
    saving: int
    ramp: tuple[str, ...]


class Budget(_Told):
    """The lines of an organisation's budget of a year, in pounds by function."""

    organisation: str
    year: str
    stated_on: date
    lines: Mapping[str, int]


class Officers(_Told):
    """The same post in several CCGs: held by `one_holder` in all of them, or by another person in each, to `until`."""

    ccgs: tuple[str, ...]
    post: str
    from_day: date
    until: date | None = None
    one_holder: str | None = None


class Places(_Fact):
    """Everything in places.toml."""

    suppliers: tuple[Supplier, ...] = Field(alias="supplier")
    slips: tuple[Slip, ...] = Field(alias="slip")
    places: tuple[HealthEconomy, ...] = Field(alias="place")
    contracts: tuple[Contract, ...] = Field(alias="contract")
    exit_assessments: tuple[ExitAssessment, ...] = Field(alias="exit_assessment")
    plans: tuple[Plan, ...] = Field(alias="plan")
    schedules: tuple[Schedule, ...] = Field(alias="schedule")
    units: tuple[Unit, ...] = Field(alias="unit")
    awards: tuple[Award, ...] = Field(alias="award")
    consolidations: tuple[Consolidation, ...] = Field(alias="consolidation")
    allowances: tuple[Allowances, ...] = Field(alias="allowance")
    cases: tuple[Case, ...] = Field(alias="case")
    budgets: tuple[Budget, ...] = Field(alias="budget")
    officers: tuple[Officers, ...] = Field(alias="officers")
    trusts: tuple[Trust, ...] = Field(alias="trust")
    estates_returns: tuple[EstatesReturn, ...] = Field(alias="estates_return")
    spend_files: tuple[SpendFile, ...] = Field(alias="spend_file")
    simulations: tuple[Simulation, ...] = Field(alias="simulation")


class DemoRecords(_Fact):
    """Everything the demo loads, each list in order of its day."""

    ccgs: tuple[CCG, ...]
    mergers: tuple[Merger, ...]
    renamings: tuple[Renaming, ...]
    places: Places
    bodies: tuple[Body, ...]
    levels: tuple[Level, ...]
    ons_codes: tuple[OnsCode, ...]
    boards: tuple[Board, ...]
    practices: tuple[Practice, ...]
    counts: tuple[Count, ...]
    populations: tuple[Population, ...]
    areas: tuple[Areas, ...]
    stories: tuple[StoryRecord, ...]

    @property
    def illustrative(self) -> frozenset[str]:
        """The contracts, cases and bodies' years (`05C 2021-22`) whose figures no source gives in full."""
        places = self.places
        contracts = {one.reference for one in places.contracts if one.illustrative}
        contracts |= {one.reference for one in places.consolidations if one.illustrative}
        contracts |= {one.reference for one in places.plans if one.illustrative}
        contracts |= {one.reference for one in places.cases if one.illustrative}
        stated = [(code, one.year) for one in places.allowances if one.illustrative for code in one.populations]
        return frozenset(contracts | {f"{code} {year}" for code, year in stated})

    def brought_by(self, shared: Consolidation) -> dict[str, str]:
        """Return the contract that each member of a consolidation brings into it."""
        contracts = self.places.contracts
        return {one.customers[0]: one.reference for one in contracts if one.reference in shared.replaces}

    def charge_of(self, reference: str) -> int:
        """Return the pounds a year of a contract: by them its customers divide what takes its place."""
        return sum(next(one for one in self.places.contracts if one.reference == reference).lines.values())

    def people_on_lists(self, codes: Collection[str]) -> int:
        """Return the people on the lists of some CCGs, as counted in 2015."""
        return sum(one.people for one in self.populations if one.count == "lists-2015" and one.code in codes)

    def stated_on(self, day: date) -> date:
        """Return the day of the demo on which what happened on this day is stated: the same, or the next."""
        return min(each for each in self.days if each >= day)

    @cached_property
    def days(self) -> frozenset[date]:
        """Every day on which the demo does something."""
        places = self.places
        days = {ccg.from_day for ccg in self.ccgs} | {unit.from_day for unit in places.suppliers}
        days |= {officers.from_day for officers in places.officers}
        days |= {day for merger in self.mergers for day in (merger.agreed, merger.day)}
        days |= {renaming.day for renaming in self.renamings} | {slip.redated_on for slip in places.slips}
        days |= {contract.signed_on for contract in places.contracts} | {
            day for one in places.consolidations for day in (one.decided_on, one.appraised_on)
        }
        days |= {one.stated_on for one in places.exit_assessments} | {one.stated_on for one in places.plans}
        days |= {stated.stated_on for stated in places.allowances} | {case.stated_on for case in places.cases}
        days |= {budget.stated_on for budget in places.budgets}
        days |= {day for unit in places.units for day in (unit.stated_on, unit.leaves_on)}
        days |= {day for one in places.awards for day in (one.opened_on, one.bids_on, one.met_on)}
        days |= {day for one in places.schedules for day in (one.stated_on, one.achievements_on)}
        days |= {one.stated_on for one in places.estates_returns} | {one.stated_on for one in places.spend_files}
        days |= {one.stated_on for one in places.simulations}
        days |= {day for one in places.trusts for day in (one.from_day, one.partner_from)}
        days |= {level.day for level in self.levels} | {code.day for code in self.ons_codes}
        days |= {count.stated_on for count in self.counts} | {ABOLITION, AREAS_KNOWN}
        return frozenset(days | {officers.until + timedelta(days=1) for officers in places.officers if officers.until})


def read_records(folder: Path = FOLDER) -> DemoRecords:
    """Read the files of the demo. Raises pydantic's ValidationError if one has the wrong form."""
    tables = ("ccgs", "mergers", "renamings", "bodies", "levels", "boards", "practices", "populations", "areas")
    return DemoRecords(
        **{name: _rows(folder / f"{name}.csv") for name in tables},
        ons_codes=_rows(folder / "ons.csv"),
        counts=tomllib.loads((folder / "counts.toml").read_text(encoding="utf-8"))["count"],
        places=Places.model_validate(tomllib.loads((folder / "places.toml").read_text(encoding="utf-8"))),
        stories=read_stories(folder / "stories"),
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
