"""Answers about sources: what each states, what is believed, and where they disagree."""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from services.registry.core.views import SourceView, View


class SourcesView(BaseModel):
    """The families of sources that can be cited, the highest rank first."""

    as_at: date
    sources: list[SourceView]


class RecordedView(View):
    """A report that was recorded."""

    source: str = Field(examples=["hsj:7013041"])
    rank: int = Field(examples=[-50])
    pack: str = Field(examples=["source-hsj"])
    stated_at: datetime


class BeliefView(View):
    """A belief: its value, its days, and the instants between which it was believed."""

    about: str = Field(
        description="`life`, `name`, `parent`, `kind`, `legal`, `address`, `legal_form`, `remit`; or its link to "
        "`other`: `member of`, `owns`, `role`, `code:ons`, ...",
        examples=["life"],
    )
    other: str = Field(description="of a link: to which organisation, role or code; otherwise empty")
    value: str = Field(description="of a link its exact share, or `*`", examples=["open"])
    first_day: date | None
    last_day: date | None
    known_from: datetime
    known_to: datetime | None = Field(description="null: still believed at the instant asked for")


class StatementView(View):
    """A statement of a source. Beliefs follow from statements."""

    about: str = Field(examples=["life"])
    other: str
    value: str | None = Field(description="null: the source states that there is none")
    first_day: date | None
    last_day: date | None
    stated_at: datetime
    observed: bool = Field(
        description="the source observed it on the first day, and does not state since when it is so"
    )
    source: str = Field(examples=["ods-eccg:eccg_2016-02.csv"])
    rank: int
    recorded_by: str | None = Field(description="null: for who acts for the organisation")
    recorded_at: datetime


class BelievedSuccessionView(View):
    """A succession, with the instants between which it was believed."""

    code: str
    successor: str
    effective_on: date
    shape: str
    share: str
    merger: str | None
    source: str
    known_from: datetime
    known_to: datetime | None = Field(description="null: still believed at the instant asked for")


class StatedSuccessionView(View):
    """A statement of a source that one organisation follows another; with `holds` false, that it does not."""

    code: str
    successor: str
    effective_on: date
    holds: bool
    shape: str
    share: str
    merger: str | None
    stated_at: datetime
    source: str
    rank: int
    recorded_by: str | None = Field(description="null: for who acts for the organisation")
    recorded_at: datetime


class HistoryView(BaseModel):
    """What was believed about an organisation when, and the statements of its sources."""

    code: str
    as_at: date | None = Field(description="null: of all days")
    as_known: datetime | None = Field(description="null: as known now")
    beliefs: list[BeliefView]
    statements: list[StatementView]
    successions: list[BelievedSuccessionView]
    successions_stated: list[StatedSuccessionView]


class ClaimView(BaseModel):
    """What a source states of these days."""

    source: str = Field(examples=["hsj:7013041"])
    family: str = Field(examples=["hsj"])
    rank: int
    value: str | None
    stated_at: datetime
    observed: bool


class DifferingView(BaseModel):
    """Days on which sources differ, with what each claims and which one rules."""

    first_day: date | None
    last_day: date | None
    words: list[ClaimView] = Field(description="one claim of each family, the highest rank first")
    rules: str | None = Field(description="what is believed of these days; null: nothing")
    why: str = Field(
        description="`rank`; `later word`; `observation`: the other was only observed, on some days; `lives`: no other "
        "value fits the lives of the bodies, or was stated of these very days; `stated`: a succession stands until "
        "a source takes it back; `hearsay`: none is a register or an official list",
        examples=["rank"],
    )
    because: str


class ConflictView(BaseModel):
    """A disagreement of sources about one facet of one organisation."""

    code: str = Field(examples=["00F"])
    about: str = Field(examples=["succession"])
    differs: list[DifferingView]


class AnomalyType(StrEnum):
    """The types of findings. `GET /findings/counts` explains each."""

    JOINED_BEFORE_OPENING = "joined_before_opening"
    JOINED_LATE = "joined_late"
    BELONGS_TO_CLOSED = "belongs_to_closed"
    UNDESCRIBED_PARENT = "undescribed_parent"
    UNDESCRIBED_IN_SUCCESSION = "undescribed_in_succession"
    MEMBERSHIP_CONTRADICTED = "membership_contradicted"
    RESTATED = "restated"
    MOVED_WITHOUT_SUCCESSION = "moved_without_succession"
    OPEN_BY_DATES_ALONE = "open_by_dates_alone"
    FOLLOWS_ITSELF = "follows_itself"
    FOLLOWED_ON_SEVERAL_DAYS = "followed_on_several_days"
    SEVERAL_SUCCESSORS = "several_successors"
    STILL_OPEN = "followed_and_still_open"
    CLOSED_BEFORE_FOLLOWED = "closed_before_it_was_followed"
    CLOSED_WITHOUT_SUCCESSOR = "closed_without_successor"
    LEFT_BY_CLOSED = "left_by_closed"


class AnomalyView(View):
    """A finding: something odd in the statements, which are recorded as they arrived."""

    sort: AnomalyType
    code: str = Field(examples=["P84676"])
    other: str = Field(description="the other body that it is about; empty where there is none", examples=["00W"])
    source: str = Field(description="the source that it is about; empty where it is about several")
    first_day: date | None = Field(examples=["2017-04-01"])
    last_day: date | None = Field(examples=["2017-07-04"])
    words: str = Field(examples=["stays in 00W to 2017-07-04, which closed on 2017-03-31"])


class FindingsCountView(BaseModel):
    """The number of findings of one type."""

    sort: AnomalyType
    meaning: str
    findings: int


class FindingsCountsView(BaseModel):
    """The number of findings of each type."""

    as_known: datetime | None = Field(description="null: as known now")
    sorts: list[FindingsCountView]
