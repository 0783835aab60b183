"""The table of buy-out terms. A row is never changed: one that is stated later supersedes it from its day on."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class BuyOutTerms(Base):
    """What a contract says of a buy-out from a day on. Amounts are in pence; a negative swap break is a gain."""

    __tablename__ = "buy_out_terms"
    __table_args__ = (
        CheckConstraint("kind IN ('pfi', 'lift')", name="known_kind"),
        CheckConstraint("voluntary_right = (equity_method <> '')", name="right_has_method"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"), index=True)
    effective_on: Mapped[date]
    kind: Mapped[str] = mapped_column(Text)
    voluntary_right: Mapped[bool]
    equity_method: Mapped[str] = mapped_column(Text)
    debt_pence: Mapped[int] = mapped_column(BigInteger)
    swap_break_pence: Mapped[int] = mapped_column(BigInteger)
    redundancy_pence: Mapped[int] = mapped_column(BigInteger)
    subcontract_pence: Mapped[int] = mapped_column(BigInteger)
    distributions_pence: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    irr: Mapped[str] = mapped_column(Text)
    balances_pence: Mapped[int] = mapped_column(BigInteger)
    other_pence: Mapped[int] = mapped_column(BigInteger)
    tax_gross_up_pence: Mapped[int] = mapped_column(BigInteger)
    unitary_charge_pence: Mapped[int] = mapped_column(BigInteger)
    term_ends_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text, default=None)
