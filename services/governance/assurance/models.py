"""Tables of authorisation: decisions with their conditions, what lifted them, and assessments of suppliers."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class Authorised(StrEnum):
    """What a decision on authorisation comes to, and where it stands on a day."""

    DEFERRED = "deferred"
    IN_FULL = "authorised"
    WITH_CONDITIONS = "authorised_with_conditions"
    WITH_DIRECTIONS = "authorised_with_directions"


class Authorisation(Base):
    """A decision of NHS England on a CCG's authorisation. A later one of the same CCG takes its place."""

    __tablename__ = "authorisation"
    __table_args__ = (Index(None, "organisation", "decided_on"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisation: Mapped[str] = mapped_column(Text)
    wave: Mapped[int | None]
    decided_on: Mapped[date] = mapped_column(Date)
    deferred: Mapped[bool]
    pack: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class AuthorisationCondition(Base):
    """A criterion that is unmet, with its level of support.

    `functions` are those that a direction moves, to `exercised_by`, or stops where that is empty.
    """

    __tablename__ = "authorisation_condition"
    __table_args__ = (CheckConstraint("exercised_by = '' OR functions <> '{}'", name="moves_something"),)

    authorisation_id: Mapped[int] = mapped_column(ForeignKey("authorisation.id"), primary_key=True)
    criterion: Mapped[int] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(Text)
    level: Mapped[int]
    functions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    exercised_by: Mapped[str] = mapped_column(Text)
    rectify_by: Mapped[date | None] = mapped_column(Date)


class ConditionLift(Base):
    """That evidence lifted a condition from a day on; `sha256` is that of the paper."""

    __tablename__ = "condition_lift"
    __table_args__ = (UniqueConstraint("authorisation_id", "criterion"),)

    reference: Mapped[str] = mapped_column(Text, primary_key=True)
    authorisation_id: Mapped[int] = mapped_column(ForeignKey("authorisation.id"))
    criterion: Mapped[int]
    lifted_on: Mapped[date] = mapped_column(Date)
    sha256: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


known_checkpoint = Table(
    "known_checkpoint",
    Base.metadata,
    Column("supplier", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("pack", Text, nullable=False),
    Column("unmet", ARRAY(Text), nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    Column("stop_on", Date),
    Column("replace_by", Date),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("supplier", "effective_on", "stated_at"),
)
"""What contracts published of a supplier's assessment: one row an event."""

known_checkpoints = Projection(
    name="known_checkpoints",
    tables=("known_checkpoint",),
    content="SELECT supplier, outcome, pack, unmet::text, customers::text, stop_on::text, replace_by::text,"
    " effective_on::text, stated_at::text FROM known_checkpoint ORDER BY 1, 8, 9",
)
"""Assessments of suppliers, as contracts published them."""
