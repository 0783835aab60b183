"""Tables of governance: people, bodies, posts, appointments, decision rights, acts, and known organisations.

Rows describe subjects; the days on which they exist, their holders and why they are vacant are on timelines, in both
times. One holder of a post a day is a constraint of the database (`ex_post_time_belief_one_value`).
"""

from collections.abc import Collection
from datetime import date, datetime
from enum import IntEnum

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

_WITH_BODY = """
SELECT organisation AS code FROM body WHERE organisation = ANY($1)
 UNION
SELECT to_remake_for FROM decision_right WHERE to_remake_for = ANY($1)
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


class Facet(IntEnum):
    """A facet of a body, a post or a decision right."""

    STANDS = 1
    """Whether it exists."""
    HOLDER = 2
    """Of a post: the id of its holder's appointment."""
    BECAUSE = 3
    """Of a vacant post: why it is vacant from that day. Of a right: why it ended."""


_RECORDED_AT = text("clock_timestamp()")


class Person(Base):
    """A person who holds posts. Events carry the id; the name is stored here alone, as last corrected.

    `organisation` keeps the record. It is missing only of a person recorded before records had one, who holds no post.
    """

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    display_name: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
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
    """An organisation's governing body. `pack` is the rule pack that gave its posts, where one was in force."""

    __tablename__ = "body"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisation: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    pack: Mapped[str | None] = mapped_column(Text, default=None)


class Post(Base):
    """A post on a body, with one holder at a time. `described_in` is the constitution's clause of a local post.

    The slug follows from the title, with the number of the seat from the second one of a title on (`gp-member-2`).
    Posts of two bodies correspond if their titles do.
    """

    __tablename__ = "post"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"), index=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    slug: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    described_in: Mapped[str | None] = mapped_column(Text, default=None)


class Appointment(Base):
    """A person in a post. Its days are those on which `post_time` names its id as the holder."""

    __tablename__ = "appointment"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)


class DecisionRight(Base):
    """A right of a body or a post to decide on a function, up to a value in pence, if limited.

    `recurrent` rights cover commitments that recur each year, others single ones alone. A right that ended with its
    body at a merger is listed under `to_remake_for` until another one, `remade_by`, takes its place.
    """

    __tablename__ = "decision_right"
    __table_args__ = (
        CheckConstraint("value_limit_pence >= 0", name="no_negative_limit"),
        Index(None, "body_id", "function"),
        Index(None, "to_remake_for"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"))
    function: Mapped[str] = mapped_column(Text)
    source_minute: Mapped[str] = mapped_column(Text)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"), default=None)
    value_limit_pence: Mapped[int | None] = mapped_column(BigInteger, default=None)
    recurrent: Mapped[bool] = mapped_column(default=False)
    delegated_from: Mapped[int | None] = mapped_column(ForeignKey("decision_right.id"), default=None, index=True)
    to_remake_for: Mapped[str | None] = mapped_column(Text, default=None)
    remade_by: Mapped[int | None] = mapped_column(ForeignKey("decision_right.id"), default=None)
    version: Mapped[int] = mapped_column(default=1)
