"""Answers about mergers: what the registry published, what a merger would end, and what waits to be made again."""

from datetime import date, datetime

from pydantic import Field

from services.governance.core.views import View
from services.governance.instruments.models import InstrumentKind
from services.governance.mergers.stages import MergerStage
from services.governance.mergers.to_remake import RemakeKind


class DeterminationView(View):
    """NHS England's determination of the application, as the registry published it."""

    outcome: str = Field(examples=["approved_with_conditions"])
    decided_on: date
    deferred_to: date | None


class MergerConditionView(View):
    """A condition of the approval, and whether it is met."""

    condition: int = Field(description="its number, from 1")
    title: str
    met_on: date | None
    evidence: str | None = Field(description="the type of evidence")


class MergerView(View):
    """An application to merge, with the merger that it became, as published by the registry."""

    application: str | None = Field(description="null: no one applied for it", examples=["A-14Y"])
    merger: str | None = Field(description="null: it is not agreed", examples=["M-14Y"])
    bodies: list[str] = Field(description="the applicants, or the bodies that merge", examples=[["10H", "10Y"]])
    successor: str = Field(examples=["14Y"])
    successor_name: str
    stage: MergerStage
    applied_on: date | None
    effective_on: date | None = Field(description="the day applied for or agreed, or that it is deferred to")
    determinations: list[DeterminationView]
    conditions: list[MergerConditionView]
    as_known: datetime | None = Field(description="null: as known now")


class EndingBodyView(View):
    """A body that the merger would end."""

    body: str
    organisation: str
    title: str
    continues: bool = Field(description="every predecessor has one of this title: the successor will have it too")
    terms_of_reference: bool = Field(description="it has terms of reference, which the successor has to state anew")


class EndingPostView(View):
    """A post that the merger would end."""

    post: str
    organisation: str
    person: str | None = Field(description="who would hold it on the last day; null: it would be vacant")
    shared: bool = Field(description="the person holds such a post in every predecessor, and would continue in it")
    deputies: int = Field(description="how many deputies are named for it, who are carried over to no successor")


class EndingRightView(View):
    """A decision right that the merger would end, and that the successor would have to make again."""

    decision_right: int
    organisation: str
    holder: str
    action: str


class MergingInstrumentView(View):
    """An instrument of which a merging body is a party: the successor takes its part."""

    instrument: str
    kind: InstrumentKind
    organisations: list[str] = Field(description="the merging bodies that are parties")
    parties_then: list[str]
    agreement: str = Field(description="contracts' reference of its paper")
    to_remake: bool = Field(description="its paper or its fund's shares have to be made again, by what is known")
    ends: bool = Field(description="one party alone would be left")


class MergerPreviewView(View):
    """What an agreed merger would end on its day, by what is known; empty once it is withdrawn or carried out."""

    merger: str
    successor: str
    bodies_merging: list[str]
    stage: MergerStage
    effective_on: date
    bodies: list[EndingBodyView]
    posts: list[EndingPostView]
    rights: list[EndingRightView] = Field(description="the first 1,000 of them")
    rights_in_all: int
    instruments: list[MergingInstrumentView]
    as_known: datetime | None = Field(description="null: as known now")


class ToRemakeView(View):
    """Something that ended with a merger, and that the successor has to make again."""

    kind: RemakeKind
    reference: str = Field(description="`R-` and the id of a right, an instrument; else the body or post that had it")
    organisation: str = Field(description="the predecessor's code", examples=["10H"])
    successor: str = Field(examples=["14Y"])
    since: date = Field(description="the day on which it ended")
    here: str = Field(
        description="whose right it was; the joint body without a seat; the instrument's paper; else the successor's "
        "body or post that has none of its own"
    )
    action: str | None = Field(description="of a right")
    scope: str | None
    value_limit_pence: int | None
    source_minute: str | None
