"""The table of findings: one row from when a finding was raised until it was cleared."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class FindingKind(StrEnum):
    """What a finding is about; see the published language."""

    NOTICE_WINDOW_OPENS = "notice_window_opens"
    NOTICE_WINDOW_MISSED = "notice_window_missed"
    DEADLINE_MISSED = "deadline_missed"
    OVERDUE = "overdue"
    LATE = "late"
    HOST_INTENDED = "host_intended"
    OVERLAP = "overlap"
    GUIDANCE = "guidance"
    DELIVERY_IN_DOUBT = "delivery_in_doubt"
    OBLIGATION_DUE = "obligation_due"
    MEASURE_MISSED = "measure_missed"
    MILESTONE_MISSED = "milestone_missed"
    PARTY_CLOSED = "party_closed"
    SHARE_TO_SETTLE = "share_to_settle"
    FORM_CANNOT_HOLD = "form_cannot_hold"
    AUTHORITY_UNVERIFIED = "authority_unverified"
    AUTHORITY_REVERSED = "authority_reversed"


class Finding(Base):
    """A finding: what it is about, whom it concerns, and by when missing it costs what.

    `key` names what was found; of one key at most one row is open. Days say from when it was so, instants since when
    it is known.
    """

    __tablename__ = "finding"
    __table_args__ = (
        CheckConstraint("(cleared_on IS NULL) = (cleared_at IS NULL)", name="cleared_whole"),
        Index("uq_finding_open", "key", unique=True, postgresql_where=text("cleared_at IS NULL")),
        Index("ix_finding_parties", "parties", postgresql_using="gin"),
        Index("ix_finding_about", "about", postgresql_using="gin"),
        Index("ix_finding_order", text("coalesce(due_on, 'infinity'::date)"), "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    key: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    about: Mapped[list[str]] = mapped_column(ARRAY(Text))
    parties: Mapped[list[str]] = mapped_column(ARRAY(Text))
    due_on: Mapped[date | None]
    exposure_pence: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)
    raised_on: Mapped[date]
    raised_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    cleared_on: Mapped[date | None]
    cleared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)
