"""Tables of mappings, postings and closes. No row is ever changed: of two mappings the one stated last counts."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.finance.core.models import Base


class AccountMapping(Base):
    """A body's local code is this account of the national chart on these days; without one it is none."""

    __tablename__ = "account_mapping"
    __table_args__ = (
        Index(None, "organisation_code", "local_code"),
        CheckConstraint("until IS NULL OR until > effective_on", name="days"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    organisation_code: Mapped[str] = mapped_column(Text)
    local_code: Mapped[str] = mapped_column(Text)
    account: Mapped[str | None] = mapped_column(Text)
    effective_on: Mapped[date]
    until: Mapped[date | None]
    """The first day on which this no longer holds."""
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class PostingBatch(Base):
    """Postings that a body sent together, under a reference of its own."""

    __tablename__ = "posting_batch"
    __table_args__ = (UniqueConstraint("organisation_code", "reference"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation_code: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    postings: Mapped[int]
    total_pence: Mapped[int] = mapped_column(BigInteger)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class Posting(Base):
    """An amount on a local code of a body's ledger on a day: a debit is positive, a credit negative."""

    __tablename__ = "posting"
    __table_args__ = (Index(None, "organisation_code", "posted_on"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    batch_id: Mapped[int] = mapped_column(ForeignKey("posting_batch.id"))
    line: Mapped[int]
    organisation_code: Mapped[str] = mapped_column(Text)
    local_code: Mapped[str] = mapped_column(Text)
    posted_on: Mapped[date]
    amount_pence: Mapped[int] = mapped_column(BigInteger)
    counterparty: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LedgerClose(Base):
    """A body's period that is closed in a series, and the instant as known at which its accounts were summed."""

    __tablename__ = "ledger_close"
    __table_args__ = (
        UniqueConstraint("organisation_code", "period", "series"),
        CheckConstraint("series IN ('statutory', 'management')", name="series"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    organisation_code: Mapped[str] = mapped_column(Text)
    period: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    boundaries_on: Mapped[date]
    postings: Mapped[int]
    total_pence: Mapped[int] = mapped_column(BigInteger)
    chart: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class LedgerCloseLine(Base):
    """What an account of the national chart has in a closed period."""

    __tablename__ = "ledger_close_line"
    __table_args__ = (UniqueConstraint("close_id", "account"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    close_id: Mapped[int] = mapped_column(ForeignKey("ledger_close.id"))
    account: Mapped[str] = mapped_column(Text)
    postings: Mapped[int]
    amount_pence: Mapped[int] = mapped_column(BigInteger)
