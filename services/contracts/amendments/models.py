"""The table of amendments: one row each, never changed."""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class Amendment(Base):
    """A change of a contract from a day, with why it was made: the whole of its `lines`, of its `conditions`, or both.

    `grounds` are a code of the `rule_pack` that governs the contract's procurement, None where none does.
    `change_pence` is the change of the charge until the contract's last day, against the lines that it replaces.
    """

    __tablename__ = "amendment"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    effective_on: Mapped[date]
    lines: Mapped[str | None] = mapped_column(Text)
    conditions: Mapped[str | None] = mapped_column(Text)
    rationale: Mapped[str] = mapped_column(Text)
    grounds: Mapped[str | None] = mapped_column(Text)
    rule_pack: Mapped[str | None] = mapped_column(Text)
    change_pence: Mapped[int] = mapped_column(BigInteger)
    customers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    authority: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
