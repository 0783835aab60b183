"""Tables of alliances: terms proposed, votes on them, what periods cost. A row is never changed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Identity, Integer, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class AllianceTerms(Base):
    """Terms as a member proposed them: the target of a period, the part that is shared, and each member's weight."""

    __tablename__ = "alliance_terms"
    __table_args__ = (
        CheckConstraint("target_pence >= 0", name="no_negative_target"),
        Unique("contract_id", "number"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    number: Mapped[int] = mapped_column(Integer)
    payer: Mapped[str] = mapped_column(Text)
    target_pence: Mapped[int] = mapped_column(BigInteger)
    share: Mapped[str] = mapped_column(Text)
    weights: Mapped[dict[str, Any]] = mapped_column(JSONB)
    effective_on: Mapped[date]
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class AllianceVote(Base):
    """One member's vote on terms, by its own act; its latest counts until all have agreed."""

    __tablename__ = "alliance_vote"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    terms_id: Mapped[int] = mapped_column(ForeignKey("alliance_terms.id"), index=True)
    member: Mapped[str] = mapped_column(Text)
    agrees: Mapped[bool] = mapped_column(Boolean)
    voted_on: Mapped[date]
    authority: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class AllianceResult(Base):
    """What a period cost, by the terms in force; the latest of a period counts."""

    __tablename__ = "alliance_result"
    __table_args__ = (
        CheckConstraint("actual_pence >= 0", name="no_negative_cost"),
        CheckConstraint("period_from <= period_to", name="period_in_order"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    terms_id: Mapped[int] = mapped_column(ForeignKey("alliance_terms.id"))
    period_from: Mapped[date]
    period_to: Mapped[date]
    actual_pence: Mapped[int] = mapped_column(BigInteger)
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
