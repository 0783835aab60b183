"""Tables of commitments as contracts publishes them, of consultations, and of reports of pressure with their reads."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.governance.core.models import Base

_RECORDED_AT = text("clock_timestamp()")


class CommitmentConsulted(StrEnum):
    """Who was consulted on a commitment."""

    LMC = "lmc"
    PRACTICES = "practices"


known_commitment = Table(
    "known_commitment",
    Base.metadata,
    Column("contract", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("customers", ARRAY(Text), nullable=False),
    Column("not_established", ARRAY(Text), nullable=False),
    Column("signed_on", Date),
    Column("starts_on", Date),
    Column("annual_pence", BigInteger),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("contract", "what", "effective_on", "stated_at", name="uq_known_commitment_once"),
)
"""One row an event: `what` is `made`, `lapsed` or `signed`."""

known_commitments = Projection(
    name="known_commitments",
    tables=("known_commitment",),
    content="SELECT contract, what, customers::text, not_established::text, signed_on::text, starts_on::text,"
    " annual_pence, effective_on::text, stated_at::text FROM known_commitment ORDER BY 1, 2, 8, 9",
    carried_over="SELECT EXISTS (SELECT FROM known_commitment WHERE contract = '' AND what = 'migration')",
)
"""Conditional contracts, as contracts published them."""


class CommitmentConsultation(Base):
    """Whom an organisation consulted on a commitment, and when. What was said is in the act's private words."""

    __tablename__ = "commitment_consultation"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    contract: Mapped[str] = mapped_column(Text, index=True)
    organisation: Mapped[str] = mapped_column(Text)
    consulted: Mapped[str] = mapped_column(Text)
    consulted_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class CoercionReport(Base):
    """A practice's or committee's report of pressure, for the reviewer alone; nothing is published of it."""

    __tablename__ = "coercion_report"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    reporter: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    contract: Mapped[str] = mapped_column(Text)
    occurred_on: Mapped[date] = mapped_column(Date)
    words: Mapped[str] = mapped_column(Text)
    lodged_on: Mapped[date] = mapped_column(Date)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )


class CoercionReportRead(Base):
    """A report that was given out: to which reviewer, in which request."""

    __tablename__ = "coercion_report_read"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    report_id: Mapped[str] = mapped_column(ForeignKey("coercion_report.id"), index=True)
    reader: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    read_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=_RECORDED_AT, init=False, repr=False
    )
