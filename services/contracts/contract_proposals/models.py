"""Tables of proposals of contracts, and of what was decided on each. A row is never changed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.contracts.core.models import Base


class ProposalSource(StrEnum):
    """What a contract was inferred from."""

    OCDS_AWARD = "ocds_award"
    """An award in a published release of the open contracting data standard."""
    PAYMENTS = "payments"
    """Published payments of a body to a supplier."""


class Evidence(BaseModel):
    """One thing that a source says, which lets one infer the contract."""

    model_config = ConfigDict(frozen=True)

    what: str = Field(description="What it is, such as `award` or `payment`.", examples=["award"])
    reference: str = Field(description="Where it is: the id in its source, or the file with the line.")
    on: date | None = Field(default=None, description="Its day; null where the source gives none.")
    pence: int | None = Field(default=None, description="Its amount in pence; null where none can be read.")
    text: str = Field(default="", description="What the source writes, where that says more.")


class ContractProposal(Base):
    """What a source lets one infer of a contract. Null: the source does not say it.

    `source_key` identifies it in its source, so that what is read twice is proposed once. The parties are as the source
    names them; a code is there where it is known which body that is.
    """

    __tablename__ = "contract_proposal"
    __table_args__ = (
        UniqueConstraint("source", "source_key"),
        CheckConstraint("source IN ('ocds_award', 'payments')", name="known_source"),
        CheckConstraint("last_day >= starts_on", name="ends_after_it_starts"),
        Index(None, "customer"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    source: Mapped[str] = mapped_column(Text)
    source_key: Mapped[str] = mapped_column(Text)
    customer: Mapped[str | None] = mapped_column(Text)
    customer_as_published: Mapped[str] = mapped_column(Text)
    supplier: Mapped[str | None] = mapped_column(Text)
    supplier_as_published: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    starts_on: Mapped[date | None]
    last_day: Mapped[date | None]
    value_pence: Mapped[int | None] = mapped_column(BigInteger)
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)


class ProposalDecision(Base):
    """What a person who acts for the customer decided: the contract that it became, or why it is none."""

    __tablename__ = "contract_proposal_decision"
    __table_args__ = (
        CheckConstraint("(contract_id IS NULL) = (reason IS NOT NULL)", name="confirmed_or_rejected"),
        Index(None, "contract_id"),
    )

    proposal_id: Mapped[int] = mapped_column(ForeignKey("contract_proposal.id"), primary_key=True)
    contract_id: Mapped[int | None] = mapped_column(ForeignKey("contract.id", ondelete="CASCADE"))
    reason: Mapped[str | None] = mapped_column(Text)
    decided_on: Mapped[date]
    stated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[str] = mapped_column(Text)
