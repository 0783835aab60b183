"""Tables of schedules and achievements. A row is never changed: one that is stated later supersedes it."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class PaymentSchedule(Base):
    """The sum of a contract for its whole term, how it is divided among its payees, and the part paid in advance.

    `pack` is the rule pack that gives the advance where the contract does not.
    """

    __tablename__ = "payment_schedule"
    __table_args__ = (
        CheckConstraint("sum_pence >= 0", name="no_negative_sum"),
        CheckConstraint("cardinality(payees) = cardinality(weights)", name="one_weight_a_payee"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    payer: Mapped[str] = mapped_column(Text)
    payees: Mapped[list[str]] = mapped_column(ARRAY(Text))
    weights: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    sum_pence: Mapped[int] = mapped_column(BigInteger)
    advance: Mapped[str] = mapped_column(Text)
    advance_on: Mapped[date]
    balance_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    pack: Mapped[str | None] = mapped_column(Text, default=None)
    document: Mapped[str | None] = mapped_column(Text, default=None)


class Achievement(Base):
    """The part of what was agreed that a payee achieved, as measured on a day."""

    __tablename__ = "achievement"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    payee: Mapped[str] = mapped_column(Text)
    achievement: Mapped[str] = mapped_column(Text)
    achieved_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text, default=None)
