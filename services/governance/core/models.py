"""Tables of governance: people, bodies, posts, appointments, decision rights, acts, and known organisations.

Rows describe subjects; the days on which they exist, their holders and why they are vacant are on timelines, in both
times. One holder of a post a day is a constraint of the database (`ex_post_time_belief_one_value`).
"""

from collections.abc import Collection
from datetime import date, datetime
from enum import IntEnum, StrEnum

import asyncpg
from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Date, DateTime, ForeignKey, Identity, Index, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

from libs.common.database.connection import service_metadata
from libs.common.temporal.timeline import Timeline
from libs.organisations.projection import KnownOrganisations


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """All tables of this service."""

    metadata = service_metadata()


known = KnownOrganisations(Base.metadata)
body_time = Timeline(Base.metadata, "body_time")
post_time = Timeline(Base.metadata, "post_time")
right_time = Timeline(Base.metadata, "right_time")
level_time = Timeline(Base.metadata, "level_time")

_WITH_BODY = """
SELECT organisation AS code FROM body WHERE organisation = ANY($1)
 UNION
SELECT to_remake_for FROM decision_right WHERE to_remake_for = ANY($1)
 UNION
SELECT member FROM post WHERE member <> '' AND member = ANY($1)
 UNION
SELECT member FROM decision_right WHERE member <> '' AND member = ANY($1)
"""


async def organisations_with_bodies(connection: asyncpg.Connection, codes: Collection[str]) -> set[str]:
    """Lock the known organisations of these codes; return those with a body, or with rights to be made again."""
    await known.lock(connection, codes)
    return {row["code"] for row in await connection.fetch(_WITH_BODY, sorted(codes))}


STANDS = "stands"
"""The one value of `Facet.STANDS`."""


WITH_BODY = "end of a body"
"""The source of statements that end a body, and its posts, holders and rights with it; what undoes the end finds them.

What a command ended before, of its own, has another source.
"""

DISSOLVED = "dissolution of a body"
"""The source of statements that end a body by a command of its own organisation: no event of the registry undoes it."""


class BodyKind(StrEnum):
    """What sort of body it is. An organisation has one that leads it; its other bodies stand within that one."""

    GOVERNING_BODY = "governing_body"
    BOARD = "board"
    COMMITTEE = "committee"
    COMMITTEE_IN_COMMON = "committee_in_common"
    """A committee of one organisation that meets with others' at one table, and decides for its own alone."""
    JOINT_COMMITTEE = "joint_committee"
    """A committee of several organisations: what it decides within its instrument binds them all."""
    PARTNERSHIP = "partnership"
    """A board of several organisations without a power of its own: each decides for itself."""
    PANEL = "panel"

    @property
    def leads(self) -> bool:
        """Whether a body of this kind leads its organisation."""
        return self in (BodyKind.GOVERNING_BODY, BodyKind.BOARD)

    @property
    def joint(self) -> bool:
        """Whether a body of this kind is one of several organisations."""
        return self in (BodyKind.JOINT_COMMITTEE, BodyKind.PARTNERSHIP)


class Facet(IntEnum):
    """A facet of a body, a post or a decision right."""

    STANDS = 1
    """Whether it exists."""
    HOLDER = 2
    """Of a post: the id of its holder's appointment."""
    BECAUSE = 3
    """Of a vacant post: why it is vacant from that day. Of a right: why it ended."""
    SEAT = 4
    """Of a post: its roles, whether it votes and its weight, as JSON, where stated (`SeatOfPost` in core/seats.py)."""
    DEPUTIES = 5
    """Of a post: the ids of the persons who are named as deputies for it, as JSON."""
    TERMS = 6
    """Of a body: its terms of reference, as JSON."""
    MEMBERS = 7
    """Of a body of several organisations, or an instrument: their codes, as JSON."""
    TO_REMAKE = 8
    """Of a right that ended with its body at a merger: the successor that has to make it again."""
    REMADE_BY = 9
    """Of such a right: the id of the one that was granted in its place."""
    PUBLISHED = 10
    """Of an instrument: its parties as last published, so that each change of them is published once."""


_BELIEVED_RIGHT = Base.metadata.tables[right_time.beliefs]
# `can` and the lists ask for the rights that wait for one successor, and since when one of them does.
Index(
    "ix_right_time_belief_to_remake",
    _BELIEVED_RIGHT.c.value,
    _BELIEVED_RIGHT.c.subject_id,
    postgresql_where=text(f"facet = {Facet.TO_REMAKE:d}"),
)

_RECORDED_AT = text("clock_timestamp()")


