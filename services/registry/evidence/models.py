"""Tables of what follows from the statements of sources: where they disagree, and what is odd in them."""

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Date, Identity, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import DATEMULTIRANGE, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.core.base import Base

IN_SUCCESSION = 0
"""In place of a facet: sources disagree about who followed a body, or when."""


class Disagreement(Base):
    """What sources disagree about, of one body, by all that is known now; recomputed with each statement about it."""

    __tablename__ = "disagreement"
    __table_args__ = (Index("ix_disagreement_order", "subject_id", "facet", unique=True),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    facet: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    subject_id: Mapped[int | None] = mapped_column(Integer)
    """None for `IN_SUCCESSION`, which goes by code alone."""
    days: Mapped[Any] = mapped_column(DATEMULTIRANGE)
    differs: Mapped[Any] = mapped_column(JSONB)
    """Each stretch of days on which they differ, with the claims of each family of sources."""


class Anomaly(Base):
    """An anomaly in the statements, by all that is known now; recomputed with each statement that concerns its body."""

    __tablename__ = "finding"
    __table_args__ = (
        Index("ix_finding_order", "sort", "code", "other", "source", text("coalesce(first_day, '-infinity'::date)")),
        Index("ix_finding_code", "code"),
        Index("ix_finding_other", "other", postgresql_where=text("other <> ''")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    sort: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    other: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date | None] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    words: Mapped[str] = mapped_column(Text)
