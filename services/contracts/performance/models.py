"""Tables of performance. A row is never changed: of one code, or one period, the row stated last counts."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, LargeBinary, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class Duty(Base):
    """An obligation or a milestone: what a party owes by a day, and the day on which it was fulfilled, if it was."""

    __tablename__ = "duty"
    __table_args__ = (
        CheckConstraint("kind IN ('obligation', 'milestone')", name="known_kind"),
        Index(None, "contract_id", "kind", "code"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    owed_by: Mapped[str] = mapped_column(Text)
    due_on: Mapped[date]
    fulfilled_on: Mapped[date | None]
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class Measure(Base):
    """What the supplier has to reach from a day on, and the credit for each period in which it does not."""

    __tablename__ = "measure"
    __table_args__ = (
        CheckConstraint("better IN ('higher', 'lower')", name="known_direction"),
        CheckConstraint("credit_pence >= 0", name="no_negative_credit"),
        Index(None, "contract_id", "code"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    better: Mapped[str] = mapped_column(Text)
    credit_pence: Mapped[int] = mapped_column(BigInteger)
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class MeasureResult(Base):
    """What was reached of a measure in the period that begins on a day."""

    __tablename__ = "measure_result"
    __table_args__ = (
        CheckConstraint("period_to >= period_from", name="ends_after_it_starts"),
        Index(None, "contract_id", "measure", "period_from"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    measure: Mapped[str] = mapped_column(Text)
    period_from: Mapped[date]
    period_to: Mapped[date]
    reached: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class ContractDocument(Base):
    """A document's bytes, once a contract, under their SHA-256."""

    __tablename__ = "contract_document"
    __table_args__ = (Unique("contract_id", "sha256"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    sha256: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
