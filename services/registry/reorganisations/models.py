"""Successions that were stated by hand, also the undone ones."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import Date, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.temporal.timeline import Timeline
from services.registry.core.base import Base

StatedShape = Literal["merger", "split", "acquisition", "boundary_change", "abolition"]


class Reorganisation(Base):
    """A succession of one or more bodies by one or more others on a day, stated at one instant.

    `reference` is `R-` and the first predecessor's code; a second one adds `-2`. `shares` are those of `successors`, in
    their order, as they were stated, empty where none is. `closed` are the predecessors that it closed, and
    `commissioners` those with a list of what they cover.
    """

    __tablename__ = "reorganisation"
    __table_args__ = (
        Index("ix_reorganisation_day", "effective_on", "reference"),
        Index(None, "predecessors", postgresql_using="gin"),
        Index(None, "successors", postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    shape: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    predecessors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    successors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    shares: Mapped[list[str]] = mapped_column(ARRAY(Text))
    closed: Mapped[list[str]] = mapped_column(ARRAY(Text))
    commissioners: Mapped[list[str]] = mapped_column(ARRAY(Text))
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer, default=1)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )

    def codes(self) -> set[str]:
        """Return every organisation that it concerns."""
        return {*self.predecessors, *self.successors}

    def covering(self) -> set[str]:
        """Return every organisation whose practices or areas it may have moved."""
        return self.codes() | set(self.commissioners)


reorganisation_time = Timeline(Base.metadata, "reorganisation_time")
"""Whether each reorganisation stands (`STANDS`), from its day on: what is undone was believed until then."""

STANDS = "stands"
