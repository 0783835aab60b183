"""Tables of tariffs, and of lines that are priced by one. A row is never changed: the one stated last counts."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class Tariff(Base):
    """A price a head and year for a function in a tier, in exact pence, from a day on; without one it is withdrawn."""

    __tablename__ = "tariff"
    __table_args__ = (
        CheckConstraint("tier IN ('below_minimum', 'cluster', 'scale', 'national')", name="known_tier"),
        Index(None, "function", "publisher"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    publisher: Mapped[str] = mapped_column(Text)
    function: Mapped[str] = mapped_column(Text)
    tier: Mapped[str] = mapped_column(Text)
    pence_per_head: Mapped[str | None] = mapped_column(Text)
    effective_on: Mapped[date]
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class LineTariff(Base):
    """That a contract's line is priced by the tariff of a publisher from a day on; without one, by the contract."""

    __tablename__ = "line_tariff"
    __table_args__ = (Index(None, "contract_id", "function"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    function: Mapped[str] = mapped_column(Text)
    publisher: Mapped[str | None] = mapped_column(Text)
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
