"""Reads the demo's records from the files beside this module; README.md there says which are illustrative."""

import csv
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

FOLDER = Path(__file__).parent
ATTRIBUTION = "Contains public sector information licensed under the Open Government Licence v3.0."


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

    @field_validator("predecessors", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("proposed", mode="before")
    @classmethod
    def _absent(cls, value: Any) -> Any:
        return value or None


class Renaming(_Fact):
    """From `day` a CCG has a new name under the same code."""

    day: date
    code: str
    name: str


class _Told(_Fact):
    source: str = ""
    illustrative: bool = False


class Supplier(_Told):
    """A commissioning support unit."""

    code: str
    name: str
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
    """A support contract; `lines` are a year's charges in pounds by function."""

    reference: str
    title: str
    customers: tuple[str, ...]
    supplier: str
    signed_on: date
    from_day: date
    last_day: date
    lines: Mapping[str, int]


class Consolidation(_Told):
    """One shared service, `reference`, replaces several contracts from `from_day`."""

    reference: str
    title: str
    replaces: tuple[str, ...]
    supplier: str
    decided_on: date
    from_day: date
    last_day: date
    lines: Mapping[str, int]


class Allowances(_Told):
    """Populations by CCG from which a financial year's running-cost allowances follow."""

    year: str
    stated_on: date
    populations: Mapping[str, int]


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
    consolidations: tuple[Consolidation, ...] = Field(alias="consolidation")
    allowances: tuple[Allowances, ...] = Field(alias="allowance")
    officers: tuple[Officers, ...] = Field(alias="officers")


class DemoRecords(_Fact):
    """Everything the demo loads, each list in order of its day."""

    ccgs: tuple[CCG, ...]
    mergers: tuple[Merger, ...]
    renamings: tuple[Renaming, ...]
    places: Places

    @property
    def illustrative(self) -> frozenset[str]:
        """The contracts and the bodies' years (`05C 2021-22`) whose figures no source gives in full."""
        places = self.places
        contracts = {one.reference for one in places.contracts if one.illustrative}
        contracts |= {one.reference for one in places.consolidations if one.illustrative}
        stated = [(code, one.year) for one in places.allowances if one.illustrative for code in one.populations]
        return frozenset(contracts | {f"{code} {year}" for code, year in stated})

    @property
    def days(self) -> frozenset[date]:
        """Every day on which the demo does something."""
        places = self.places
        days = {ccg.from_day for ccg in self.ccgs} | {unit.from_day for unit in places.suppliers}
        days |= {officers.from_day for officers in places.officers}
        days |= {day for merger in self.mergers for day in (merger.agreed, merger.day)}
        days |= {renaming.day for renaming in self.renamings} | {slip.redated_on for slip in places.slips}
        days |= {contract.signed_on for contract in places.contracts} | {
            one.decided_on for one in places.consolidations
        }
        days |= {stated.stated_on for stated in places.allowances}
        return frozenset(days | {officers.until + timedelta(days=1) for officers in places.officers if officers.until})


def read_records(folder: Path = FOLDER) -> DemoRecords:
    """Read the files of the demo. Raises pydantic's ValidationError if one has the wrong form."""
    return DemoRecords(
        ccgs=tuple(CCG.model_validate(row) for row in _rows(folder / "ccgs.csv")),
        mergers=tuple(Merger.model_validate(row) for row in _rows(folder / "mergers.csv")),
        renamings=tuple(Renaming.model_validate(row) for row in _rows(folder / "renamings.csv")),
        places=Places.model_validate(tomllib.loads((folder / "places.toml").read_text(encoding="utf-8"))),
    )


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
