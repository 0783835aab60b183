"""Answers about populations and allowances: pence for programs, pounds and sentences for people."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field


class StatedPopulationView(BaseModel):
    """A population as stated for a year, and the allowance that it sets."""

    organisation: str = Field(examples=["06H"])
    financial_year: str = Field(examples=["2013-14"])
    population: int = Field(examples=[856_000])
    source: str
    first_day: date = Field(description="The first day of the year on which the organisation was open.")
    rate_pence: int = Field(description="Pence a head.", examples=[2500])
    rate_found: bool = Field(description="false: no national rate was found for the year; the pack is the one before.")
    pack: str = Field(description="The rule pack that was used.", examples=["rca-2013-14"])
    amount_pence: int = Field(description="Rate times population, as set, in pence.", examples=[2_140_000_000])
    amount: str = Field(examples=["£21,400,000.00"])
    stated_at: datetime
    version: int = Field(description="The version to name in If-Match for a correction.", examples=[1])
    event: str | None = Field(description="The id of its AllowanceSet event.")


class PackView(BaseModel):
    """A rule pack with its days and its source."""

    id: str = Field(examples=["rca-2013-14"])
    subject: str = Field(examples=["running-cost-allowance"])
    title: str
    citation: str
    effective_from: date
    effective_to: date | None = Field(description="The last day.")
    stated_at: datetime | None = Field(description="The instant from which the pack is known; null: always.")
    weight: str = Field(description="`binding`, or `advisory`.")
    status: str = Field(description="`active`, or `inactive`: used to ask what would be, and for nothing else.")
    note: str = Field(description="Anything else in the source, such as a second figure.")


class RulePackView(PackView):
    """A dated rate with its source."""

    rate_pence: int = Field(description="Pence a head, the lower end of a range.", examples=[2500])
    rate_pence_high: int = Field(description="The upper end of a range; else the same.", examples=[2500])
    rate: str = Field(examples=["£25.00"])


class WholePackView(PackView):
    """A rule pack with everything in it."""

    values: dict[str, Any] = Field(description="Rates and indices are exact numbers as text, amounts are pence.")


class IndicativeView(BaseModel):
    """What the allowance of a body would be: rate times people, as known at an instant."""

    organisation: str = Field(examples=["06H"])
    financial_year: str = Field(examples=["2013-14"])
    indicative: bool = Field(description="true while the body is not open, or where the rate is a draft.")
    status: str = Field(description="The body's, on the day that is asked about.", examples=["unknown"])
    population: int = Field(examples=[856_000])
    basis: str = Field(description="How the people are counted, by the pack.", examples=["registered"])
    counted_on: date | None = Field(description="The day of the registry's count; null where the request names people.")
    source: str | None = Field(description="The source of the registry's count.")
    rate_pence: int = Field(description="Pence a head, the lower end of a range.", examples=[2500])
    rate_pence_high: int = Field(description="The upper end; the same where there is no range.", examples=[3500])
    rate_found: bool = Field(description="false: no national rate was found for the year; the pack is the one before.")
    pack: str = Field(examples=["rca-draft-2011-10"])
    citation: str
    stated_at: datetime | None = Field(description="When the pack was stated.")
    amount_pence: int = Field(description="For a whole year, the lower end of a range.", examples=[2_140_000_000])
    amount_pence_high: int = Field(examples=[2_996_000_000])
    amount: str = Field(examples=["£21,400,000.00 to £29,960,000.00"])
    as_known: datetime | None


class AsSetView(BaseModel):
    """The allowance as it was set: rate times population. Mergers do not change it."""

    population: int = Field(examples=[856_000])
    moderated: str = Field(
        default="",
        description="The exact people after moderation by local authority; empty: not moderated.",
        examples=["134593/2"],
    )
    published: bool = Field(default=False, description="true: it follows from the registry's counts.")
    source: str
    first_day: date = Field(description="The first day of the year on which the organisation was open.")
    rate_pence: int = Field(description="Pence a head.", examples=[2500])
    rate: str = Field(examples=["£25.00"])
    rate_found: bool = Field(description="false: no national rate was found for the year; the pack is the one before.")
    pack: str = Field(examples=["rca-2013-14"])
    amount_pence: int = Field(examples=[2_140_000_000])
    amount: str = Field(examples=["£21,400,000.00"])
    stated_at: datetime
    event: str | None = Field(description="The id of its AllowanceSet event.")


class AllowancePartView(BaseModel):
    """The organisation's allowance for some days of the year, first and last included."""

    first_day: date
    last_day: date
    days: int
    amount_pence: int
    amount: str
    population: int
    pack: str
    merger: str | None = Field(description="The merger that moved it here; null for an allowance as set.")