class Person(Base):
    """A person who holds posts. Events carry the id; the name is stored here alone, as last corrected.

    `organisation` keeps the record. It is missing only of a person recorded before records had one, who holds no post.
    `restricted` is the code for which the name is not given out; an erased person's name is empty.
    """

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("(erased_on IS NOT NULL) = (display_name = '')", name="erased_whole"),)

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    display_name: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    restricted: Mapped[str | None] = mapped_column(Text, default=None)
    erased_on: Mapped[date | None] = mapped_column(Date, default=None)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class PersonCorrection(Base):
    """Who corrected a person's name, and when. The earlier name is not stored."""

    __tablename__ = "person_correction"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    corrected_by: Mapped[str] = mapped_column(Text)
    corrected_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class NameRead(Base):
    """A name that was given out: whose, to which caller, for which organisations, and in which request."""

    __tablename__ = "name_read"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    reader: Mapped[str] = mapped_column(Text)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    request_id: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class Act(Base):
    """What a caller did for an organisation on a body, post, appointment or right, with its private words.

    `effective_on` is the first day on which it counts. `reason` is a code; `note` and `document` are private.
    """

    __tablename__ = "act"
    __table_args__ = (Index(None, "organisation", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text)
    operation: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text, default=None)
    note: Mapped[str | None] = mapped_column(Text, default=None)
    document: Mapped[str | None] = mapped_column(Text, default=None)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class Body(Base):
    """A body of an organisation: the one that leads it, or one that stands within another (`within_id`).

    A joint body has no organisation of its own, so `organisation` is empty: its members are on `body_time`. `pack` is
    the rule pack that gave its posts, where one was in force.
    """

    __tablename__ = "body"
    __table_args__ = (
        Index(
            "uq_body_leading",
            "organisation",
            unique=True,
            postgresql_where=text("within_id IS NULL AND organisation <> ''"),
        ),
        Index(None, "organisation"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisation: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, default=BodyKind.GOVERNING_BODY, server_default=text("'governing_body'"))
    within_id: Mapped[int | None] = mapped_column(ForeignKey("body.id"), default=None, index=True)
    pack: Mapped[str | None] = mapped_column(Text, default=None)


class Post(Base):
    """A post on a body, with one holder at a time. `described_in` is the constitution's clause of a local post.

    The slug follows from the title, with the number of the seat from the second one of a title on (`gp-member-2`).
    Posts of two bodies correspond if their titles do. In a joint body, `member` is the organisation whose seat it is.
    """

    __tablename__ = "post"
    __table_args__ = (Index("ix_post_member", "member", postgresql_where=text("member <> ''")),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"), index=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    slug: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    described_in: Mapped[str | None] = mapped_column(Text, default=None)
    member: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))


class Appointment(Base):
    """A person in a post. Its days are those on which `post_time` names its id as the holder."""

    __tablename__ = "appointment"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)


class DecisionRight(Base):
    """A right of a body or a post to decide on an action, up to a value in pence, if limited.

    `action` is dotted and covers every action that begins with it; `scope` is the one subject that it is for, empty
    where it is for all. `limit_basis` says what the limit measures, and `conditions` are codes of a rule pack. It comes
    from another right or from `power`, a rule pack's id, empty for whichever covers the action. `recurrent` rights
    cover commitments that recur each year, others single ones alone. A right that ended with its body at a merger waits
    for `to_remake_for` until another one, `remade_by`, takes its place: both as believed now, of the latest day. Reads
    ask the timeline.
    `member` is the organisation that delegated to a joint body, empty of a body's own organisation. `permit` is what
    `can` answered for the grant, empty where it was granted before answers for grants were recorded.
    Of a body of one organisation `member` is the party that granted it to its lead commissioner, under `instrument`.
    """

    __tablename__ = "decision_right"
    __table_args__ = (
        CheckConstraint("value_limit_pence >= 0", name="no_negative_limit"),
        Index(None, "body_id", "action"),
        Index(None, "to_remake_for"),
        Index("ix_decision_right_member_action", "member", "action", postgresql_where=text("member <> ''")),
        Index("ix_decision_right_instrument", "instrument", postgresql_where=text("instrument <> ''")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"))
    action: Mapped[str] = mapped_column(Text)
    source_minute: Mapped[str] = mapped_column(Text)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), default=None)
    value_limit_pence: Mapped[int | None] = mapped_column(BigInteger, default=None)
    limit_basis: Mapped[str] = mapped_column(Text, default="single", server_default=text("'single'"))
    recurrent: Mapped[bool] = mapped_column(default=False)
    scope: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    conditions: Mapped[list[str]] = mapped_column(ARRAY(Text), default_factory=list, server_default=text("'{}'"))
    power: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    delegated_from: Mapped[int | None] = mapped_column(ForeignKey("decision_right.id"), default=None, index=True)
    to_remake_for: Mapped[str | None] = mapped_column(Text, default=None)
    remade_by: Mapped[int | None] = mapped_column(ForeignKey("decision_right.id"), default=None)
    member: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    permit: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    instrument: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    version: Mapped[int] = mapped_column(default=1)


class CoCommissioning(Base):
    """An organisation with a level of co-commissioning; the level of a day is on `level_time`, as JSON."""

    __tablename__ = "co_commissioning"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation: Mapped[str] = mapped_column(Text, unique=True)
    version: Mapped[int] = mapped_column(default=1)
