"""The base of every answer of the registry, and the answer about one organisation."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from libs.organisations.statements import Status
from services.registry.core.kinds import Kind, MergerStatus


class View(BaseModel):
    """Built by a query, or read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


class PartInMergerView(View):
    """A merger that the organisation is part of, as it was known."""

    reference: str = Field(examples=["M-14Y"])
    successor: str = Field(examples=["14Y"])
    predecessors: list[str] = Field(examples=[["10Y", "10H"]])
    status: MergerStatus
    effective_on: date = Field(description="the day planned, or the day on which it took effect")
    stated_at: datetime
    slipped_from: list[date] = Field(description="other days that had been planned before")


class LevelsView(View):
    """The bodies above an organisation on the day, level by level; of a practice, those of its commissioner."""

    commissioner: str | None = Field(default=None, description="of a practice", examples=["14Y"])
    local_office: str | None = Field(default=None, description="area team, later local office, to March 2020")
    stp: str | None = Field(default=None, description="from March 2016 to June 2022", examples=["QU9"])
    icb: str | None = Field(default=None, description="from July 2022", examples=["QU9"])
    region: str | None = Field(default=None, description="of NHS England", examples=["Y59"])


class SightingView(View):
    """Where one value comes from. After the day on which it was last seen it is inferred, not told as fact."""

    about: str = Field(description="`status`, `name`, `parent`, `kind`, `icb` ...", examples=["icb"])
    value: str = Field(examples=["QT1"])
    known_since: datetime = Field(description="when the registry began to believe it")
    source: str | None = Field(
        description="who says so; null: it follows from a succession, or was seen only later",
        examples=["ods-eccg:eccg_2025-12.csv"],
    )
    rank: int | None = Field(description="the source's rank; the higher one rules about the same day")
    seen_on: date | None = Field(
        description="the last day up to the one asked for on which its source saw or stated it"
    )
    next_value: str | None = Field(
        description="the value that was seen next, where the day asked for lies between two sightings; another one "
        "means that the change happened on an unknown day between them"
    )
    next_seen_on: date | None = Field(description="the day on which that was seen")


class OrganisationView(View):
    """An organisation as at a day, as known at an instant."""

    code: str = Field(examples=["10Y"])
    kind: Kind
    status: Status = Field(description="`unknown`: nothing was stated about that day")
    name: str | None = Field(examples=["NHS Aylesbury Vale CCG"])
    parent: str | None = Field(
        description="the code of its parent, as stated; where that has closed, its lineage has the successors, and "
        "their members include this organisation",
        examples=["Q84"],
    )
    since: date | None = Field(description="first day of this status")
    last_day: date | None = Field(description="last day of this status, where one is known")
    version: int
    levels: LevelsView = Field(default_factory=LevelsView)
    sightings: list[SightingView] | None = Field(
        default=None, description="with `sightings=true`: where each value comes from, and when it was seen"
    )


class LegalView(View):
    """Its status in law, which may differ from its operation."""

    status: Literal["established", "abolished"]
    since: date | None = Field(description="first day of this status in law")
    last_day: date | None = Field(description="last day of this status in law, where one is known")


class RoleView(View):
    """A further role beside its kind."""

    role: str = Field(examples=["RO213"])
    since: date | None
    last_day: date | None


class IdentifierView(View):
    """A code of another system that it has."""

    system: str = Field(examples=["ons"])
    identifier: str = Field(examples=["E38000215"])
    since: date | None
    last_day: date | None


class AddressView(View):
    """Its address."""

    lines: list[str] = Field(examples=[["Easton Street", "High Wycombe"]])
    postcode: str = Field(examples=["HP11 1NT"])


class OrganisationRecordView(View):
    """The fields of one organisation that lists leave out. `since` and `last_day` are about its operation."""

    legal: LegalView | None = Field(description="null: no source states it")
    legal_form: str | None = Field(examples=["company_limited_by_shares"])
    remit: str | None = Field(description="its purpose")
    address: AddressView | None
    roles: list[RoleView] = Field(description="further roles on the day; the kind is the primary one")
    identifiers: list[IdentifierView] = Field(description="codes of other systems on the day")


class ConflictNoteView(View):
    """A note that sources disagree about a value of this answer: `GET /conflicts` has what each of them says."""

    about: str = Field(examples=["parent"])
    rules: str | None = Field(
        description="the value that is believed, as this answer has it; null: none", examples=["42D"]
    )
    why: str = Field(examples=["rank"])
    because: str


class OrganisationInFullView(OrganisationView, OrganisationRecordView):
    """An organisation, the day and the instant asked for, and the mergers that it is part of."""

    as_at: date
    as_known: datetime | None = Field(description="null: as known now")
    mergers: list[PartInMergerView]
    conflicts: list[ConflictNoteView] = Field(
        default_factory=list, description="what sources disagree about on this day, and which value rules"
    )


class SourceView(View):
    """A family of sources that can be cited."""

    family: str = Field(examples=["hsj"])
    rank: int = Field(description="the higher rank rules where both state something of the same days", examples=[-50])
    sort: str = Field(examples=["press"])
    title: str
    citation: str
    pack: str = Field(description="the rule pack that gives the rank", examples=["source-hsj"])
