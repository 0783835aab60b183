"""Tables of meetings: each row is something stated once; a later one of the same kind supersedes it.

Of attendance, recusals and minutes the latest row counts, of votes those that `rules.counting` returns. An item has one
result: a constraint of the database, beside the lock on the item.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.governance.core.models import Base


class Milestone(StrEnum):
    """What a body states of a meeting as a whole."""

    CALLED = "called"
    CANCELLED = "cancelled"
    HELD = "held"


class MeetingState(StrEnum):
    """How far a meeting has come."""

    PLANNED = "planned"
    CALLED = "called"
    CANCELLED = "cancelled"
    HELD = "held"
    MINUTES_DRAFT = "minutes_draft"
    APPROVED = "approved"


class Stage(StrEnum):
    """Of an item about a supplier: what is done there, by which the rule pack grades conflicts."""

    DESIGN = "design"
    AWARD = "award"
    MONITORING = "monitoring"


class ItemOutcome(StrEnum):
    """What came of an item."""

    CARRIED = "carried"
    FAILED = "failed"
    INQUORATE = "inquorate"
    """It was put to the meeting without a quorum, and is undecided."""


class Opinion(StrEnum):
    """What someone who was consulted thought of an urgent action."""

    AGREED = "agreed"
    OBJECTED = "objected"
    NO_VIEW = "no_view"


def _stated_at() -> Mapped[datetime]:
    return mapped_column(DateTime(timezone=True))


class Meeting(Base):
    """A meeting of a body on a day; its reference is the body's with the day."""

    __tablename__ = "meeting"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"), index=True)
    held_on: Mapped[date] = mapped_column(Date)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    in_public: Mapped[bool]
    stated_at: Mapped[datetime] = _stated_at()


