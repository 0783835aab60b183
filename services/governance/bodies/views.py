"""What governance answers."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    """An answer, read from a row by its names."""

    model_config = ConfigDict(from_attributes=True)


FirstDay = Annotated[date, Field(examples=["2018-04-01"])]
LastDay = Annotated[date | None, Field(description="The last day; null while none is known.")]
PostReference = Annotated[str, Field(examples=["14Y/accountable-officer"])]
AppointmentId = Annotated[str, Field(examples=["A-6c0f2f0e-9c0b-4d0b-8f5b-0a3c0d9b7a11"])]
Organisation = Annotated[str, Field(description="ODS code.", examples=["14Y"])]


class PostView(View):
    """A post on a day: its holder and appointment, or since when and why it is vacant."""

    post: PostReference
    title: Annotated[str, Field(examples=["Accountable officer"])]
    organisation: Organisation
    body: Annotated[str, Field(examples=["14Y-governing-body"])]
    described_in: Annotated[str | None, Field(description="The constitution's clause, for a local post.")]
    vacant: bool
    appointment: AppointmentId | None
    version: Annotated[int | None, Field(description="The appointment's version, for If-Match.")]
    person: str | None
    first_day: date | None
    last_day: LastDay
    vacant_since: date | None
    vacant_because: str | None


class AppointmentView(View):
    """A person in a post, with all known days."""

    appointment: AppointmentId
    version: int
    post: PostReference
    title: str
    organisation: Organisation
    body: str
    person: str
    first_day: FirstDay
    last_day: LastDay
    ended_because: str | None


class BodySummary(View):
    """A governing body. `pack` is the rule pack of its posts, where one was in force."""

    body: Annotated[str, Field(examples=["14Y-governing-body"])]
    organisation: Organisation
    title: str
    pack: Annotated[str | None, Field(examples=["governing-body-posts-2013"])]
    stands: Annotated[bool, Field(description="Whether it exists on the day.")]
    first_day: FirstDay
    last_day: LastDay


class BodyView(BodySummary):
    """A governing body with its posts as at a day."""

    as_at: date
    as_known: datetime | None
    posts: list[PostView]


class DecisionRightView(View):
    """What a body, or one of its posts, may decide."""

    decision_right: int
    version: int
    organisation: Organisation
    body: str
    post: PostReference | None
    title: Annotated[str, Field(description="The reference of the post, or of the body where the right is its own.")]
    function: Annotated[str, Field(examples=["contract-award"])]
    value_limit_pence: Annotated[int | None, Field(description="Up to and including; null: without limit.")]
    recurrent: bool
    source_minute: str
    delegated_from: int | None
    to_remake_for: Annotated[str | None, Field(description="The successor that has to make it again.")]
    remade_by: int | None
    first_day: FirstDay
    last_day: LastDay
    ended_because: str | None


class DeciderView(DecisionRightView):
    """A right that covers the decision, and the body or person that uses it."""

    appointment: AppointmentId | None
    person: str | None
    may_decide: Annotated[bool, Field(description="False where the right is a post's and the post is vacant.")]


class DecidersView(View):
    """The rights that cover a decision. `pack` is the rule pack that was applied."""

    function: str
    organisation: Organisation
    value_pence: int
    recurrent: bool
    as_at: date
    as_known: datetime | None
    pack: str | None
    anybody_may: bool
    deciders: list[DeciderView]


class ActView(View):
    """What a caller did for an organisation, with the words that its own governance leads alone read."""

    id: int
    organisation: Organisation
    operation: Annotated[str, Field(examples=["appointment ended"])]
    subject: Annotated[str, Field(description="The body, post, appointment or right.", examples=["14Y/chair"])]
    effective_on: Annotated[date, Field(description="The first day on which it counts.", examples=["2018-04-01"])]
    stated_at: Annotated[datetime, Field(description="The instant from which it is known.")]
    reason: Annotated[str | None, Field(description="The code of the reason of an ending.", examples=["retired"])]
    note: str | None
    document: str | None
    recorded_by: Annotated[str, Field(description="The subject of the caller's token.")]
    recorded_at: datetime


class ReasonCodeView(View):
    """A reason for an ending: the code for requests, and the title that everybody reads."""

    code: Annotated[str, Field(examples=["retired"])]
    title: Annotated[str, Field(examples=["Retired"])]


class EndingReasonsView(View):
    """The reasons that endings of a day can give."""

    as_at: date
    appointments: list[ReasonCodeView]
    decision_rights: list[ReasonCodeView]
