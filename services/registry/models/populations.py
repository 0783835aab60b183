"""How many people a body served on a day, by whom it was counted and in which way."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, Identity, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.models.base import Base


class PopulationStatement(Base):
    """A source said how many people a body had on `effective_on`, counted in one way. Never changed."""

    __tablename__ = "population_statement"
    __table_args__ = (
        UniqueConstraint(
            "code", "basis", "effective_on", "stated_at", "source", "people", name="uq_population_statement"
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
