"""Answers about parties' sectors and about lenses."""

from datetime import date, datetime

from pydantic import BaseModel, Field


class SectorPeriodView(BaseModel):
    """A party's sector on some days, and what it follows from."""

    sector: str = Field(description="`public`, `private`, `third` or `unknown`.", examples=["public"])
    first_day: date | None = Field(description="null: without a bound.")
    last_day: date | None
    basis: str = Field(
        description="`successor`, from the day on which another body took it over; else `stated` by contracts, above "
        "`owner` (by contracts), `registered_owners`, `host`, `registered_hosts`, `legal_form`, `kind`; `none` where "
        "it is not known.",
        examples=["registered_hosts"],
    )
    because: list[str] = Field(description="Who states it, the bodies or the pack by which.", examples=[["13N"]])


class SectorsView(BaseModel):
    """A party's sector as at a day, and through time, as known at an instant."""

    party: str = Field(examples=["0CX"])
    as_at: date
    as_known: datetime | None
    sector: str = Field(description="As at the day.", examples=["public"])
    periods: list[SectorPeriodView]
    rule_pack: str = Field(description="The defaults by kind and legal form.", examples=["sectors-2013"])


class ReadableLensView(BaseModel):
    """A lens: a set of parties through which figures are read."""

    lens: str = Field(description="How requests refer to it.", examples=["set:06H:acute"])
    members: list[str] | None = Field(description="As at the day; null for a lens that is no list of codes.")
    first_day: date | None
    last_day: date | None
    version: int | None = Field(description="Of a named set: to name in If-Match.")
    meaning: str


class NamedLensView(BaseModel):
    """A set of parties that an organisation named, through time."""

    lens: str = Field(examples=["set:06H:acute"])
    organisation: str = Field(examples=["06H"])
    name: str = Field(examples=["acute"])
    version: int
    periods: list[ReadableLensView]
