"""What is answered about meetings."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from services.governance.core.views import View
from services.governance.core.votes import Choice
from services.governance.interests.rules import Action
from services.governance.meetings.models import ItemOutcome, MeetingState, Stage

MeetingReference = Annotated[str, Field(examples=["14Y-governing-body-2019-03-28"])]
ItemId = Annotated[str, Field(examples=["IT-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
Person = Annotated[str, Field(description="The id of a person.")]


class MeetingSummary(View):
    """A meeting of a body, with its state as at a day."""

    meeting: MeetingReference
    body: str
    organisation: str
    held_on: date
    starts_at: datetime
    in_public: bool
    state: MeetingState
    notice_on: Annotated[date | None, Field(description="The day of the notice; null while it is planned.")]
    clear_days: Annotated[int | None, Field(description="The days between notice and meeting.")]
    notice_pack: Annotated[
        str | None, Field(description="The rule pack of the notice; empty where the terms of reference say it.")
    ]
    short_notice: Annotated[str | None, Field(description="Why notice was short; empty where it was not.")]
    cancelled_because: str | None
    minutes_version: int | None


class ResultView(View):
    """What an item came to; who counted is shown of a private one to those who read it."""

    outcome: ItemOutcome
    closed_at: datetime
    votes_for: int
    against: int
    abstained: int
    of: Annotated[int, Field(description="What the majority is counted of.")]
    tie: bool
    casting: str
    clause: Annotated[int | None, Field(description="Which clause of the quorum is met, from 0; null where none is.")]
    filled: Annotated[list[str], Field(description="Who fills the seats of that clause, in its order.")]
    counted: Annotated[list[str], Field(description="Who counted for the quorum.")]
    decision: Annotated[str, Field(description="The decision that followed; empty where none did.")]


class ItemSummary(View):
    """An item of an agenda. Its title is null where it is private and not the caller's to read."""

    item: ItemId
    meeting: MeetingReference
    body: str
    number: int
    title: str | None
    private_reason: Annotated[str, Field(description="A rule pack's code; empty where the public is there.")]
    proposal: Annotated[str | None, Field(description="The proposal that is decided on; empty where none is.")]
    action: str
    stage: Stage | None
    minutes_of: Annotated[str | None, Field(description="The meeting whose minutes are approved.")]
    urgent_action: str | None
    result: ResultView | None


class AttendanceView(View):
    """A person at a meeting."""

    person: Person
    coming: bool
    seat: Annotated[str, Field(description="The post for which a deputy sits; empty of anyone else.")]
    role: Annotated[str, Field(description="Of someone in attendance.")]
    arrived: list[datetime]
    departed: Annotated[list[datetime | None], Field(description="Null where the person stayed to the end.")]


class MeetingView(MeetingSummary):
    """A meeting with its agenda and who was there."""

    as_at: date
    as_known: datetime | None
    items: list[ItemSummary]
    attendance: list[AttendanceView]


class RecusalView(View):
    """What a person does at an item in which they have an interest."""

    person: Person
    action: Action
    required: Annotated[str, Field(description="What the rule pack asks for; empty where no interest is recorded.")]
    decided_by: Person
    decided_at: datetime


class VoteView(View):
    """The vote of a seat."""

    seat: str
    voter: Annotated[str, Field(description="Whose vote it is: the holder's, or a deputy's.")]
    cast_by: Annotated[str, Field(description="Another person than the voter for a proxy.")]
    choice: Choice
    cast_at: datetime
    counts: Annotated[
        bool | None,
        Field(description="Whether it counted in the result: false for a void one, null while nothing is known of it."),
    ]


class MotionView(View):
    """What was put to the vote."""

    put_at: datetime
    presides: str | None
    conditions: list[str]


class ItemView(ItemSummary):
    """An item with who is recused, its motion and votes; of a private one the own alone to who does not read it."""

    as_known: datetime | None
    recusals: list[RecusalView]
    motion: MotionView | None
    votes: list[VoteView]


class MinutesView(View):
    """A version of a meeting's minutes."""

    meeting: MeetingReference
    version: int
    sha256: str
    drafted_on: date
    approved_on: Annotated[date | None, Field(description="The day of the meeting that approved it; null: a draft.")]
    approved_by: Annotated[str | None, Field(description="The item at which it was approved.")]
    permit: Annotated[str | None, Field(description="What `can` answered for the approval: `GET /permits/{permit}`.")]
