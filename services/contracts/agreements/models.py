"""Table of what customers agree to by their own acts."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Identity, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class AgreementConsent(Base):
    """That a customer agrees to a table of shares, or to who coordinates, from a day; never changed.

    What all customers agree to, in the same words and from the same day, since the last that they agreed to, holds.
    """

    __tablename__ = "agreement_consent"
    __table_args__ = (
        Index(None, "contract_id", "subject"),
        CheckConstraint("subject IN ('cost', 'hr', 'legal', 'risk', 'coordinator')", name="known_subject"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id"))
    subject: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    from_day: Mapped[date]
    party_code: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text, default=None)
    authority: Mapped[str | None] = mapped_column(Text, default=None)
