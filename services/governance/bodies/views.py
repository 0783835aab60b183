"""What governance answers."""

from datetime import date, datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from services.governance.core.models import BodyKind
from services.governance.core.terms import TermsOfReference
from services.governance.core.views import View

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
    roles: Annotated[list[str], Field(description="What the seat counts as in a quorum.", examples=[["chair"]])]
    votes: Annotated[bool, Field(description="Whether its holder votes; attendees do not.")]
    weight: Annotated[int, Field(description="What its vote weighs.", examples=[1])]
    deputies: Annotated[list[str], Field(description="The persons who are named as deputies for it on the day.")]


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
    """A body of an organisation. `pack` is the rule pack of its posts, where one was in force."""

    body: Annotated[str, Field(examples=["14Y-governing-body"])]
    organisation: Annotated[str, Field(description="ODS code; empty of a joint body.", examples=["14Y"])]
    members: Annotated[
        list[str],
        Field(
            description="The organisations whose body it is on the day, each as it lives on then.", examples=[["14Y"]]
        ),
    ]
    kind: BodyKind
    within: Annotated[
        str | None, Field(description="The body that made it; null of the one that leads.", examples=[None])
    ]
    title: str
    pack: Annotated[str | None, Field(examples=["governing-body-posts-2013"])]
    stands: Annotated[bool, Field(description="Whether it exists on the day.")]
    first_day: FirstDay
    last_day: LastDay


class BodyView(BodySummary):
    """A body with its posts as at a day."""

    as_at: date
    as_known: datetime | None
    posts: list[PostView]


class ReasonCodeView(View):
    """A reason for an ending: the code for requests, and the title that everybody reads."""

    code: Annotated[str, Field(examples=["retired"])]
    title: Annotated[str, Field(examples=["Retired"])]


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


class EndingReasonsView(View):
    """The reasons that endings of a day can give."""

    as_at: date
    appointments: list[ReasonCodeView]
    decision_rights: list[ReasonCodeView]
    bodies: list[ReasonCodeView]


class TermsView(TermsOfReference):
    """A body's terms of reference as at a day, with the days on which they are its terms."""

    model_config = ConfigDict(extra="ignore")

    body: Annotated[str, Field(examples=["14Y-governing-body"])]
    first_day: FirstDay
    last_day: LastDay
    as_at: date
    as_known: datetime | None
