"""Answers about backlog by organisation and footprint, and about keys."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.finance.backlogs.division import Manner
from services.finance.estates.views import BacklogAmountsView


class BacklogView(BaseModel):
    """The backlog of an organisation in a year, by the workbook stated last."""

    organisation: str = Field(examples=["RTD"])
    name: str
    financial_year: str = Field(examples=["2016-17"])
    sites: int
    sites_without_figure: int = Field(description="Sites whose backlog is not known: not nothing, and not in the sum.")
    backlog: BacklogAmountsView
    footprints: list[str] = Field(description="Those that it, else its successors, are in on the day; sorted.")
    successors: list[str] = Field(description="By whom it is in them, where it is not itself.")
    workbook: str
    stated_at: datetime


class MannerView(BaseModel):
    """How much backlog comes to footprints in one way."""

    manner: Manner = Field(
        description="`one`: the organisation is in one footprint; `several`: divided by the key; `successor_in_one`, "
        "`successor_in_several`: by who took it over; `unassigned`: in none."
    )
    organisations: int
    backlog: BacklogAmountsView


class FootprintBacklogView(BaseModel):
    """The backlog of a footprint."""

    footprint: str = Field(examples=["QHM"])
    name: str
    rank: int = Field(description="By total, the largest first; equal ones share a rank.")
    organisations: int
    backlog: BacklogAmountsView


class FootprintPartView(BaseModel):
    """The part of an organisation's backlog that a footprint has, or that is unassigned."""

    organisation: str = Field(examples=["RX6"])
    name: str
    manner: Manner
    share: str = Field(description="Exact.", examples=["1/2"])
    by_key: bool = Field(description="Whether the key names it: else its footprints have equal shares.")
    successors: list[str]
    backlog: BacklogAmountsView


class FootprintsBacklogView(BaseModel):
    """The backlog of a year by footprint: with what is unassigned, the sum is that of the year, to the penny."""

    financial_year: str = Field(examples=["2016-17"])
    as_at: date
    as_known: datetime | None
    key: str = Field(description="By which bodies in several footprints are divided.", examples=["equal shares"])
    key_source: str
    backlog: BacklogAmountsView
    footprints: list[FootprintBacklogView] = Field(description="By code.")
    unassigned: BacklogAmountsView
    unassigned_organisations: list[FootprintPartView]
    manners: list[MannerView]
    divided_equally: list[str] = Field(description="Organisations in several footprints that the key does not name.")


class FootprintPartsView(BaseModel):
    """The backlog of one footprint with the part of each organisation."""

    footprint: str = Field(examples=["QHM"])
    name: str
    financial_year: str = Field(examples=["2016-17"])
    as_at: date
    as_known: datetime | None
    key: str
    key_source: str
    backlog: BacklogAmountsView
    parts: list[FootprintPartView]


class EstateWeightView(BaseModel):
    """The weight that a footprint has for an organisation."""

    organisation: str = Field(examples=["RX6"])
    footprint: str = Field(examples=["QHM"])
    weight: int


class EstateKeyPeriodView(BaseModel):
    """A key on some days."""

    first_day: date | None
    last_day: date | None = Field(description="null: without a bound.")
    source: str
    weights: list[EstateWeightView]


class EstateKeyView(BaseModel):
    """A key through time."""

    key: str = Field(description="How requests refer to it.", examples=["13Q:catchment"])
    organisation: str
    name: str
    version: int
    periods: list[EstateKeyPeriodView]


class ListedEstateKeyView(BaseModel):
    """A key on a day."""

    key: str = Field(examples=["13Q:catchment"])
    source: str
    organisations: int = Field(description="How many it names.")
    version: int
