"""Tables of authority: the acts that name one, and a copy of the decisions that governance published."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Identity, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.contracts.core.models import Base


class BindingAct(Base):
    """An act that binds an organisation, with the minute that it names; never changed."""

    __tablename__ = "binding_act"
    __table_args__ = (Index("ix_binding_act_subject", "subject", "organisation"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    revision: Mapped[int]
    acted_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
    minute: Mapped[str | None] = mapped_column(Text)


Table(
    "known_decision",
    Base.metadata,
    Column("decision", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("binds", ARRAY(Text), nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("action", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("minute", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
)
Table(
    "known_decision_reversal",
    Base.metadata,
    Column("decision", Text, primary_key=True),
    Column("by_decision", Text, nullable=False),
    Column("ratification_refused", Boolean, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
)

known_decisions = Projection(
    name="known_decisions",
    tables=("known_decision", "known_decision_reversal"),
    content="SELECT 'taken' AS what, decision, subject, action, outcome, array_to_string(binds, ',') AS binds,"
    " revision::text, minute, effective_on::text, stated_at::text FROM known_decision"
    " UNION ALL SELECT 'reversed', decision, by_decision, ratification_refused::text, '', '', '', '',"
    " effective_on::text, stated_at::text FROM known_decision_reversal ORDER BY 1, 2",
)
"""What governance decided on contracts, plans and procurements."""
