"""The registry's counts of people, and the allowances that follow from them."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.finance.core.models import Base


class KnownCount(Base):
    """A source's count of a body's people on one basis, of those in one local authority or of all. Never changed."""

    __tablename__ = "known_count"
    __table_args__ = (
        UniqueConstraint(
            *("code", "basis", "local_authority", "effective_on", "stated_at", "source", "people"),
            name="uq_known_count_stated",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    code: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    local_authority: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date]
    people: Mapped[int] = mapped_column(BigInteger)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rank: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)


class PublishedAllowance(Base):
    """An allowance that follows from the registry's counts and a rate, as known from one instant until another.

    It has precedence over a population that the body states itself. Rows are derived, and kept for what was published.
    `population` is before moderation; `moderated` is the exact fraction after it, empty where there is none.
    """

    __tablename__ = "published_allowance"
    __table_args__ = (
        UniqueConstraint("allowance_id", "since", name="uq_published_allowance_since"),
        CheckConstraint("population > 0 AND rate_pence > 0 AND amount_pence >= 0", name="amounts"),
        CheckConstraint("until IS NULL OR until > since", name="instants"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    allowance_id: Mapped[int] = mapped_column(ForeignKey("allowance.id"))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    population: Mapped[int] = mapped_column(BigInteger)
    moderated: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date]
    rate_pence: Mapped[int]
    rate_found: Mapped[bool]
    pack: Mapped[str] = mapped_column(Text)
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(Text)
    """Id of the AllowanceSet event."""
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), init=False
    )
