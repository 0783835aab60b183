"""Clusters of integrated care boards, which stay separate legal bodies."""

from datetime import date, datetime

from sqlalchemy import Date, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.core.base import Base


class Cluster(Base):
    """ICBs that share posts from `first_day`. A cluster is not a legal person, so its reference is not an ODS code."""

    __tablename__ = "cluster"
    __table_args__ = (Index(None, "icbs", postgresql_using="gin"),)

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    icbs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    shares: Mapped[list[str]] = mapped_column(ARRAY(Text))
    first_day: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    ended_on: Mapped[date | None] = mapped_column(Date, default=None)
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    ended_by: Mapped[str | None] = mapped_column(Text, default=None)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
    version: Mapped[int] = mapped_column(Integer, default=1)
