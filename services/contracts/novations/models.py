"""Tables of novations: what was proposed, who consented, what was completed; rows are never changed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class Novation(Base):
    """A proposal that `entering` takes the place of `leaving` in a contract, which continues as the contract `into`.

    The latest of a contract counts; the consents to an earlier one no longer do.
    """

    __tablename__ = "novation"
    __table_args__ = (CheckConstraint("role IN ('customer', 'supplier')", name="known_role"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"), index=True)
    into: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    leaving: Mapped[str] = mapped_column(Text)
    entering: Mapped[str] = mapped_column(Text)
    takes_effect_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class NovationConsent(Base):
    """The consent of one party, by its own act; `authority` is the minute by which it decided."""

    __tablename__ = "novation_consent"
    __table_args__ = (UniqueConstraint("novation_id", "party_code"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    novation_id: Mapped[int] = mapped_column(ForeignKey("novation.id", ondelete="CASCADE"))
    party_code: Mapped[str] = mapped_column(Text)
    consented_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text, default=None)
    authority: Mapped[str | None] = mapped_column(Text, default=None)


class NovationCompletion(Base):
    """A novation that took place: the contract that began, and since when that is known."""

    __tablename__ = "novation_completion"

    novation_id: Mapped[int] = mapped_column(ForeignKey("novation.id", ondelete="CASCADE"), primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
