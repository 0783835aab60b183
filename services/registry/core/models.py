"""Tables of bodies, their links and areas. What is stated of them is on timelines."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from libs.organisations.statements import ABOVE, Facet
from libs.organisations.successions import Successions
from services.registry.core.base import Base


class PopulationStatement(Base):
    """A source's count of a body's people on `effective_on`, on one basis. Never changed.

    With a `local_authority` it counts those of them who live there; empty: all.
    """

    __tablename__ = "population_statement"
    __table_args__ = (
        UniqueConstraint(
            *("code", "basis", "effective_on", "stated_at", "source", "people", "local_authority"),
            name="uq_population_statement",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    people: Mapped[int] = mapped_column(BigInteger)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rank: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
    local_authority: Mapped[str] = mapped_column(Text, default="", server_default="")


class Organisation(Base):
    """A body under its code. Its life, names, kinds and parents are on its timeline, in both times."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text, unique=True)
    version: Mapped[int] = mapped_column(Integer, default=1)


class Link(Base):
    """A relation to another body, a further role or a code of another system, several at a time.

    `sort` says which (`services.registry.core.links.Sort`), `other` names the other body, the role or the identifier.
    On its timeline it has one facet, whose value is the exact share (`1/3`), or `*` where it has no share.
    """

    __tablename__ = "tie"
    __table_args__ = (
        Index("uq_tie", "code", "sort", "other", unique=True),
        Index("ix_tie_other", "other", "sort"),
        # A code of another system names one body for ever, as an ODS code does.
        Index("uq_tie_identifier", "sort", "other", unique=True, postgresql_where=text("sort LIKE 'code:%'")),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    sort: Mapped[str] = mapped_column(Text)
    other: Mapped[str] = mapped_column(Text)


class Area(Base):
    """A small area (LSOA 2011) under its ONS code. Its timeline has one facet: the body that covers it."""

    __tablename__ = "area"

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text, unique=True)
    local_authority: Mapped[str | None] = mapped_column(Text, default=None)


timeline = Timeline(Base.metadata, "organisation")
successions = Successions(Base.metadata, "succession")
tie_time = Timeline(Base.metadata, "tie")
area_time = Timeline(Base.metadata, "area")

_beliefs = Base.metadata.tables[timeline.beliefs].c
# Search by words of a name or address, and the members of a body: facets NAME, ADDRESS, PARENT.
Index(
    "ix_organisation_belief_words",
    func.to_tsvector(text("'simple'"), _beliefs.value),
    postgresql_using="gin",
    postgresql_where=text(f"facet = {Facet.NAME:d} OR facet = {Facet.ADDRESS:d}"),
)
# The beginning of a name, and names alone.
Index(
    "ix_organisation_belief_name",
    func.lower(_beliefs.value),
    postgresql_where=text(f"facet = {Facet.NAME:d}"),
)
# What was recorded since an instant. Statements are only ever added, in the order of their instants.
Index(
    "ix_organisation_statement_recorded_at",
    Base.metadata.tables[timeline.statements].c.recorded_at,
    postgresql_using="brin",
    postgresql_with={"autosummarize": "on", "pages_per_range": 16},
)
_ABOVE = ", ".join(f"{facet:d}" for facet in sorted(ABOVE))
Index("ix_organisation_belief_above", _beliefs.value, postgresql_where=text(f"facet IN ({_ABOVE})"))
# Which relations name a body: they are computed anew when its life or its succession changes.
Index(
    "ix_organisation_statement_above",
    Base.metadata.tables[timeline.statements].c.value,
    postgresql_where=text(f"facet IN ({_ABOVE})"),
)
