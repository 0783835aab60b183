"""Tables of transfers: mergers as they are agreed, reviews of overlaps, agreements to be made again."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, Date, DateTime, ForeignKey, Identity, Index, Integer, Table, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.contracts.core.models import Base

known_merger_statement = Table(
    "known_merger_statement",
    Base.metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("merger", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("successor", Text, nullable=False),
    Column("successor_name", Text, nullable=False),
    Column("predecessors", ARRAY(Text), nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("what IN ('agreed', 'redated', 'withdrawn', 'carried_over')", name="what"),
    Unique("merger", "what", "effective_on", "stated_at", name="uq_known_merger_statement_published"),
)
"""`carried_over` marks a database whose service subscribed to mergers after it had consumed other events."""
Index(None, known_merger_statement.c.predecessors, postgresql_using="gin")

known_mergers = Projection(
    name="known_mergers",
    tables=("known_merger_statement", "known_scheme_statement"),
    content="""
SELECT 'merger' AS kind, merger, what, concat_ws('|', successor, successor_name), predecessors::text,
       effective_on::text, stated_at::text
  FROM known_merger_statement
 UNION ALL
SELECT 'scheme', merger, what, concat_ws('|', scheme, sort, nil_return), predecessors::text,
       effective_on::text, stated_at::text
  FROM known_scheme_statement
 ORDER BY 1, 2, 3, 4, 5, 6, 7
""",
    carried_over="SELECT EXISTS (SELECT FROM known_merger_statement WHERE what = 'carried_over')",
)


class OverlapReview(Base):
    """A merger whose overlaps are looked at each day; `reviewed_on` is the last such day, None after news of it."""

    __tablename__ = "overlap_review"

    merger: Mapped[str] = mapped_column(Text, primary_key=True)
    reviewed_on: Mapped[date | None] = mapped_column(default=None)


class AgreementFlag(Base):
    """An agreement of a body that a merger or a takeover ends: to be made again, or saved. The latest row counts.

    `state` is `expected` while a merger is only agreed, `due` once the body has been succeeded, and `dropped` where it
    will not be, or was not. `merger` is its reference, or who followed whom where it has none.
    """

    __tablename__ = "agreement_flag"
    __table_args__ = (
        CheckConstraint("state IN ('expected', 'due', 'dropped')", name="known_state"),
        Index("ix_agreement_flag_of_contract", "contract_id", "merger", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"))
    merger: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    predecessors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    successor: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    event: Mapped[str | None] = mapped_column(Text, default=None)


class AgreementSettlement(Base):
    """What a party stated of an agreement to be made again: `remade`, `saved` or `ended`. The latest row counts."""

    __tablename__ = "agreement_settlement"
    __table_args__ = (
        CheckConstraint("outcome IN ('remade', 'saved', 'ended')", name="known_outcome"),
        Index("ix_agreement_settlement_of_contract", "contract_id", "merger", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"))
    merger: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    into: Mapped[str | None] = mapped_column(Text)
    scheme: Mapped[str | None] = mapped_column(Text)
    document: Mapped[str | None] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
