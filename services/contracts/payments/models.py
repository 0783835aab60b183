"""Tables of payments: what was planned of an item, and what fell due. A row is never changed."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class PlannedPayment(Base):
    """What may fall due as one item; `amount_pence` is the most. A row stated later replaces the earlier one."""

    __tablename__ = "planned_payment"
    __table_args__ = (
        CheckConstraint("amount_pence >= 0", name="no_negative_amount"),
        UniqueConstraint("item", "stated_at"),
        Index(
            "ix_planned_payment_waits_for_its_day",
            "due_on",
            postgresql_where=text("kind = 'termination' AND condition = '' AND amount_pence > 0"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    item: Mapped[str] = mapped_column(Text)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    payer: Mapped[str] = mapped_column(Text)
    payee: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    condition: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DuePayment(Base):
    """What fell due, once an item. A correction is an item of its own, which names the one that it `corrects`."""

    __tablename__ = "due_payment"
    __table_args__ = (CheckConstraint("amount_pence >= 0", name="no_negative_amount"),)

    item: Mapped[str] = mapped_column(Text, primary_key=True)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    payer: Mapped[str] = mapped_column(Text)
    payee: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    achievement: Mapped[str] = mapped_column(Text)
    corrects: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