class AllowanceView(BaseModel):
    """An organisation's allowance in a financial year: as set, and after mergers."""

    organisation: str = Field(examples=["06H"])
    financial_year: str = Field(examples=["2013-14"])
    as_set: AsSetView | None = Field(
        description="null where all of it came from others, such as by a merger. Never restated."
    )
    amount_pence: int = Field(description="Its allowance in the year after mergers: the sum of its parts.")
    amount: str
    parts: list[AllowancePartView] = Field(description="By days; empty where all of it moved to a successor.")


class ReleasedView(BaseModel):
    """The amount that one predecessor released."""

    predecessor: str
    amount_pence: int
    amount: str


class MovedView(BaseModel):
    """The amount that a merger, split or boundary change moved to a successor: the sum of the released ones.

    A predecessor reads what it released itself; the rest is null.
    """

    merger: str = Field(description="The merger; of a split or boundary change who followed whom, and its day.")
    successor: str
    first_day: date
    last_day: date
    amount_pence: int | None = Field(description="null for a predecessor.")
    amount: str | None
    population: int | None
    released: list[ReleasedView] = Field(description="For a predecessor its own part alone.")
    event: str | None = Field(description="The id of its AllowanceRestated event.")
    caused_by: str | None = Field(description="The id of the event or request that caused it.")


class ChargeView(BaseModel):
    """The charge of a support contract to the organisation for its days in the year."""

    contract: str
    title: str
    supplier: str
    first_day: date
    last_day: date
    days: int
    annual_pence: int = Field(description="For the whole contract and a whole year.")
    shared_among: list[str] = Field(description="Its customers on these days; the charge is shared equally.")
    amount_pence: int
    amount: str
    tiers: dict[str, str] = Field(
        description="The tier of the tariff by function, as contracts placed the customers; empty: not known.",
        examples=[{"hr": "cluster"}],
    )


class ChargesView(BaseModel):
    """The support charges committed inside the allowance."""

    amount_pence: int
    amount: str
    exceeded_pence: int = Field(description="The amount by which they exceed the allowance; 0 where they do not.")
    items: list[ChargeView]


class ExplainedView(AllowanceView):
    """An allowance with its calculation."""

    moved: list[MovedView] = Field(description="The amounts that mergers moved to the organisation, and away from it.")
    support_charges: ChargesView
    explanation: list[str] = Field(
        description="The calculation, in sentences.",
        examples=[["856,000 people at £25.00 a head: £21,400,000.00 (rca-2013-14)."]],
    )
    warnings: list[str]
    digest: str = Field(description="SHA-256 of the answer, from which the ids of its figures are made.")


class KnownFrom(BaseModel):
    """The instants between which it was known, and when it was recorded here."""

    known_from: datetime
    known_to: datetime | None = Field(description="null: until now.")
    recorded_at: datetime


class StatedThen(AsSetView, KnownFrom):
    """An allowance as set, and when it was known."""


class PartThen(AllowancePartView, KnownFrom):
    """A part, and when it was known."""


class MovedThen(MovedView, KnownFrom):
    """The amount that a merger moved, and when that was known."""


class AllowanceHistoryView(BaseModel):
    """The history of an allowance, oldest first."""

    organisation: str
    financial_year: str
    as_set: list[StatedThen]
    parts: list[PartThen]
    moved: list[MovedThen]
