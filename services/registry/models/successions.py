"""Who followed whom: what was said of it, and what follows."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import Base


class SuccessionStatement(Base):
    """A source said that from `effective_on` the successor answers for what `code` was; or, with `holds` false, not."""

    __tablename__ = "succession_statement"
    __table_args__ = (
        UniqueConstraint(
            "code",
            "successor",
            "effective_on",
            "stated_at",
            "source",
            "holds",
            "shape",
            "share",
            "merger",
            name="uq_succession_statement",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    successor: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    holds: Mapped[bool] = mapped_column(Boolean)
    shape: Mapped[str] = mapped_column(Text)
    share: Mapped[str] = mapped_column(Text)
    merger: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rank: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )


class Succession(Base):
    """From `effective_on` the successor answers for what the body under `code` was: believed during `known`.

    `shape`, `share` and `merger` are empty where no source says them. `share` is the exact fraction of `code` (`1/3`).
    """

    __tablename__ = "succession"
    __table_args__ = (
        Index("uq_succession", "code", "successor", "effective_on", text("lower(known)"), unique=True),
        Index(None, "successor"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    successor: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date] = mapped_column(Date)
    shape: Mapped[str] = mapped_column(Text)
    share: Mapped[str] = mapped_column(Text)
    merger: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    known: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
