"""Successions that were stated by hand, also the undone ones."""

from datetime import date, datetime
from typing import Literal

from sqlalchemy import Date, DateTime, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.core.base import Base
from services.registry.reorganisations.errors import SuccessionNotUndoable

StatedShape = Literal["merger", "split", "acquisition", "boundary_change", "abolition"]


class Reorganisation(Base):
    """A succession of one or more bodies by one or more others on a day, stated at one instant.

    `reference` is `R-` and the first predecessor's code; a second one adds `-2`. `shares` are those of `successors`, in
    their order, empty where none is stated. `closed` are the predecessors that it closed, `commissioners` those
    with a list of what they cover.
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
    undone_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    undone_by: Mapped[str | None] = mapped_column(Text, default=None)
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

    def undo(self, *, stated_at: datetime, by: str) -> None:
        """Note that it was wrong. Raises SuccessionNotUndoable."""
        if self.undone_at is not None:
            raise SuccessionNotUndoable(f"{self.reference} was undone already")
        self.undone_at, self.undone_by = stated_at, by
        self.version += 1
