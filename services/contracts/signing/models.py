"""Table of ratifications."""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class Ratification(Base):
    """What an established body decided on a contract that it had signed before; never changed."""

    __tablename__ = "ratification"
    __table_args__ = (UniqueConstraint("contract_id", "body_code"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    body_code: Mapped[str] = mapped_column(Text)
    is_refused: Mapped[bool]
    decided_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    authority: Mapped[str | None] = mapped_column(Text, default=None)
