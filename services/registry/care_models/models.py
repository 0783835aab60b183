"""New care models at a place, and the statements about each."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.core.base import Base, one_of

CareModelStatus = Literal["planned", "delayed", "live", "ended"]


class CareModelType(StrEnum):
    """The type of a new care model."""

    PACS = "pacs"
    """Primary and acute care system."""
    MCP = "mcp"
    """Multispecialty community provider."""
    PRIMARY_CARE_HOME = "primary_care_home"
    ACO = "aco"
    """Accountable care organisation."""


class Stated(StrEnum):
    """What can be stated about a care model."""

    PLANNED = "planned"
    DELAYED = "delayed"
    REPLANNED = "replanned"
    ESTABLISHED = "established"
    ENDED = "ended"


class CareModel(Base):
    """A new care model at a place. Its purpose, partners and status are in its statements."""

    __tablename__ = "care_model"
    __table_args__ = (Index(None, "place"),)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    model: Mapped[CareModelType] = mapped_column(one_of(CareModelType, "model"))
    name: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)


class CareModelStatement(Base):
    """A statement about a care model, never changed. `planned_for` is the day of a plan; a delay may have none.

    `offers` are its services as terms; `services` and `note` are words for its place and partners.
    """

    __tablename__ = "care_model_statement"
    __table_args__ = (Index(None, "care_model_id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    care_model_id: Mapped[int] = mapped_column(ForeignKey("care_model.id"))
    stated: Mapped[Stated] = mapped_column(one_of(Stated, "stated"))
    effective_on: Mapped[date] = mapped_column(Date)
    planned_for: Mapped[date | None] = mapped_column(Date)
    partners: Mapped[list[str]] = mapped_column(ARRAY(Text))
    services: Mapped[str] = mapped_column(Text)
    offers: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    excludes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    people: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