class MeetingStep(Base):
    """A meeting was called, with so many clear days of notice, cancelled or held. Each happens once."""

    __tablename__ = "meeting_step"
    __table_args__ = (UniqueConstraint("meeting_id", "step"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    step: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = _stated_at()
    reason: Mapped[str] = mapped_column(Text, default="")
    clear_days: Mapped[int | None] = mapped_column(default=None)
    pack: Mapped[str] = mapped_column(Text, default="")


class UrgentAct(Base):
    """What those whom the terms name did for their body between meetings, and the decision that it is."""

    __tablename__ = "urgent_action"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"), index=True)
    proposal: Mapped[str] = mapped_column(Text, index=True)
    acted_on: Mapped[date] = mapped_column(Date)
    acted_by: Mapped[list[str]] = mapped_column(ARRAY(Text))
    outcome: Mapped[str] = mapped_column(Text)
    conditions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    decision: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = _stated_at()


class UrgentConsultation(Base):
    """Who was consulted before an urgent action, on which day, and with which view."""

    __tablename__ = "urgent_consultation"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    urgent_action_id: Mapped[int] = mapped_column(ForeignKey("urgent_action.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    consulted_on: Mapped[date] = mapped_column(Date)
    view: Mapped[str] = mapped_column(Text)


class MeetingItem(Base):
    """An item of an agenda: a proposal to decide on, minutes to approve, an urgent action to ratify, or else a matter.

    `private_reason` is a rule pack's code, empty where the public is there. `action` says by which majority it is
    decided, where no proposal does.
    """

    __tablename__ = "meeting_item"
    __table_args__ = (UniqueConstraint("meeting_id", "number"), Index(None, "proposal"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = _stated_at()
    private_reason: Mapped[str] = mapped_column(Text, default="")
    proposal: Mapped[str] = mapped_column(Text, default="")
    action: Mapped[str] = mapped_column(Text, default="")
    stage: Mapped[str] = mapped_column(Text, default="")
    minutes_of: Mapped[int | None] = mapped_column(ForeignKey("meeting.id"), default=None, index=True)
    urgent_action_id: Mapped[int | None] = mapped_column(ForeignKey("urgent_action.id"), default=None, index=True)


class Attendance(Base):
    """Whether a person comes to a meeting, and from when to when they were there; the latest row of a person counts.

    `seat` is the post for which a deputy sits, and `role` that of someone in attendance. `arrived` and `departed` are
    of one length; who stays to the end departs with it.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        CheckConstraint("cardinality(arrived) = cardinality(departed)", name="whole_intervals"),
        Index(None, "meeting_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    coming: Mapped[bool]
    stated_at: Mapped[datetime] = _stated_at()
    seat: Mapped[str] = mapped_column(Text, default="")
    role: Mapped[str] = mapped_column(Text, default="")
    arrived: Mapped[list[datetime]] = mapped_column(
        ARRAY(DateTime(timezone=True)), default_factory=list, server_default=text("'{}'")
    )
    departed: Mapped[list[datetime | None]] = mapped_column(
        ARRAY(DateTime(timezone=True)), default_factory=list, server_default=text("'{}'")
    )


class Recusal(Base):
    """What whoever presides decided that a person does at an item; the latest row of a person counts."""

    __tablename__ = "recusal"
    __table_args__ = (Index(None, "item_id", "person_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    item_id: Mapped[int] = mapped_column(ForeignKey("meeting_item.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(Text)
    required: Mapped[str] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_at: Mapped[datetime] = _stated_at()


class Motion(Base):
    """What is put to the vote at an item, from which instant on, and who presides. An item has one."""

    __tablename__ = "motion"

    item_id: Mapped[int] = mapped_column(ForeignKey("meeting_item.id"), primary_key=True)
    put_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    presides: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    conditions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    stated_at: Mapped[datetime] = _stated_at()


class Vote(Base):
    """The vote of one seat at one instant, cast by its holder, by a deputy, or by whom the holder gave it to (proxy).

    `voter` is the person whose vote it is: holder or deputy. `principal` is the seat's holder. A void vote is kept, and
    the seat may vote again: with the item locked, one of a seat and of a person counts (`rules.counting`).
    """

    __tablename__ = "vote"
    __table_args__ = (Index(None, "item_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    item_id: Mapped[int] = mapped_column(ForeignKey("meeting_item.id"))
    seat: Mapped[str] = mapped_column(Text)
    voter: Mapped[str] = mapped_column(ForeignKey("person.id"))
    cast_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    choice: Mapped[str] = mapped_column(Text)
    cast_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_at: Mapped[datetime] = _stated_at()
    principal: Mapped[str | None] = mapped_column(ForeignKey("person.id"), default=None)


class ItemResult(Base):
    """What came of an item: votes, the quorum with who filled its seats, and the decision that followed.

    `void` are the votes that did not count, None where that was not recorded.
    """

    __tablename__ = "item_result"
    __table_args__ = (CheckConstraint("cardinality(filled) <= 30", name="seats_of_a_clause"),)

    item_id: Mapped[int] = mapped_column(ForeignKey("meeting_item.id"), primary_key=True)
    outcome: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_at: Mapped[datetime] = _stated_at()
    votes_for: Mapped[int] = mapped_column(default=0)
    against: Mapped[int] = mapped_column(default=0)
    abstained: Mapped[int] = mapped_column(default=0)
    of: Mapped[int] = mapped_column(default=0)
    tie: Mapped[bool] = mapped_column(default=False)
    casting: Mapped[str] = mapped_column(Text, default="")
    clause: Mapped[int | None] = mapped_column(default=None)
    filled: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list)
    counted: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list)
    decision: Mapped[str] = mapped_column(Text, default="")
    approves: Mapped[int | None] = mapped_column(ForeignKey("minutes.id"), default=None)
    void: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger), default=None)


class Minutes(Base):
    """A version of a meeting's minutes: where it lies, and its digest. Private words are in the act."""

    __tablename__ = "minutes"
    __table_args__ = (UniqueConstraint("meeting_id", "version"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("meeting.id"))
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    drafted_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = _stated_at()
