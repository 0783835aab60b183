"""Tables of interests: those that persons declared, and the ties of bodies that other services publish."""

from datetime import date, datetime
from enum import IntEnum

from sqlalchemy import Date, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from libs.common.temporal.timeline import Timeline
from libs.organisations.relations import HOSTS, OWNS, KnownRelations
from services.governance.core.models import Base

STANDS = 1
"""The one facet of a declared interest: its share, or `*`, on the days on which it is in force."""

_RECORDED_AT = text("clock_timestamp()")


class Hand(IntEnum):
    """In whose hands a supplier is: a facet of `ownership`."""

    OWNER = 1
    HOST = 2


class DeclaredInterest(Base):
    """An interest that a person declared for an organisation's register. Its days are on the timeline `declared`.

    `nature` and `source` are codes; the words lie in `interest_words`, and are gone when it was purged.
    """

    __tablename__ = "declared_interest"
    __table_args__ = (Index(None, "organisation", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    relation: Mapped[str] = mapped_column(Text)
    other: Mapped[str] = mapped_column(Text)
    nature: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    aware_on: Mapped[date] = mapped_column(Date)
    declared_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purged_on: Mapped[date | None] = mapped_column(Date, default=None)
    version: Mapped[int] = mapped_column(default=1)


class InterestWords(Base):
    """What a person said of an interest in words. Purging it removes the row."""

    __tablename__ = "interest_words"

    interest_id: Mapped[int] = mapped_column(ForeignKey("declared_interest.id"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)


class NilReturn(Base):
    """That a person stated on a day to have no interest, or none beyond those declared."""

    __tablename__ = "nil_return"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    organisation: Mapped[str] = mapped_column(Text)
    returned_on: Mapped[date] = mapped_column(Date)
    confirms: Mapped[bool] = mapped_column(server_default=text("false"))
    """Interests were in force: it confirms them, and is none that there is nothing to declare."""
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class KnownOwnership(Base):
    """A supplier whose owner or host contracts stated."""

    __tablename__ = "known_ownership"
    __table_args__ = (UniqueConstraint("supplier"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    supplier: Mapped[str] = mapped_column(Text)


declared = Timeline(Base.metadata, "declared_interest")
relations = KnownRelations(Base.metadata, (OWNS, HOSTS, "partner in", "member of"))
"""Who owns and hosts whom, and who is a partner or member, by the registry."""
ownership = Timeline(Base.metadata, "known_ownership")
"""Subject: a supplier. Facets: `Hand`."""
Index(None, Base.metadata.tables[ownership.beliefs].c.value)

MIGRATED = "(migration)"
"""The row of a migration that found organisations known already: the copy is then rebuilt at the start."""

known_links = Projection(
    name="known_links",
    tables=(*relations.rows, ownership.beliefs, ownership.statements, "known_ownership"),
    content=f"""
SELECT 'relation' AS what, known.* FROM ({relations.content}) AS known (code, relation, other, value, valid, known)
 UNION ALL
SELECT 'hand', o.supplier, b.facet::text, '', b.value, b.valid::text, b.known::text
  FROM known_ownership o JOIN known_ownership_belief b ON b.subject_id = o.id
 ORDER BY 1, 2, 3, 4, 5, 6, 7
""",  # noqa: S608  (only names of ours are put in)
    carried_over=f"SELECT EXISTS (SELECT FROM known_ownership WHERE supplier = '{MIGRATED}')",  # noqa: S608  (a name from the code)
)
