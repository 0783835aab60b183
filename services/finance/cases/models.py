"""Tables of cases: what was drafted, row by row, and what was frozen. No row is ever changed."""

from datetime import date, datetime

from sqlalchemy import ARRAY, Column, Date, DateTime, ForeignKey, Identity, Integer, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from libs.common.messaging.subscriptions import Projection
from services.finance.core.models import Base


class BusinessCase(Base):
    """A case of one organisation; its versions have the content."""

    __tablename__ = "business_case"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    organisation_code: Mapped[str] = mapped_column(Text, index=True)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class CaseDraft(Base):
    """One edit of a version: `content` is what its author stated, as JSON; the last edit counts.

    `on_day` is the day on which its packs are looked up.
    """

    __tablename__ = "case_draft"
    __table_args__ = (UniqueConstraint("case_id", "version", "revision"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("business_case.id"))
    version: Mapped[int]
    revision: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    on_day: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class FrozenVersion(Base):
    """A version that its author published, or that `proposal` froze: its inputs, whole, under their digest.

    `organisations` read it. `event` is the id of CaseAppraised, `caused_by` of the request or event that froze it.
    """

    __tablename__ = "frozen_version"
    __table_args__ = (UniqueConstraint("case_id", "version"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("business_case.id"))
    version: Mapped[int]
    revision: Mapped[int]
    proposal: Mapped[str] = mapped_column(Text)
    organisations: Mapped[list[str]] = mapped_column(ARRAY(Text))
    inputs: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text, index=True)
    answer_digest: Mapped[str] = mapped_column(Text, index=True)
    event: Mapped[str] = mapped_column(Text)
    caused_by: Mapped[str] = mapped_column(Text)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


known_proposal = Table(
    "known_proposal",
    Base.metadata,
    Column("proposal", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("case_reference", Text, nullable=False, index=True),
    Column("case_version", Integer, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("stated_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("proposal", "what", "case_reference", "case_version", "stated_at", name="uq_known_proposal_once"),
)
"""Proposals that name a version of a case (`opened`), and those that were withdrawn; one row an event."""
known_proposals = Projection(
    name="known_proposals",
    tables=("known_proposal",),
    content="SELECT proposal, what, case_reference, case_version::text, organisation, effective_on::text,"
    " stated_at::text FROM known_proposal ORDER BY 1, 2, 3, 4, 7",
)
